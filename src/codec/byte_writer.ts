/** How a {@linkcode ByteWriter} writes. */
export interface ByteWriterOptions {
  /** Byte order of all multi-byte numbers. */
  readonly littleEndian: boolean;
  /** Bytes to reserve at first. @default {256} */
  readonly initialCapacity?: number | undefined;
}

const encoder = new TextEncoder();
/** Up to here a loop over the units is faster than a call into the runtime. */
const SHORT_TEXT = 64;

/**
 * Collects numbers and bytes in a buffer that grows by doubling.
 *
 * @example A length that is known only afterwards
 * ```ts
 * import { ByteWriter } from "../../src/codec/byte_writer.ts";
 * import { assertEquals } from "@std/assert";
 *
 * const writer = new ByteWriter({ littleEndian: true });
 * const lengthAt = writer.length;
 * writer.u32(0);
 * writer.utf8("abc");
 * writer.u32At(lengthAt, writer.length - lengthAt - 4);
 * assertEquals([...writer.view()], [3, 0, 0, 0, 97, 98, 99]);
 * ```
 */
export class ByteWriter {
  readonly #littleEndian: boolean;
  #bytes: Uint8Array<ArrayBuffer>;
  #view: DataView<ArrayBuffer>;
  #length = 0;

  /** @param options Byte order and first capacity. */
  constructor(options: ByteWriterOptions) {
    this.#littleEndian = options.littleEndian;
    this.#bytes = new Uint8Array(Math.max(16, options.initialCapacity ?? 256));
    this.#view = new DataView(this.#bytes.buffer);
  }

  /** Bytes written so far. */
  get length(): number {
    return this.#length;
  }

  /** @returns What was written, as a view that is valid until the next write. */
  view(): Uint8Array<ArrayBuffer> {
    return this.#bytes.subarray(0, this.#length);
  }

  /** @returns A copy of what was written. */
  toBytes(): Uint8Array<ArrayBuffer> {
    return this.#bytes.slice(0, this.#length);
  }

  /** Forgets what was written and keeps the buffer. */
  clear(): void {
    this.#length = 0;
  }

  /** @param value From 0 to 255; higher bits are cut. */
  u8(value: number): void {
    const at = this.#grow(1);
    this.#view.setUint8(at, value);
  }

  /** @param value From 0 to 65535; higher bits are cut. */
  u16(value: number): void {
    const at = this.#grow(2);
    this.#view.setUint16(at, value, this.#littleEndian);
  }

  /** @param value From 0 to 2^32 - 1; higher bits are cut. */
  u32(value: number): void {
    const at = this.#grow(4);
    this.#view.setUint32(at, value, this.#littleEndian);
  }

  /** @param value From -2^31 to 2^31 - 1. */
  i32(value: number): void {
    const at = this.#grow(4);
    this.#view.setInt32(at, value, this.#littleEndian);
  }

  /** @param value From 0 to 2^64 - 1; higher bits are cut. */
  u64(value: bigint): void {
    const at = this.#grow(8);
    this.#view.setBigUint64(at, value, this.#littleEndian);
  }

  /** @param value From -2^63 to 2^63 - 1. */
  i64(value: bigint): void {
    const at = this.#grow(8);
    this.#view.setBigInt64(at, value, this.#littleEndian);
  }

  /** @param value Written as 32-bit float. */
  f32(value: number): void {
    const at = this.#grow(4);
    this.#view.setFloat32(at, value, this.#littleEndian);
  }

  /** @param value Written as 64-bit float. */
  f64(value: number): void {
    const at = this.#grow(8);
    this.#view.setFloat64(at, value, this.#littleEndian);
  }

  /**
   * Writes a LEB128 number.
   *
   * @param value From 0 to 2^64 - 1.
   * @throws {RangeError} When the value is negative or not an integer.
   */
  varuint(value: number | bigint): void {
    if (typeof value === "number") {
      if (!Number.isSafeInteger(value) || value < 0) {
        throw new RangeError(
          `Cannot write varuint: value is ${value}, expected an integer from 0 to 2^53 - 1`,
        );
      }
      while (value >= 0x80) {
        this.u8((value % 0x80) | 0x80);
        value = Math.floor(value / 0x80);
      }
      this.u8(value);
      return;
    }
    if (value < 0n || value > 0xffff_ffff_ffff_ffffn) {
      throw new RangeError(
        `Cannot write varuint: value is ${value}, expected 0 to 2^64 - 1`,
      );
    }
    while (value > 0xf_ffff_ffff_ffffn) {
      this.u8(Number(value & 0x7fn) | 0x80);
      value >>= 7n;
    }
    this.varuint(Number(value));
  }

  /**
   * Writes a zigzag-coded signed LEB128 number.
   *
   * @param value From -2^63 to 2^63 - 1.
   */
  varint(value: bigint): void {
    this.varuint(BigInt.asUintN(64, (value << 1n) ^ (value >> 63n)));
  }

  /** @param bytes Copied to the end. */
  bytes(bytes: Uint8Array): void {
    const at = this.#grow(bytes.length);
    this.#bytes.set(bytes, at);
  }

  /**
   * Writes text as UTF-8, without length or terminator.
   *
   * @param text The text; lone surrogates become U+FFFD.
   * @returns How many bytes were written.
   */
  utf8(text: string): number {
    const at = this.#grow(text.length * 3);
    const written = text.length <= SHORT_TEXT && this.#writeAscii(text, at)
      ? text.length
      : encoder.encodeInto(text, this.#bytes.subarray(at)).written;
    this.#length = at + written;
    return written;
  }

  /** Whether the text is ASCII; only then all of it is written. */
  #writeAscii(text: string, at: number): boolean {
    const bytes = this.#bytes;
    for (let index = 0; index < text.length; index++) {
      const unit = text.charCodeAt(index);
      if (unit >= 0x80) return false;
      bytes[at + index] = unit;
    }
    return true;
  }

  /** @param count How many zero bytes to write. */
  zeros(count: number): void {
    const at = this.#grow(count);
    this.#bytes.fill(0, at, at + count);
  }

  /**
   * Writes zero bytes up to a multiple of `size` counted from the first byte.
   *
   * @param size Alignment in bytes, above 0.
   */
  align(size: number): void {
    const excess = this.#length % size;
    if (excess !== 0) this.zeros(size - excess);
  }

  /**
   * Overwrites four bytes.
   *
   * @param at Where, within what was written.
   * @param value From 0 to 2^32 - 1.
   */
  u32At(at: number, value: number): void {
    this.#checkWritten(at, 4);
    this.#view.setUint32(at, value, this.#littleEndian);
  }

  /**
   * Overwrites two bytes.
   *
   * @param at Where, within what was written.
   * @param value From 0 to 65535.
   */
  u16At(at: number, value: number): void {
    this.#checkWritten(at, 2);
    this.#view.setUint16(at, value, this.#littleEndian);
  }

  /**
   * Overwrites eight bytes.
   *
   * @param at Where, within what was written.
   * @param value From 0 to 2^64 - 1.
   */
  u64At(at: number, value: bigint): void {
    this.#checkWritten(at, 8);
    this.#view.setBigUint64(at, value, this.#littleEndian);
  }

  /**
   * Replaces the one byte at `at` by a LEB128 number and moves what follows it,
   * for lengths that are known only afterwards.
   *
   * @param at Where the placeholder byte is.
   * @param value From 0 to 2^32 - 1.
   */
  varuintAt(at: number, value: number): void {
    this.#checkWritten(at, 1);
    let extra = 0;
    for (let rest = value; rest >= 0x80; rest = Math.floor(rest / 0x80)) {
      extra++;
    }
    if (extra > 0) {
      const end = this.#grow(extra);
      this.#bytes.copyWithin(at + 1 + extra, at + 1, end);
    }
    for (let index = 0; index < extra; index++) {
      this.#bytes[at + index] = (value % 0x80) | 0x80;
      value = Math.floor(value / 0x80);
    }
    this.#bytes[at + extra] = value;
  }

  /**
   * Forgets everything from a position on.
   *
   * @param length How many bytes stay, at most what was written.
   */
  truncate(length: number): void {
    this.#checkWritten(length, 0);
    this.#length = length;
  }

  #checkWritten(at: number, count: number): void {
    if (!(at >= 0 && at + count <= this.#length)) {
      throw new RangeError(
        `Cannot overwrite bytes ${at} to ${
          at + count
        }: ${this.#length} bytes are written`,
      );
    }
  }

  #grow(count: number): number {
    const at = this.#length;
    const needed = at + count;
    if (needed > this.#bytes.length) {
      const bytes = new Uint8Array(Math.max(needed, this.#bytes.length * 2));
      bytes.set(this.view());
      this.#bytes = bytes;
      this.#view = new DataView(bytes.buffer);
    }
    this.#length = needed;
    return at;
  }
}
