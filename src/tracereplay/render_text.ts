import { ProtobufReader } from "../codec/protobuf_reader.ts";
import { fieldsOf } from "./message_schema.ts";
import type {
  AnyMessage,
  FieldValue,
  MessageName,
  TraceEvent,
  UnknownField,
} from "./types.ts";

/** How {@linkcode renderText} renders. */
export interface RenderTextOptions {
  /** Bytes of a string that are shown; the rest becomes `...` behind the quotes. @default {Infinity} */
  readonly maxString?: number | undefined;
}

const encoder = new TextEncoder();

/**
 * Renders an event as gVisor's example server does: `E` or `X` for entering and
 * leaving a system call, the name of the message and its fields in protobuf's
 * text format, here with single spaces.
 *
 * @param event The event.
 * @param options Length of strings.
 * @returns One line of printable ASCII, without a line break.
 *
 * @example The end of a system call
 * ```ts
 * import { renderText } from "../../src/tracereplay/render_text.ts";
 * import { decodeMessage } from "../../src/tracereplay/message_decoder.ts";
 * import { encodeMessage } from "../../src/tracereplay/message_encoder.ts";
 * import { assertEquals } from "@std/assert";
 *
 * const packet = encodeMessage("Chdir", { exit: {}, pathname: "/é" });
 * assertEquals(
 *   renderText(decodeMessage(packet)),
 *   `X Chdir exit { } pathname: "/\\303\\251"`,
 * );
 * ```
 */
export function renderText(
  event: TraceEvent,
  options: RenderTextOptions = {},
): string {
  const { maxString = Infinity } = options;
  if (event.type === "malformed") {
    return `Invalid message: ${event.error} raw_hex: "${event.raw.toHex()}"`;
  }
  if (event.type === "opaque") {
    const hex = `payload_hex: "${event.payloadBytes.toHex()}"`;
    return event.error === undefined
      ? `Invalid message type: ${event.typeId} ${hex}`
      : `Invalid ${event.message}: ${event.error} ${hex}`;
  }
  const words = event.phase === undefined
    ? [event.message, "=>"]
    : [event.phase === "enter" ? "E" : "X", event.message];
  addMessage(
    words,
    event.message,
    event.payload as AnyMessage,
    "",
    event.unknownFields,
    maxString,
  );
  return words.join(" ");
}

function addMessage(
  words: string[],
  message: MessageName,
  payload: AnyMessage,
  path: string,
  unknown: readonly UnknownField[],
  maxString: number,
): void {
  for (const spec of fieldsOf(message)) {
    const value = payload[spec.name];
    if (value === undefined) continue;
    if (spec.message === undefined) {
      for (const one of Array.isArray(value) ? value : [value]) {
        words.push(`${spec.name}: ${formatScalar(one, maxString)}`);
      }
      continue;
    }
    words.push(spec.name, "{");
    addMessage(
      words,
      spec.message,
      value as AnyMessage,
      path === "" ? spec.name : `${path}.${spec.name}`,
      unknown,
      maxString,
    );
    words.push("}");
  }
  for (const field of unknown) {
    if (field.path === path) words.push(formatUnknown(field, maxString));
  }
}

function formatScalar(value: FieldValue, maxString: number): string {
  if (typeof value === "string") {
    return quoteBytes(encoder.encode(value), maxString);
  }
  return value instanceof Uint8Array
    ? quoteBytes(value, maxString)
    : String(value);
}

function formatUnknown(field: UnknownField, maxString: number): string {
  const reader = new ProtobufReader(field.bytes, { format: "tracereplay" });
  reader.next();
  switch (field.wireType) {
    case 0:
      return `${field.field}: ${reader.uint64()}`;
    case 1:
      return `${field.field}: 0x${
        reader.fixed64().toString(16).padStart(16, "0")
      }`;
    case 2:
      return `${field.field}: ${quoteBytes(reader.bytes(), maxString)}`;
    case 5:
      return `${field.field}: 0x${
        reader.fixed32().toString(16).padStart(8, "0")
      }`;
    default:
      return `${field.field} { ${quoteBytes(field.bytes, maxString)} }`;
  }
}

const ESCAPES: Readonly<Record<number, string>> = {
  0x0a: "\\n",
  0x0d: "\\r",
  0x09: "\\t",
  0x22: '\\"',
  0x27: "\\'",
  0x5c: "\\\\",
};

/** Quotes bytes as protobuf's text format does, three octal digits for all else. */
function quoteBytes(bytes: Uint8Array, maxString: number): string {
  let text = '"';
  for (const byte of bytes.subarray(0, maxString)) {
    text += ESCAPES[byte] ??
      (byte >= 0x20 && byte <= 0x7e
        ? String.fromCharCode(byte)
        : `\\${byte.toString(8).padStart(3, "0")}`);
  }
  return bytes.length > maxString ? `${text}"...` : `${text}"`;
}
