import { FormatError } from "../base/errors.ts";
import type { KcapPair } from "./types.ts";
import { sharedTextCache, type TextCache } from "./_text_cache.ts";

const NO_PAIRS: readonly KcapPair[] = [];

/**
 * Reads the fields of one record after the other out of a buffer that is used
 * again and again, so that nothing is allocated per record; `ByteReader`, which
 * is made anew for each range, took a third of the decoding time here.
 *
 * Every read checks the end of the record first.
 */
export class RecordCursor {
  /** The buffer. */
  bytes: Uint8Array = new Uint8Array(0);
  /** The buffer. */
  view: DataView = new DataView(new ArrayBuffer(0));
  /** Offset of the next byte in the buffer. */
  position = 0;
  /** End of the record in the buffer. */
  end = 0;
  /** Offset of the buffer's first byte in the stream. */
  baseOffset = 0;
  /** Byte order. */
  littleEndian = true;
  readonly #texts: TextCache = sharedTextCache();

  /**
   * @param bytes The new buffer.
   */
  attach(bytes: Uint8Array): void {
    this.bytes = bytes;
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  /** Offset of the next byte in the stream. */
  get offset(): number {
    return this.baseOffset + this.position;
  }

  /** Bytes left in the record. */
  get remaining(): number {
    return this.end - this.position;
  }

  /** @returns An unsigned byte. @throws {FormatError} At the end of the record. */
  u8(): number {
    const at = this.position;
    if (at + 1 > this.end) throw this.#overrun("u8", 1);
    this.position = at + 1;
    return this.bytes[at]!;
  }

  /** @returns An unsigned 16-bit number. @throws {FormatError} At the end of the record. */
  u16(): number {
    const at = this.position;
    if (at + 2 > this.end) throw this.#overrun("u16", 2);
    this.position = at + 2;
    return this.view.getUint16(at, this.littleEndian);
  }

  /** @returns An unsigned 32-bit number. @throws {FormatError} At the end of the record. */
  u32(): number {
    const at = this.position;
    if (at + 4 > this.end) throw this.#overrun("u32", 4);
    this.position = at + 4;
    return this.view.getUint32(at, this.littleEndian);
  }

  /** @returns A signed 32-bit number. @throws {FormatError} At the end of the record. */
  i32(): number {
    return this.u32() | 0;
  }

  /** @returns An unsigned 64-bit number. @throws {FormatError} At the end of the record. */
  u64(): bigint {
    const at = this.position;
    if (at + 8 > this.end) throw this.#overrun("u64", 8);
    this.position = at + 8;
    return this.view.getBigUint64(at, this.littleEndian);
  }

  /** @returns A 32-bit float. @throws {FormatError} At the end of the record. */
  f32(): number {
    return this.view.getFloat32(this.take("f32", 4), this.littleEndian);
  }

  /** @returns A 64-bit float. @throws {FormatError} At the end of the record. */
  f64(): number {
    return this.view.getFloat64(this.take("f64", 8), this.littleEndian);
  }

  /** @returns Text behind its u16 byte count. @throws {FormatError} At the end of the record. */
  text(): string {
    const at = this.position;
    if (at + 2 > this.end) throw this.#overrun("text length", 2);
    const start = at + 2;
    const textEnd = start + this.view.getUint16(at, this.littleEndian);
    if (textEnd > this.end) {
      throw this.#overrun("text", textEnd - at);
    }
    this.position = textEnd;
    return this.#texts.decode(this.bytes, this.view, start, textEnd);
  }

  /** @returns Texts behind their u16 count. @throws {FormatError} At the end of the record. */
  texts(): readonly string[] {
    const count = this.u16();
    const texts: string[] = [];
    for (let index = 0; index < count; index++) texts.push(this.text());
    return texts;
  }

  /** @returns Keys and values behind their u16 count. @throws {FormatError} At the end of the record. */
  pairs(): readonly KcapPair[] {
    const count = this.u16();
    // As most events have it: nothing to make.
    if (count === 0) return NO_PAIRS;
    const pairs: KcapPair[] = [];
    for (let index = 0; index < count; index++) {
      const key = this.text();
      const value = this.text();
      pairs.push({ key, value });
    }
    return pairs;
  }

  /**
   * @param count How many bytes.
   * @returns A copy of them.
   * @throws {FormatError} At the end of the record.
   */
  copy(count: number): Uint8Array {
    const at = this.take("bytes", count);
    return this.bytes.slice(at, at + count);
  }

  /**
   * @param what What is wrong, as a phrase.
   * @returns The error, with the offset of the next byte.
   */
  fault(what: string): FormatError {
    return new FormatError(what, { format: "kcap", offset: this.offset });
  }

  /**
   * @param what For the error.
   * @param count How many bytes to move past.
   * @returns Where they begin in the buffer.
   * @throws {FormatError} At the end of the record.
   */
  take(what: string, count: number): number {
    const at = this.position;
    if (at + count > this.end) throw this.#overrun(what, count);
    this.position = at + count;
    return at;
  }

  #overrun(what: string, count: number): FormatError {
    return this.fault(
      `${what} of ${count} bytes at byte ${this.offset} leaves the record, of which ${this.remaining} bytes are left`,
    );
  }
}
