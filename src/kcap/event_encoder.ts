import type { KcapDialect } from "./dialect_table.ts";
import type { KcapEventType } from "./event_type_table.ts";
import { compareUtf8 } from "./compare_utf8.ts";
import { type KcapParamType, WIRE } from "./param_type_table.ts";
import { encodeProcessState } from "./process_state_encoder.ts";
import { SECTION, SECTION_HEADER_BYTES } from "./section_header.ts";
import type { KcapEvent, KcapPair, KcapParam, KcapValue } from "./types.ts";
import type { RecordWriter } from "./_record_writer.ts";

/** How an {@linkcode EventEncoder} writes. */
export interface EventEncoderOptions {
  /** Layout to write. */
  readonly dialect: KcapDialect;
  /**
   * Whether parameters, metadata, variables and resources, which Fibratus
   * writes in random order, are sorted by name, or stay as they are, with the
   * process section versions that they came with.
   */
  readonly order: "sorted" | "kept";
  /** Largest event body in bytes; at most 2^32 - 1. */
  readonly maxBodyBytes: number;
}

const SLICE_STRINGS = 0x73;
const SLICE_ADDRESSES = 0x38;

/** Types that stand in for those that a layout does not have. */
const STAND_INS: Readonly<Partial<Record<KcapParamType, KcapParamType>>> = {
  // Shown alike, in hexadecimal.
  HexInt8: "Address",
  HexInt16: "Address",
  HexInt32: "Address",
  HexInt64: "Address",
  DOSPath: "UnicodeString",
  Key: "UnicodeString",
  HandleType: "UnicodeString",
};

/** Writes event sections; `EventDecoder` shows the layout of their bodies. */
export class EventEncoder {
  readonly #dialect: KcapDialect;
  readonly #isSorted: boolean;
  readonly #maxBodyBytes: number;
  readonly #typeBytes = new WeakMap<KcapEventType, Uint8Array>();

  /** @param options Layout, order and limit. */
  constructor(options: EventEncoderOptions) {
    this.#dialect = options.dialect;
    this.#isSorted = options.order === "sorted";
    this.#maxBodyBytes = options.maxBodyBytes;
  }

  /**
   * Writes an event with its section header, or nothing when it fails.
   *
   * @param writer Where to.
   * @param event The event; its stored names are written.
   * @returns Bytes of the event's body.
   * @throws {RangeError} When the event is too large, or a value does not fit
   * its type.
   * @throws {TypeError} When a value is not what its type asks for.
   */
  encode(writer: RecordWriter, event: KcapEvent): number {
    const { bytes } = writer;
    const start = bytes.length;
    try {
      bytes.u8(SECTION.event);
      bytes.u8(this.#dialect.sectionVersion);
      bytes.u32(0);
      bytes.u32(0);
      this.#encodeBody(writer, event, start + SECTION_HEADER_BYTES);
      const size = this.#checkSize(
        bytes.length - start - SECTION_HEADER_BYTES,
      );
      bytes.u32At(start + SECTION_HEADER_BYTES - 4, size);
      return size;
    } catch (error) {
      bytes.truncate(start);
      throw error;
    }
  }

  #checkSize(size: number): number {
    if (size <= this.#maxBodyBytes) return size;
    const message = `event size overflow by ${size - this.#maxBodyBytes} bytes`;
    throw new RangeError(message);
  }

  #encodeBody(
    writer: RecordWriter,
    event: KcapEvent,
    bodyStart: number,
  ): void {
    const { bytes } = writer;
    const dialect = this.#dialect;
    bytes.u64(event.seq);
    bytes.u32(event.pid);
    bytes.u32(event.tid);
    bytes.bytes(this.#typeOf(event.eventType));
    bytes.u8(event.cpu);
    writer.text(event.storedName);
    writer.text(event.storedCategory);
    writer.text(event.description);
    writer.text(event.host);
    writer.text(event.storedTimestamp);
    const params = this.#isSorted ? sortParams(event.params) : event.params;
    for (const param of writer.count(params)) {
      this.#encodeParam(writer, param);
      // Parameters alone could exceed what memory holds.
      this.#checkSize(bytes.length - bodyStart);
    }
    writer.pairs(this.#arrange(event.meta));

    bytes.u8(SECTION.process);
    const version = this.#isSorted
      ? dialect.processVersion
      : event.processVersion;
    bytes.u8(version);
    bytes.u32(0);
    const sizeAt = bytes.length;
    bytes.u32(0);
    const { embedded } = event;
    if (embedded === undefined) return;
    encodeProcessState(writer, embedded, {
      version,
      peVersion: this.#isSorted ? dialect.peVersion : embedded.peVersion,
      arrange: (pairs) => this.#arrange(pairs),
    });
    bytes.u32At(sizeAt, bytes.length - sizeAt - 4);
  }

  #arrange(pairs: readonly KcapPair[]): readonly KcapPair[] {
    return this.#isSorted && pairs.length > 1
      ? pairs.toSorted((a, b) => compareUtf8(a.key, b.key))
      : pairs;
  }

  #typeOf(eventType: KcapEventType): Uint8Array {
    let type = this.#typeBytes.get(eventType);
    if (type === undefined) {
      type = Uint8Array.fromHex(eventType.hex);
      if (this.#dialect.typeBytes === 17) {
        if (eventType.hookId > 0xff) {
          throw new RangeError(
            `Cannot write event of type ${eventType.guid}: hook id is ${eventType.hookId}, dialect ${this.#dialect.name} has one byte for it`,
          );
        }
        type = Uint8Array.of(...type.subarray(0, 16), type[17]!);
      }
      this.#typeBytes.set(eventType, type);
    }
    return type;
  }

  #encodeParam(writer: RecordWriter, param: KcapParam): void {
    const { ids, wires } = this.#dialect.params;
    const type = this.#typeFor(param);
    const id = ids.get(type);
    const wire = id === undefined ? WIRE.none : wires[id]!;
    if (id === undefined || wire === WIRE.none) {
      throw new TypeError(
        `Cannot write parameter "${param.storedName}": type ${param.type} has no encoding`,
      );
    }
    writer.bytes.u16(id);
    writer.text(param.storedName);
    encodeValue(writer, param, wire);
  }

  #typeFor({ type, value }: KcapParam): KcapParamType {
    const { ids, wires } = this.#dialect.params;
    const wire = wires[ids.get(type) ?? -1] ?? WIRE.none;
    // Major 1 stored the account that an identifier stands for.
    const isSid = type === "SID" || type === "WbemSID";
    if (isSid && wire === WIRE.blob && typeof value === "string") {
      return "UnicodeString";
    }
    if (type === "IP" && value instanceof Uint8Array) {
      return value.length === 4 ? "IPv4" : "IPv6";
    }
    return wire === WIRE.none ? STAND_INS[type] ?? type : type;
  }
}

function sortParams(params: readonly KcapParam[]): readonly KcapParam[] {
  if (params.length < 2) return params;
  return params.toSorted((a, b) => compareUtf8(a.storedName, b.storedName));
}

function encodeValue(
  writer: RecordWriter,
  param: KcapParam,
  wire: number,
): void {
  const { bytes } = writer;
  const { value } = param;
  switch (wire) {
    case WIRE.text:
      return writer.text(expectText(param));
    case WIRE.u64:
      return bytes.u64(expectWide(param, 0n, 0xffff_ffff_ffff_ffffn));
    case WIRE.i64:
      return bytes.i64(expectWide(param, -(2n ** 63n), 2n ** 63n - 1n));
    case WIRE.u32:
      return bytes.u32(expectInteger(param, 0, 0xffff_ffff));
    case WIRE.i32:
      return bytes.i32(expectInteger(param, -0x8000_0000, 0x7fff_ffff));
    case WIRE.u16:
      return bytes.u16(expectInteger(param, 0, 0xffff));
    case WIRE.i16:
      return bytes.u16(expectInteger(param, -0x8000, 0x7fff));
    case WIRE.u8:
      return bytes.u8(expectInteger(param, 0, 0xff));
    case WIRE.i8:
      return bytes.u8(expectInteger(param, -0x80, 0x7f));
    case WIRE.f32:
      return bytes.f32(expectNumber(param));
    case WIRE.f64:
      return bytes.f64(expectNumber(param));
    case WIRE.bool:
      if (typeof value !== "boolean") throw wrongValue(param, "a boolean");
      return bytes.u8(value ? 1 : 0);
    case WIRE.blob: {
      const blob = expectBytes(param, undefined);
      bytes.u32(blob.length);
      return bytes.bytes(blob);
    }
    case WIRE.ipv4:
      return bytes.bytes(expectBytes(param, 4));
    case WIRE.ipv6:
      return bytes.bytes(expectBytes(param, 16));
    case WIRE.slice:
      return encodeSlice(writer, param);
  }
}

function encodeSlice(writer: RecordWriter, param: KcapParam): void {
  const { bytes } = writer;
  const { value } = param;
  if (typeof value !== "object" || value instanceof Uint8Array) {
    throw wrongValue(param, "a slice");
  }
  if (value.kind === "strings") {
    bytes.u8(SLICE_STRINGS);
    writer.texts(value.items);
  } else {
    bytes.u8(SLICE_ADDRESSES);
    for (const item of writer.count(value.items)) bytes.u64(item);
  }
}

function expectText(param: KcapParam): string {
  if (typeof param.value === "string") return param.value;
  throw wrongValue(param, "text");
}

function expectNumber(param: KcapParam): number {
  if (typeof param.value === "number") return param.value;
  throw wrongValue(param, "a number");
}

function expectInteger(param: KcapParam, min: number, max: number): number {
  const value = expectNumber(param);
  if (Number.isInteger(value) && value >= min && value <= max) return value;
  throw outOfRange(param, min, max);
}

function expectWide(param: KcapParam, min: bigint, max: bigint): bigint {
  const { value } = param;
  const wide = typeof value === "number" && Number.isInteger(value)
    ? BigInt(value)
    : value;
  if (typeof wide !== "bigint") throw wrongValue(param, "an integer");
  if (wide >= min && wide <= max) return wide;
  throw outOfRange(param, min, max);
}

function expectBytes(param: KcapParam, length: number | undefined): Uint8Array {
  const { value } = param;
  if (
    value instanceof Uint8Array &&
    (length === undefined || value.length === length)
  ) return value;
  throw wrongValue(param, length === undefined ? "bytes" : `${length} bytes`);
}

function wrongValue(param: KcapParam, expected: string): TypeError {
  return new TypeError(
    `Cannot write parameter "${param.storedName}" of type ${param.type}: value is ${
      describe(param.value)
    }, expected ${expected}`,
  );
}

function outOfRange(
  param: KcapParam,
  min: number | bigint,
  max: number | bigint,
): RangeError {
  return new RangeError(
    `Cannot write parameter "${param.storedName}" of type ${param.type}: value is ${
      describe(param.value)
    }, expected ${min} to ${max}`,
  );
}

function describe(value: KcapValue): string {
  if (value instanceof Uint8Array) return `${value.length} bytes`;
  return typeof value === "object" ? "a slice" : `${typeof value} ${value}`;
}
