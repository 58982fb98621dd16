import { FormatError, LimitError } from "../base/errors.ts";
import { ProtobufReader } from "../codec/protobuf_reader.ts";
import type {
  AnyMessage,
  DecodedEvent,
  FieldValue,
  MessageHeader,
  MessageName,
  TraceEvent,
  UnknownField,
} from "./types.ts";
import {
  fieldsByNumber,
  hasPhase,
  messageType,
  messageTypeName,
} from "./message_schema.ts";
import type { FieldSpec } from "./message_schema.ts";

/** Size of the header in bytes as of now. */
export const HEADER_BYTES = 8;

const FORMAT = "tracereplay";
/** Groups that nest deeper are an error; known messages nest at most four deep. */
const MAX_DEPTH = 101;
/** Unknown fields of one event that are kept; all are counted. */
const MAX_UNKNOWN_FIELDS = 1000;

/** What {@linkcode decodeMessage} is told about a packet. */
export interface DecodeMessageOptions {
  /** Position in the file or connection, from 1. @default {1} */
  readonly seq?: number | undefined;
}

/**
 * Decodes the header of a message.
 *
 * | offset | size | field |
 * | --- | --- | --- |
 * | 0 | 2 | size of the header: the payload starts there |
 * | 2 | 2 | type |
 * | 4 | 4 | running total of events that could not be sent |
 *
 * All numbers are little-endian; the payload is the rest of the packet.
 *
 * @param packet The whole packet.
 * @returns The header.
 * @throws {FormatError} When the packet is shorter than a header, or the size
 * in it does not fit.
 *
 * @example An empty message
 * ```ts
 * import { decodeMessageHeader } from "../../src/tracereplay/message_decoder.ts";
 * import { assertEquals } from "@std/assert";
 *
 * const packet = Uint8Array.fromHex("0800050003000000");
 * assertEquals(decodeMessageHeader(packet), {
 *   headerSize: 8,
 *   typeId: 5,
 *   dropped: 3,
 * });
 * ```
 */
export function decodeMessageHeader(packet: Uint8Array): MessageHeader {
  const size = packet.length;
  if (size < HEADER_BYTES) {
    throw malformed(
      `message of ${size} bytes is shorter than the 8-byte header`,
    );
  }
  const headerSize = u16(packet, 0);
  if (headerSize < HEADER_BYTES) {
    throw malformed(`header_size ${headerSize} is smaller than 8`);
  }
  if (headerSize > size) {
    throw malformed(
      `header_size ${headerSize} exceeds the message length ${size}`,
    );
  }
  return {
    headerSize,
    typeId: u16(packet, 2),
    dropped: (u16(packet, 4) | (u16(packet, 6) << 16)) >>> 0,
  };
}

/**
 * Decodes one message. Never throws: a packet that cannot be understood becomes
 * an event that says why and keeps the bytes.
 *
 * @param packet The whole packet; the event refers to it.
 * @param options Its position.
 * @returns The event.
 *
 * @example Telling events apart
 * ```ts
 * import { decodeMessage } from "../../src/tracereplay/message_decoder.ts";
 * import { assertEquals } from "@std/assert";
 *
 * const event = decodeMessage(
 *   Uint8Array.fromHex("08000700000000001200188102220161"),
 * );
 * if (event.type === "decoded" && event.message === "Open") {
 *   assertEquals(event.phase, "exit");
 *   assertEquals(event.payload.sysno, 257n);
 * }
 * ```
 */
export function decodeMessage(
  packet: Uint8Array,
  options: DecodeMessageOptions = {},
): TraceEvent {
  const { seq = 1 } = options;
  let header: MessageHeader;
  try {
    header = decodeMessageHeader(packet);
  } catch (error) {
    if (!(error instanceof FormatError)) throw error;
    return { type: "malformed", seq, raw: packet, error: error.message };
  }
  const { headerSize, typeId, dropped } = header;
  const message = messageType(typeId)?.message;
  const payloadBytes = packet.subarray(headerSize);
  const common = {
    seq,
    headerSize,
    typeId,
    dropped,
    typeName: messageTypeName(typeId),
    raw: packet,
  };
  if (message === undefined) {
    return {
      ...common,
      type: "opaque",
      message,
      payloadBytes,
      error: undefined,
    };
  }
  try {
    const { value, unknownFields, unknownFieldCount, warnings } = decodePayload(
      message,
      payloadBytes,
    );
    return {
      ...common,
      type: "decoded",
      message,
      phase: hasPhase(message)
        ? value["exit"] === undefined ? "enter" : "exit"
        : undefined,
      payload: value,
      unknownFields,
      unknownFieldCount,
      warnings,
    } as DecodedEvent;
  } catch (error) {
    if (!(error instanceof FormatError || error instanceof LimitError)) {
      throw error;
    }
    return {
      ...common,
      type: "opaque",
      message,
      payloadBytes,
      error: error.message,
    };
  }
}

/** What {@linkcode decodePayload} finds. */
export interface DecodedPayload {
  /** The fields. */
  readonly value: AnyMessage;
  /** What was skipped, at most 1,000 fields. */
  readonly unknownFields: readonly UnknownField[];
  /** How many fields were skipped. */
  readonly unknownFieldCount: number;
  /** What is odd, such as `invalid-utf8:pathname`. */
  readonly warnings: readonly string[];
}

/**
 * Decodes a payload by the rules of proto3: fields in any order, the last of
 * several scalars wins, several messages of one field are merged, fields with
 * an unknown number or the wrong wire type are skipped.
 *
 * @param message Name of the message.
 * @param bytes The payload.
 * @returns The fields.
 * @throws {FormatError} When the bytes are damaged.
 * @throws {LimitError} When groups nest deeper than 100.
 */
export function decodePayload(
  message: MessageName,
  bytes: Uint8Array,
): DecodedPayload {
  const decoding = new PayloadDecoding();
  const value: MutableMessage = {};
  try {
    decoding.fields(
      new ProtobufReader(bytes, { format: FORMAT, maxDepth: MAX_DEPTH }),
      message,
      value,
    );
  } catch (error) {
    throw located(error, message, decoding.fieldPath);
  }
  return {
    value,
    unknownFields: decoding.unknownFields ?? NOTHING,
    unknownFieldCount: decoding.unknownFieldCount,
    warnings: decoding.warnings ?? NOTHING,
  };
}

type MutableMessage = { [field: string]: FieldValue | undefined };

const NOTHING: readonly never[] = [];
const strict = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
const lenient = new TextDecoder("utf-8", { ignoreBOM: true });

/** The state of decoding one payload. */
class PayloadDecoding {
  unknownFields: UnknownField[] | undefined;
  unknownFieldCount = 0;
  warnings: string[] | undefined;
  #path = "";
  #field: FieldSpec | undefined;

  /** Path of the field at which decoding stands. */
  get fieldPath(): string {
    return this.#join(this.#field?.name);
  }

  fields(
    reader: ProtobufReader,
    message: MessageName,
    target: MutableMessage,
  ): void {
    const specs = fieldsByNumber(message);
    while (true) {
      this.#field = undefined;
      if (!reader.next()) return;
      const spec = specs[reader.field];
      if (spec === undefined || spec.wireType !== reader.wireType) {
        this.#unknown(reader);
        continue;
      }
      this.#field = spec;
      this.#value(reader, spec, target);
    }
  }

  #value(
    reader: ProtobufReader,
    spec: FieldSpec,
    target: MutableMessage,
  ): void {
    const { name } = spec;
    switch (spec.kind) {
      case "int32":
        return setScalar(target, name, reader.int32());
      case "uint32":
        return setScalar(target, name, reader.uint32());
      case "int64":
        return setScalar(target, name, reader.int64());
      case "uint64":
        return setScalar(target, name, reader.uint64());
      case "bool":
        return setScalar(target, name, reader.bool());
      case "string":
        return setScalar(target, name, this.#string(reader));
      case "bytes": {
        const bytes = reader.bytes();
        return setScalar(target, name, bytes.length === 0 ? "" : bytes);
      }
      case "string[]": {
        const text = this.#string(reader);
        const list = target[name] as string[] | undefined;
        if (list === undefined) target[name] = [text];
        else list.push(text);
        return;
      }
      case "message": {
        const outer = this.#path;
        // Several occurrences are one message, merged field by field.
        const inner = (target[name] ??= {}) as MutableMessage;
        const nested = reader.message();
        this.#path = this.#join(name);
        this.fields(nested, spec.message!, inner);
        this.#path = outer;
        return;
      }
    }
  }

  #string(reader: ProtobufReader): string {
    const bytes = reader.bytes();
    try {
      return strict.decode(bytes);
    } catch {
      const warning = `invalid-utf8:${this.fieldPath}`;
      this.warnings ??= [];
      if (!this.warnings.includes(warning)) this.warnings.push(warning);
      return lenient.decode(bytes);
    }
  }

  #unknown(reader: ProtobufReader): void {
    const { field, wireType } = reader;
    const bytes = reader.skip();
    this.unknownFieldCount++;
    this.unknownFields ??= [];
    if (this.unknownFields.length < MAX_UNKNOWN_FIELDS) {
      this.unknownFields.push({ path: this.#path, field, wireType, bytes });
    }
  }

  #join(name: string | undefined): string {
    if (name === undefined) return this.#path;
    return this.#path === "" ? name : `${this.#path}.${name}`;
  }
}

/** An explicit default value is the same as none, and the last value counts. */
function setScalar(
  target: MutableMessage,
  name: string,
  value: FieldValue,
): void {
  if (value === 0 || value === 0n || value === "" || value === false) {
    delete target[name];
  } else target[name] = value;
}

/** Adds the path of the field to an error of the reader. */
function located(error: unknown, message: string, path: string): unknown {
  if (!(error instanceof FormatError || error instanceof LimitError)) {
    return error;
  }
  const state = error.message.slice(error.message.indexOf(": ") + 2);
  const where = path === "" ? message : `${message}.${path}`;
  return new FormatError(
    `Cannot decode ${where} at byte ${error.offset} of the payload: ${state}`,
    { format: FORMAT, offset: error.offset, record: where, cause: error },
  );
}

function malformed(state: string): FormatError {
  return new FormatError(`Cannot decode message: ${state}`, {
    format: FORMAT,
    offset: 0,
  });
}

function u16(bytes: Uint8Array, at: number): number {
  return bytes[at]! | (bytes[at + 1]! << 8);
}
