import { HEADER_BYTES } from "./message_decoder.ts";
import { encodePacket, encodePayload } from "./message_encoder.ts";
import {
  fieldsOf,
  hasPhase,
  messageType,
  messageTypes,
} from "./message_schema.ts";
import type { FieldSpec } from "./message_schema.ts";
import type { AnyMessage, FieldValue, MessageName } from "./types.ts";

const MAX_U16 = 0xffff;
const MAX_U32 = 0xffff_ffff;

type JsonObject = Readonly<Record<string, unknown>>;

/**
 * Turns an event object, as `renderJson` writes it, back into a message.
 *
 * `raw_hex` is taken as it is. Otherwise the type comes from `type_id`, `type`
 * or `message`, and the payload from `payload_hex` or `payload`.
 *
 * @param text One JSON object.
 * @returns The message with its header.
 * @throws {SyntaxError} When it is not an event.
 *
 * @example Written by hand
 * ```ts
 * import { parseEventJson } from "../../src/tracereplay/parse_event_json.ts";
 * import { assertEquals } from "@std/assert";
 *
 * const packet = parseEventJson(
 *   '{"message":"Close","payload":{"sysno":"3","fd":"5"}}',
 * );
 * assertEquals(packet.toHex(), "080008000000000018032005");
 * ```
 */
export function parseEventJson(text: string): Uint8Array<ArrayBuffer> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new SyntaxError(
      `Cannot read event: ${error instanceof Error ? error.message : error}`,
      { cause: error },
    );
  }
  if (!isObject(value)) throw notAnEvent("it is not a JSON object");
  const raw = value["raw_hex"];
  if (raw !== undefined) return parseHex(raw, "raw_hex");
  const typeId = parseTypeId(value);
  const dropped = parseCount(value, "dropped", MAX_U32) ?? 0;
  const headerSize = parseCount(value, "header_size", MAX_U16) ?? HEADER_BYTES;
  if (headerSize !== HEADER_BYTES) {
    throw notAnEvent(
      `header_size is ${headerSize}, without raw_hex only ${HEADER_BYTES} is possible`,
    );
  }
  return encodePacket(typeId, parsePayload(value, typeId), { dropped });
}

function parseTypeId(event: JsonObject): number {
  const typeId = parseCount(event, "type_id", MAX_U16);
  if (typeId !== undefined) return typeId;
  const { type, message } = event;
  const found = messageTypes().find(([, entry]) =>
    entry.name === type || entry.message === message
  );
  if (found === undefined) {
    throw notAnEvent("neither type_id nor type nor message tells the type");
  }
  return found[0];
}

function parsePayload(
  event: JsonObject,
  typeId: number,
): Uint8Array<ArrayBuffer> {
  const hex = event["payload_hex"];
  if (hex !== undefined) return parseHex(hex, "payload_hex");
  const payload = event["payload"] ?? {};
  const message = messageType(typeId)?.message;
  if (message === undefined) {
    throw notAnEvent(`type ${typeId} is unknown, its payload_hex is missing`);
  }
  const fields = toMessage(message, payload, "payload");
  // Written by hand, the phase may stand for an exit without a result.
  const isExit = event["phase"] === "exit" && fields["exit"] === undefined &&
    hasPhase(message);
  return encodePayload(message, isExit ? { ...fields, exit: {} } : fields);
}

function toMessage(
  message: MessageName,
  value: unknown,
  path: string,
): AnyMessage {
  if (!isObject(value)) throw notAnEvent(`${path} is not an object`);
  const specs = fieldsOf(message);
  const fields: Record<string, FieldValue> = {};
  for (const [name, field] of Object.entries(value)) {
    const spec = specs.find((spec) => spec.name === name);
    if (spec === undefined) {
      throw notAnEvent(`${path}.${name} is not a field of ${message}`);
    }
    fields[name] = toField(spec, field, `${path}.${name}`);
  }
  return fields;
}

function toField(spec: FieldSpec, value: unknown, path: string): FieldValue {
  switch (spec.kind) {
    case "int32":
    case "uint32":
      return Number(toInteger(spec.kind, value, path));
    case "int64":
    case "uint64":
      return toInteger(spec.kind, value, path);
    case "bool":
      if (typeof value === "boolean") return value;
      break;
    case "string":
      if (typeof value === "string") return value;
      break;
    case "bytes":
      return parseBase64(value, path);
    case "string[]":
      if (
        Array.isArray(value) && value.every((each) => typeof each === "string")
      ) return value;
      break;
    case "message":
      return toMessage(spec.message!, value, path);
  }
  throw notAnEvent(`${path} is not of type ${spec.kind}`);
}

const RANGES = {
  int32: [-(2n ** 31n), 2n ** 31n - 1n],
  uint32: [0n, 2n ** 32n - 1n],
  int64: [-(2n ** 63n), 2n ** 63n - 1n],
  uint64: [0n, 2n ** 64n - 1n],
} as const;

function toInteger(
  kind: keyof typeof RANGES,
  value: unknown,
  path: string,
): bigint {
  const isInteger = typeof value === "number"
    ? Number.isSafeInteger(value)
    : typeof value === "string" && /^-?\d{1,20}$/.test(value);
  const [least, most] = RANGES[kind];
  const integer = isInteger ? BigInt(value as number | string) : undefined;
  if (integer === undefined || integer < least || integer > most) {
    throw notAnEvent(`${path} is ${JSON.stringify(value)}, not an ${kind}`);
  }
  return integer;
}

function parseCount(
  event: JsonObject,
  key: string,
  most: number,
): number | undefined {
  const value = event[key];
  if (value === undefined) return undefined;
  if (
    typeof value !== "number" || !Number.isInteger(value) || value < 0 ||
    value > most
  ) {
    throw notAnEvent(
      `${key} is ${
        JSON.stringify(value)
      }, expected an integer from 0 to ${most}`,
    );
  }
  return value;
}

function parseHex(value: unknown, key: string): Uint8Array<ArrayBuffer> {
  try {
    if (typeof value === "string") return Uint8Array.fromHex(value);
  } catch {
    // Said below.
  }
  throw notAnEvent(`${key} is not hexadecimal`);
}

function parseBase64(value: unknown, path: string): Uint8Array<ArrayBuffer> {
  try {
    if (typeof value === "string") return Uint8Array.fromBase64(value);
  } catch {
    // Said below.
  }
  throw notAnEvent(`${path} is not base64`);
}

function isObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function notAnEvent(state: string): SyntaxError {
  return new SyntaxError(`Cannot read event: ${state}`);
}
