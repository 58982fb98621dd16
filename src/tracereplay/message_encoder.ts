import { ByteWriter } from "../codec/byte_writer.ts";
import { ProtobufWriter } from "../codec/protobuf_writer.ts";
import { HEADER_BYTES } from "./message_decoder.ts";
import { fieldsOf, messageTypes } from "./message_schema.ts";
import type { FieldSpec } from "./message_schema.ts";
import type {
  AnyMessage,
  FieldValue,
  Message,
  MessageName,
  PayloadName,
} from "./types.ts";

/** What {@linkcode encodeMessage} puts into the header. */
export interface EncodeMessageOptions {
  /** How many events the sink failed to send so far; cut to 32 bits. @default {0} */
  readonly dropped?: number | undefined;
}

/**
 * Encodes one message with its header.
 *
 * @typeParam M Name of the payload's message.
 * @param message Name of the payload's message; the type follows from it.
 * @param payload The fields; those that are absent have their default value.
 * @param options The drop counter.
 * @returns The packet.
 * @throws {RangeError} When a number does not fit its field.
 * @throws {TypeError} When a field has a value of the wrong type.
 *
 * @example A call of `close`
 * ```ts
 * import { encodeMessage } from "../../src/tracereplay/message_encoder.ts";
 * import { assertEquals } from "@std/assert";
 *
 * const packet = encodeMessage("Close", { sysno: 3n, fd: 5n, exit: {} });
 * assertEquals(packet.toHex(), "08000800000000001200180320" + "05");
 * ```
 */
export function encodeMessage<M extends PayloadName>(
  message: M,
  payload: Message<M>,
  options: EncodeMessageOptions = {},
): Uint8Array<ArrayBuffer> {
  return encodePacket(
    typeIdOf(message),
    encodePayload(message, payload as AnyMessage),
    options,
  );
}

/**
 * Puts a header in front of a payload.
 *
 * @param typeId Number of the type, from 0 to 65535.
 * @param payload The encoded payload.
 * @param options The drop counter.
 * @returns The packet.
 */
export function encodePacket(
  typeId: number,
  payload: Uint8Array,
  options: EncodeMessageOptions = {},
): Uint8Array<ArrayBuffer> {
  const { dropped = 0 } = options;
  const out = new ByteWriter({
    littleEndian: true,
    initialCapacity: HEADER_BYTES + payload.length,
  });
  out.u16(HEADER_BYTES);
  out.u16(typeId);
  out.u32(dropped);
  out.bytes(payload);
  return out.view();
}

/**
 * Sets the drop counter of a message.
 *
 * @param packet The message with its header; one without a header stays as it is.
 * @param dropped The counter; cut to 32 bits.
 */
export function setDropped(
  packet: Uint8Array<ArrayBuffer>,
  dropped: number,
): void {
  if (packet.length < HEADER_BYTES) return;
  new DataView(packet.buffer, packet.byteOffset).setUint32(4, dropped, true);
}

/**
 * Encodes a payload as the official protobuf libraries do: ascending by field
 * number, default values left out.
 *
 * @param message Name of the message.
 * @param payload The fields.
 * @returns The bytes.
 * @throws {RangeError} When a number does not fit its field.
 * @throws {TypeError} When a field is unknown or has a value of the wrong type.
 */
export function encodePayload(
  message: MessageName,
  payload: AnyMessage,
): Uint8Array<ArrayBuffer> {
  const writer = new ProtobufWriter();
  writeFields(writer, message, payload);
  return writer.view();
}

/**
 * Finds the type of a message.
 *
 * @param message Name of a payload's message.
 * @returns Its number.
 */
export function typeIdOf(message: PayloadName): number {
  const found = messageTypes().find(([, entry]) => entry.message === message);
  if (found === undefined) {
    throw new TypeError(
      `Cannot encode message "${message}": it is not the payload of any type`,
    );
  }
  return found[0];
}

function writeFields(
  writer: ProtobufWriter,
  message: MessageName,
  payload: AnyMessage,
): void {
  const specs = fieldsOf(message);
  let known = 0;
  for (const spec of specs) {
    const value = payload[spec.name];
    if (value === undefined) continue;
    known++;
    writeField(writer, message, spec, value);
  }
  if (
    Object.values(payload).filter((value) => value !== undefined).length > known
  ) {
    const stranger = Object.keys(payload).find((name) =>
      specs.every((spec) => spec.name !== name)
    );
    throw new TypeError(
      `Cannot encode ${message}: field "${stranger}" is unknown`,
    );
  }
}

function writeField(
  writer: ProtobufWriter,
  message: MessageName,
  spec: FieldSpec,
  value: FieldValue,
): void {
  const { number } = spec;
  switch (spec.kind) {
    case "int32":
    case "uint32":
      return writer.int(number, checkNumber(message, spec, value));
    case "int64":
      return writer.int(number, checkBigint(message, spec, value));
    case "uint64":
      return writer.uint(number, checkBigint(message, spec, value));
    case "bool":
      if (typeof value !== "boolean") throw wrongType(message, spec, value);
      return writer.bool(number, value);
    case "string":
      if (typeof value !== "string") throw wrongType(message, spec, value);
      return writer.string(number, value);
    case "bytes":
      if (!(value instanceof Uint8Array)) {
        throw wrongType(message, spec, value);
      }
      return writer.bytes(number, value);
    case "string[]":
      if (!Array.isArray(value)) throw wrongType(message, spec, value);
      for (const text of value) {
        if (typeof text !== "string") throw wrongType(message, spec, text);
        writer.element(number, text);
      }
      return;
    case "message":
      if (
        typeof value !== "object" || value instanceof Uint8Array ||
        Array.isArray(value)
      ) throw wrongType(message, spec, value);
      return writer.message(
        number,
        (inner) => writeFields(inner, spec.message!, value as AnyMessage),
      );
  }
}

const RANGES: Readonly<Record<string, readonly [bigint, bigint]>> = {
  int32: [-(2n ** 31n), 2n ** 31n - 1n],
  uint32: [0n, 2n ** 32n - 1n],
  int64: [-(2n ** 63n), 2n ** 63n - 1n],
  uint64: [0n, 2n ** 64n - 1n],
};

function checkNumber(
  message: MessageName,
  spec: FieldSpec,
  value: FieldValue,
): number {
  if (typeof value !== "number") throw wrongType(message, spec, value);
  if (!Number.isInteger(value)) throw outOfRange(message, spec, value);
  checkRange(message, spec, BigInt(value));
  return value;
}

function checkBigint(
  message: MessageName,
  spec: FieldSpec,
  value: FieldValue,
): bigint {
  if (typeof value !== "bigint") throw wrongType(message, spec, value);
  checkRange(message, spec, value);
  return value;
}

function checkRange(
  message: MessageName,
  spec: FieldSpec,
  value: bigint,
): void {
  const [least, most] = RANGES[spec.kind]!;
  if (value < least || value > most) throw outOfRange(message, spec, value);
}

function outOfRange(
  message: MessageName,
  spec: FieldSpec,
  value: number | bigint,
): RangeError {
  return new RangeError(
    `Cannot encode ${message}.${spec.name}: value ${value} is not an ${spec.kind}`,
  );
}

function wrongType(
  message: MessageName,
  spec: FieldSpec,
  value: unknown,
): TypeError {
  return new TypeError(
    `Cannot encode ${message}.${spec.name}: value is a ${typeof value}, expected ${
      spec.message ?? spec.kind
    }`,
  );
}
