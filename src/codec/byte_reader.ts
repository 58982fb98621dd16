import { FormatError, LimitError, TruncatedError } from "../base/errors.ts";

/** How a {@linkcode ByteReader} reads and how it speaks of the input. */
export interface ByteReaderOptions {
  /** Byte order of all multi-byte numbers. */
  readonly littleEndian: boolean;
  /** Short name of the format, for errors. */
  readonly format: string;
  /** Absolute offset of the first byte, for errors and {@linkcode ByteReader.align}. @default {0} */
  readonly baseOffset?: number | undefined;
}

/**
 * Reads numbers and byte ranges one after the other; every bounds check of the
 * project's default decoding path lives here.
 *
 * Nothing is copied: byte ranges are views of the input.
 *
 * @example Reading a record
 * ```ts
 * import { ByteReader } from "../../src/codec/byte_reader.ts";
 * import { assertEquals } from "@std/assert";
 *
 * const reader = new ByteReader(new Uint8Array([1, 0, 2]), {
 *   littleEndian: true,
 *   format: "example",
 * });
 * assertEquals([reader.u16(), reader.u8(), reader.remaining], [1, 2, 0]);
 * ```
 */
export class ByteReader {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  readonly #littleEndian: boolean;
  readonly #format: string;
  readonly #baseOffset: number;
  #position = 0;

  /**
   * @param bytes What to read; must not change while it is read.
   * @param options Byte order, format name and absolute offset.
   */
  constructor(bytes: Uint8Array, options: ByteReaderOptions) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#littleEndian = options.littleEndian;
    this.#format = options.format;
    this.#baseOffset = options.baseOffset ?? 0;
  }

  /** Absolute offset of the next byte. */
  get offset(): number {
    return this.#baseOffset + this.#position;
  }

  /** Offset of the next byte from the first one of this reader. */
  get position(): number {
    return this.#position;
  }

  /** Bytes left. */
  get remaining(): number {
    return this.#bytes.length - this.#position;
  }

  /** Short name of the format, as given. */
  get format(): string {
    return this.#format;
  }

  /**
   * Moves to a position counted from this reader's first byte.
   *
   * @param position From 0 to the length.
   * @throws {FormatError} When the position is outside.
   */
  seek(position: number): void {
    if (!(position >= 0 && position <= this.#bytes.length)) {
      throw new FormatError(
        `Cannot move in ${this.#format} to byte ${
          this.#baseOffset + position
        }: record spans bytes ${this.#baseOffset} to ${
          this.#baseOffset + this.#bytes.length
        }`,
        { format: this.#format, offset: this.offset },
      );
    }
    this.#position = position;
  }

  /** @returns An unsigned byte. @throws {TruncatedError} When no byte is left. */
  u8(): number {
    return this.#view.getUint8(this.#take(1, "u8"));
  }

  /** @returns A signed byte. @throws {TruncatedError} When no byte is left. */
  i8(): number {
    return this.#view.getInt8(this.#take(1, "i8"));
  }

  /** @returns An unsigned 16-bit number. @throws {TruncatedError} When fewer than 2 bytes are left. */
  u16(): number {
    return this.#view.getUint16(this.#take(2, "u16"), this.#littleEndian);
  }

  /** @returns A signed 16-bit number. @throws {TruncatedError} When fewer than 2 bytes are left. */
  i16(): number {
    return this.#view.getInt16(this.#take(2, "i16"), this.#littleEndian);
  }

  /** @returns An unsigned 32-bit number. @throws {TruncatedError} When fewer than 4 bytes are left. */
  u32(): number {
    return this.#view.getUint32(this.#take(4, "u32"), this.#littleEndian);
  }

  /** @returns A signed 32-bit number. @throws {TruncatedError} When fewer than 4 bytes are left. */
  i32(): number {
    return this.#view.getInt32(this.#take(4, "i32"), this.#littleEndian);
  }

  /** @returns An unsigned 64-bit number. @throws {TruncatedError} When fewer than 8 bytes are left. */
  u64(): bigint {
    return this.#view.getBigUint64(this.#take(8, "u64"), this.#littleEndian);
  }

  /** @returns A signed 64-bit number. @throws {TruncatedError} When fewer than 8 bytes are left. */
  i64(): bigint {
    return this.#view.getBigInt64(this.#take(8, "i64"), this.#littleEndian);
  }

  /**
   * Reads an unsigned 64-bit count or length.
   *
   * @returns The number.
   * @throws {TruncatedError} When fewer than 8 bytes are left.
   * @throws {LimitError} When the number exceeds 2^53 - 1.
   */
  u64AsNumber(): number {
    const offset = this.offset;
    const at = this.#take(8, "u64");
    const low = this.#view.getUint32(
      this.#littleEndian ? at : at + 4,
      this.#littleEndian,
    );
    const high = this.#view.getUint32(
      this.#littleEndian ? at + 4 : at,
      this.#littleEndian,
    );
    const value = high * 0x1_0000_0000 + low;
    if (high >= 0x20_0000) {
      throw new LimitError(
        `Cannot use ${this.#format} count at byte ${offset}: value ${value} exceeds 2^53 - 1`,
        { limit: "safe integer", value, offset },
      );
    }
    return value;
  }

  /** @returns A 32-bit float. @throws {TruncatedError} When fewer than 4 bytes are left. */
  f32(): number {
    return this.#view.getFloat32(this.#take(4, "f32"), this.#littleEndian);
  }

  /** @returns A 64-bit float. @throws {TruncatedError} When fewer than 8 bytes are left. */
  f64(): number {
    return this.#view.getFloat64(this.#take(8, "f64"), this.#littleEndian);
  }

  /**
   * Reads a LEB128 number of at most 32 bits (5 bytes).
   *
   * @returns The number, from 0 to 2^32 - 1.
   * @throws {TruncatedError} When the input ends in it.
   * @throws {FormatError} When it is longer than 5 bytes or exceeds 32 bits.
   */
  varuint32(): number {
    const start = this.offset;
    let value = 0;
    for (let index = 0; index < 5; index++) {
      const byte = this.#view.getUint8(this.#take(1, "varuint32"));
      value += (byte & 0x7f) * 2 ** (7 * index);
      if (byte < 0x80) {
        if (value <= 0xffff_ffff) return value;
        break;
      }
    }
    throw new FormatError(
      `Cannot read ${this.#format} varuint32 at byte ${start}: value exceeds 32 bits`,
      { format: this.#format, offset: start },
    );
  }

  /**
   * Reads a LEB128 number of at most 64 bits (10 bytes).
   *
   * @returns The number.
   * @throws {TruncatedError} When the input ends in it.
   * @throws {FormatError} When it is longer than 10 bytes or exceeds 64 bits.
   */
  varuint64(): bigint {
    const start = this.offset;
    let low = 0;
    let high = 0n;
    for (let index = 0; index < 10; index++) {
      const byte = this.#view.getUint8(this.#take(1, "varuint64"));
      // Seven groups fit a double exactly; only longer numbers need BigInt.
      if (index < 7) low += (byte & 0x7f) * 2 ** (7 * index);
      else high |= BigInt(byte & 0x7f) << BigInt(7 * index);
      if (byte < 0x80) {
        if (index === 9 && byte > 1) break;
        return high | BigInt(low);
      }
    }
    throw new FormatError(
      `Cannot read ${this.#format} varuint64 at byte ${start}: value exceeds 64 bits`,
      { format: this.#format, offset: start },
    );
  }

  /**
   * @returns A zigzag-coded signed LEB128 number of at most 64 bits.
   * @throws {TruncatedError} When the input ends in it.
   * @throws {FormatError} When it exceeds 64 bits.
   */
  varint64(): bigint {
    const zigzag = this.varuint64();
    return (zigzag >> 1n) ^ -(zigzag & 1n);
  }

  /**
   * Takes a byte range as a view, valid as long as the reader's input is.
   *
   * @param count How many bytes.
   * @returns The view.
   * @throws {TruncatedError} When fewer are left.
   */
  bytes(count: number): Uint8Array {
    const at = this.#take(count, "bytes");
    return this.#bytes.subarray(at, at + count);
  }

  /** @returns All bytes that are left, as a view. */
  rest(): Uint8Array {
    return this.bytes(this.remaining);
  }

  /**
   * @param count How many bytes to leave out.
   * @throws {TruncatedError} When fewer are left.
   */
  skip(count: number): void {
    this.#take(count, "bytes");
  }

  /**
   * Moves to the next absolute offset that is a multiple of `size`.
   *
   * @param size Alignment in bytes, above 0.
   * @throws {TruncatedError} When the input ends before it.
   */
  align(size: number): void {
    const excess = this.offset % size;
    if (excess !== 0) this.#take(size - excess, "padding");
  }

  /**
   * Takes the next bytes as a reader of their own, so that a nested record
   * cannot reach its neighbour.
   *
   * @param count How many bytes.
   * @returns A reader with the same byte order, format and absolute offsets.
   * @throws {TruncatedError} When fewer are left.
   */
  sub(count: number): ByteReader {
    const baseOffset = this.offset;
    return new ByteReader(this.bytes(count), {
      littleEndian: this.#littleEndian,
      format: this.#format,
      baseOffset,
    });
  }

  #take(count: number, what: string): number {
    const at = this.#position;
    // Written so that NaN and negative counts fail too.
    if (!(count >= 0 && at + count <= this.#bytes.length)) {
      throw this.#truncated(count, what);
    }
    this.#position = at + count;
    return at;
  }

  #truncated(count: number, what: string): FormatError {
    const offset = this.offset;
    if (!(count >= 0)) {
      return new FormatError(
        `Cannot read ${this.#format} ${what} at byte ${offset}: length is ${count}`,
        { format: this.#format, offset },
      );
    }
    return new TruncatedError(
      `Cannot read ${this.#format} ${what} at byte ${offset}: ${this.remaining} of ${count} bytes are left`,
      {
        format: this.#format,
        offset,
        missingBytes: count - this.remaining,
      },
    );
  }
}
