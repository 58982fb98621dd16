import { decodeMessage, HEADER_BYTES } from "./message_decoder.ts";
import { encodePayload } from "./message_encoder.ts";
import type { AnyMessage, PayloadName } from "./types.ts";

/** What {@linkcode redactMessage} takes out: arguments of programs, or environments. */
export type RedactKind = "argv" | "env";

/** The kinds of {@linkcode RedactKind}. */
export const REDACT_KINDS: readonly RedactKind[] = ["argv", "env"];

const PLACEHOLDER = "[redacted]";

const FIELDS: Readonly<
  Partial<Record<PayloadName, Readonly<Record<RedactKind, string>>>>
> = {
  Start: { argv: "args", env: "env" },
  ExecveInfo: { argv: "argv", env: "env" },
  Execve: { argv: "argv", env: "envv" },
};

/**
 * Takes secrets out of a message. Of arguments the first one stays, of
 * variables of the environment the name. A payload that cannot be understood,
 * of an unknown type or damaged, may hold anything: only the header stays.
 *
 * @param packet The message with its header.
 * @param kinds What to take out.
 * @returns The message; the same bytes when nothing had to be taken out.
 *
 * @example An environment
 * ```ts
 * import { redactMessage } from "../../src/tracereplay/redact_message.ts";
 * import { decodeMessage, HEADER_BYTES } from "../../src/tracereplay/message_decoder.ts";
 * import { encodeMessage } from "../../src/tracereplay/message_encoder.ts";
 * import { assertEquals } from "@std/assert";
 *
 * const packet = encodeMessage("Start", { env: ["TOKEN=abc"] });
 * const event = decodeMessage(redactMessage(packet, ["env"]));
 * if (event.type === "decoded" && event.message === "Start") {
 *   assertEquals(event.payload.env, ["TOKEN=[redacted]"]);
 * }
 * ```
 */
export function redactMessage(
  packet: Uint8Array<ArrayBuffer>,
  kinds: readonly RedactKind[],
): Uint8Array<ArrayBuffer> {
  const event = decodeMessage(packet);
  if (event.type === "malformed") return packet.subarray(0, HEADER_BYTES);
  const header = packet.subarray(0, event.headerSize);
  if (event.type === "opaque") return header;
  const fields = FIELDS[event.message];
  if (fields === undefined) {
    return event.unknownFieldCount === 0 ? packet : join(
      header,
      encodePayload(event.message, event.payload as AnyMessage),
    );
  }
  const payload: Record<string, AnyMessage[string]> = { ...event.payload };
  for (const kind of kinds) {
    const name = fields[kind];
    const values = payload[name] as readonly string[] | undefined;
    if (values !== undefined) payload[name] = values.map(REPLACERS[kind]);
  }
  return join(header, encodePayload(event.message, payload));
}

const REPLACERS: Readonly<
  Record<RedactKind, (value: string, index: number) => string>
> = {
  argv: (value, index) => index === 0 ? value : PLACEHOLDER,
  env: (value) => `${value.split("=", 1)[0]}=${PLACEHOLDER}`,
};

function join(
  header: Uint8Array,
  payload: Uint8Array,
): Uint8Array<ArrayBuffer> {
  const packet = new Uint8Array(header.length + payload.length);
  packet.set(header);
  packet.set(payload, header.length);
  return packet;
}
