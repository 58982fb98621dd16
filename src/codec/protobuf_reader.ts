import { FormatError, LimitError, TruncatedError } from "../base/errors.ts";
import { DEFAULT_LIMITS } from "../base/limits.ts";

/** Protobuf wire type of a field. */
export type WireType = 0 | 1 | 2 | 3 | 4 | 5;

const WIRE_TYPE_NAMES = [
  "varint",
  "fixed64",
  "bytes",
  "group",
  "end group",
  "fixed32",
] as const;

/** How a {@linkcode ProtobufReader} speaks of its input and bounds it. */
export interface ProtobufReaderOptions {
  /** Short name of the format, for errors. */
  readonly format: string;
  /** Absolute offset of the first byte, for errors. @default {0} */
  readonly baseOffset?: number | undefined;
  /** Deepest nesting of messages. @default {32} */
  readonly maxDepth?: number | undefined;
}

/** Decodes one field into a message under construction. */
export type FieldDecoder<T> = (target: T, reader: ProtobufReader) => void;

/** Decoders of a message's fields by field number. */
export type FieldTable<T> = Readonly<Record<number, FieldDecoder<T>>>;

const utf8 = new TextDecoder("utf-8", { ignoreBOM: true });

/**
 * Reads the fields of one protobuf message in the order in which they stand.
 *
 * {@linkcode ProtobufReader.next} moves to a field; then exactly one of the
 * value methods or {@linkcode ProtobufReader.skip} is called. Nothing is
 * copied.
 *
 * @example Reading one field and skipping the rest
 * ```ts
 * import { ProtobufReader } from "../../src/codec/protobuf_reader.ts";
 * import { assertEquals } from "@std/assert";
 *
 * const reader = new ProtobufReader(Uint8Array.fromHex("08960112026869"), {
 *   format: "example",
 * });
 * const seen: unknown[] = [];
 * while (reader.next()) {
 *   if (reader.field === 2) seen.push(reader.string());
 *   else reader.skip();
 * }
 * assertEquals(seen, ["hi"]);
 * ```
 */
export class ProtobufReader {
  readonly #bytes: Uint8Array;
  /** Made when a field of fixed size is met, which few messages have. */
  #lazyView: DataView | undefined;
  readonly #format: string;
  readonly #baseOffset: number;
  readonly #depth: number;
  #position = 0;
  #tagPosition = 0;
  #field = 0;
  #wireType: WireType = 0;

  /**
   * @param bytes One message.
   * @param options Format name, absolute offset, depth limit.
   */
  constructor(bytes: Uint8Array, options: ProtobufReaderOptions) {
    this.#bytes = bytes;
    this.#format = options.format;
    this.#baseOffset = options.baseOffset ?? 0;
    this.#depth = options.maxDepth ?? DEFAULT_LIMITS.maxDepth;
  }

  /** Number of the current field. */
  get field(): number {
    return this.#field;
  }

  /** Wire type of the current field. */
  get wireType(): WireType {
    return this.#wireType;
  }

  /** Absolute offset of the next byte. */
  get offset(): number {
    return this.#baseOffset + this.#position;
  }

  /**
   * Moves to the next field.
   *
   * @returns False at the end of the message.
   * @throws {FormatError} When the tag is damaged or its field number is 0.
   */
  next(): boolean {
    if (this.#position >= this.#bytes.length) return false;
    this.#tagPosition = this.#position;
    const tag = this.#varintNumber();
    const wireType = tag % 8;
    this.#field = Math.floor(tag / 8);
    if (this.#field === 0 || this.#field > 0x1fff_ffff) {
      throw this.#error(`field number is ${this.#field}`, this.#tagPosition);
    }
    if (wireType > 5) {
      throw this.#error(
        `wire type of field ${this.#field} is ${wireType}`,
        this.#tagPosition,
      );
    }
    this.#wireType = wireType as WireType;
    return true;
  }

  /** @returns `uint64` as bigint. @throws {FormatError} When the field is not a varint. */
  uint64(): bigint {
    this.#expect(0);
    return this.#varintBigint();
  }

  /** @returns `int64` as bigint. @throws {FormatError} When the field is not a varint. */
  int64(): bigint {
    return BigInt.asIntN(64, this.uint64());
  }

  /** @returns `sint64` (zigzag) as bigint. @throws {FormatError} When the field is not a varint. */
  sint64(): bigint {
    const zigzag = this.uint64();
    return (zigzag >> 1n) ^ -(zigzag & 1n);
  }

  /** @returns `uint32` or an open `enum`; higher bits are cut. @throws {FormatError} When the field is not a varint. */
  uint32(): number {
    this.#expect(0);
    return this.#varint32();
  }

  /** @returns `int32`; higher bits are cut. @throws {FormatError} When the field is not a varint. */
  int32(): number {
    return this.uint32() | 0;
  }

  /**
   * Reads a `uint64` that is an index, a count or a length.
   *
   * @returns The number.
   * @throws {LimitError} When it exceeds 2^53 - 1.
   * @throws {FormatError} When the field is not a varint.
   */
  uint64AsNumber(): number {
    this.#expect(0);
    return this.#varintNumber();
  }

  /** @returns `bool`. @throws {FormatError} When the field is not a varint. */
  bool(): boolean {
    return this.uint64() !== 0n;
  }

  /** @returns `fixed64`. @throws {FormatError} When the field has another wire type. */
  fixed64(): bigint {
    this.#expect(1);
    return this.#view.getBigUint64(this.#take(8), true);
  }

  /** @returns `double`. @throws {FormatError} When the field has another wire type. */
  double(): number {
    this.#expect(1);
    return this.#view.getFloat64(this.#take(8), true);
  }

  /** @returns `fixed32`. @throws {FormatError} When the field has another wire type. */
  fixed32(): number {
    this.#expect(5);
    return this.#view.getUint32(this.#take(4), true);
  }

  /** @returns `float`. @throws {FormatError} When the field has another wire type. */
  float(): number {
    this.#expect(5);
    return this.#view.getFloat32(this.#take(4), true);
  }

  /** @returns `bytes` as a view of the input. @throws {FormatError} When the field has another wire type. */
  bytes(): Uint8Array {
    this.#expect(2);
    const size = this.#varintNumber();
    const at = this.#take(size);
    return this.#bytes.subarray(at, at + size);
  }

  /** @returns `string`; malformed UTF-8 becomes U+FFFD. @throws {FormatError} When the field has another wire type. */
  string(): string {
    return utf8.decode(this.bytes());
  }

  /**
   * Opens a message field.
   *
   * @returns A reader of the message's fields.
   * @throws {FormatError} When the field has another wire type.
   * @throws {LimitError} When messages are nested too deeply.
   */
  message(): ProtobufReader {
    const bytes = this.bytes();
    const baseOffset = this.offset - bytes.length;
    if (this.#depth <= 1) {
      throw new LimitError(
        `Cannot read ${this.#format} message at byte ${baseOffset}: messages are nested too deeply`,
        { limit: "maxDepth", value: this.#depth, offset: baseOffset },
      );
    }
    return new ProtobufReader(bytes, {
      format: this.#format,
      baseOffset,
      maxDepth: this.#depth - 1,
    });
  }

  /**
   * Reads one element, or a packed run, of a repeated varint field.
   *
   * @param onValue Takes each element as an unsigned 64-bit number.
   * @throws {FormatError} When the field has another wire type.
   */
  eachUint64(onValue: (value: bigint) => void): void {
    this.#eachVarint(() => onValue(this.#varintBigint()));
  }

  /**
   * Like {@linkcode ProtobufReader.eachUint64} for `int32`; higher bits are cut.
   *
   * @param onValue Takes each element.
   * @throws {FormatError} When the field has another wire type.
   */
  eachInt32(onValue: (value: number) => void): void {
    this.#eachVarint(() => onValue(this.#varint32() | 0));
  }

  /**
   * Like {@linkcode ProtobufReader.eachUint64} for indexes and counts.
   *
   * @param onValue Takes each element.
   * @throws {LimitError} When an element exceeds 2^53 - 1.
   * @throws {FormatError} When the field has another wire type.
   */
  eachUint64AsNumber(onValue: (value: number) => void): void {
    this.#eachVarint(() => onValue(this.#varintNumber()));
  }

  /**
   * Moves past the current field's value.
   *
   * @returns The whole field with its tag, as a view, so that unknown fields can be kept.
   * @throws {FormatError} When the value is damaged.
   */
  skip(): Uint8Array {
    this.#skipValue(this.#wireType, this.#field, this.#depth);
    return this.#bytes.subarray(this.#tagPosition, this.#position);
  }

  #skipValue(wireType: WireType, field: number, depth: number): void {
    switch (wireType) {
      case 0:
        this.#varintBigint();
        return;
      case 1:
        this.#take(8);
        return;
      case 2:
        this.#take(this.#varintNumber());
        return;
      case 5:
        this.#take(4);
        return;
      case 3:
        this.#skipGroup(field, depth);
        return;
      case 4:
        throw this.#error("group ends that has not begun", this.#tagPosition);
    }
  }

  #skipGroup(field: number, depth: number): void {
    if (depth <= 1) {
      throw new LimitError(
        `Cannot read ${this.#format} group at byte ${this.offset}: groups are nested too deeply`,
        { limit: "maxDepth", value: depth, offset: this.offset },
      );
    }
    while (true) {
      const at = this.#position;
      const tag = this.#varintNumber();
      const inner = Math.floor(tag / 8);
      const wireType = tag % 8;
      if (inner === 0) throw this.#error("field number is 0", at);
      if (wireType > 5) {
        throw this.#error(`wire type of field ${inner} is ${wireType}`, at);
      }
      if (wireType === 4) {
        if (inner === field) return;
        throw this.#error(`group ${inner} ends inside group ${field}`, at);
      }
      this.#skipValue(wireType as WireType, inner, depth - 1);
    }
  }

  #eachVarint(read: () => void): void {
    if (this.#wireType === 0) {
      read();
      return;
    }
    this.#expect(2);
    const size = this.#varintNumber();
    const end = this.#take(size) + size;
    this.#position = end - size;
    while (this.#position < end) read();
    if (this.#position > end) {
      throw this.#error("packed field ends inside a number", end);
    }
  }

  /** Lowest 32 bits of a number; up to four bytes of it without a bigint. */
  #varint32(): number {
    const bytes = this.#bytes;
    const start = this.#position;
    let value = 0;
    for (let index = 0; index < 4; index++) {
      const byte = bytes[start + index];
      // The slower way tells what is wrong.
      if (byte === undefined) break;
      value |= (byte & 0x7f) << (7 * index);
      if (byte < 0x80) {
        this.#position = start + index + 1;
        return value;
      }
    }
    return Number(this.#varintBigint() & 0xffff_ffffn);
  }

  get #view(): DataView {
    const { buffer, byteOffset, byteLength } = this.#bytes;
    return this.#lazyView ??= new DataView(buffer, byteOffset, byteLength);
  }

  #expect(wireType: WireType): void {
    if (this.#wireType !== wireType) {
      throw this.#error(
        `wire type of field ${this.#field} is ${
          WIRE_TYPE_NAMES[this.#wireType]
        }, expected ${WIRE_TYPE_NAMES[wireType]}`,
        this.#tagPosition,
      );
    }
  }

  #take(count: number): number {
    const at = this.#position;
    if (at + count > this.#bytes.length) {
      throw new TruncatedError(
        `Cannot read ${this.#format} message at byte ${this.offset}: ${
          this.#bytes.length - at
        } of ${count} bytes are left`,
        {
          format: this.#format,
          offset: this.offset,
          missingBytes: count - (this.#bytes.length - at),
        },
      );
    }
    this.#position = at + count;
    return at;
  }

  #varintNumber(): number {
    const bytes = this.#bytes;
    const start = this.#position;
    let value = 0;
    let scale = 1;
    for (let index = 0; index < 7; index++) {
      const byte = bytes[this.#position];
      if (byte === undefined) this.#take(1);
      this.#position++;
      value += (byte! & 0x7f) * scale;
      if (byte! < 0x80) return value;
      scale *= 128;
    }
    this.#position = start;
    const wide = this.#varintBigint();
    if (wide > BigInt(Number.MAX_SAFE_INTEGER)) {
      throw new LimitError(
        `Cannot use ${this.#format} number at byte ${
          this.#baseOffset + start
        }: value ${wide} exceeds 2^53 - 1`,
        {
          limit: "safe integer",
          value: Number(wide),
          offset: this.#baseOffset + start,
        },
      );
    }
    return Number(wide);
  }

  #varintBigint(): bigint {
    const bytes = this.#bytes;
    const start = this.#position;
    let low = 0;
    let high = 0n;
    for (let index = 0; index < 10; index++) {
      const byte = bytes[this.#position];
      if (byte === undefined) this.#take(1);
      this.#position++;
      // Seven groups fit a double exactly; only longer numbers need BigInt.
      if (index < 7) low += (byte! & 0x7f) * 2 ** (7 * index);
      else high |= BigInt(byte! & 0x7f) << BigInt(7 * index);
      if (byte! < 0x80) {
        // Bits beyond the 64th are cut, as protobuf implementations do.
        return index < 7 ? BigInt(low) : BigInt.asUintN(64, high | BigInt(low));
      }
    }
    throw this.#error("number is longer than 10 bytes", start);
  }

  #error(state: string, position: number): FormatError {
    const offset = this.#baseOffset + position;
    return new FormatError(
      `Cannot read ${this.#format} message at byte ${offset}: ${state}`,
      {
        format: this.#format,
        offset,
      },
    );
  }
}

/**
 * Decodes a message with a table of field decoders.
 *
 * @typeParam T The message under construction.
 * @param reader Reader of the message.
 * @param fields Decoders by field number.
 * @param target Filled in field by field.
 * @param onUnknown Takes each field that is not in the table, with its tag; without it they are skipped.
 * @returns `target`.
 * @throws {FormatError} When the message is damaged.
 */
export function decodeMessage<T>(
  reader: ProtobufReader,
  fields: FieldTable<T>,
  target: T,
  onUnknown?: (field: Uint8Array) => void,
): T {
  while (reader.next()) {
    const decode = fields[reader.field];
    if (decode !== undefined) decode(target, reader);
    else {
      const field = reader.skip();
      onUnknown?.(field);
    }
  }
  return target;
}
