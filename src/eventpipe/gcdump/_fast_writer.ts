import { ByteWriter } from "../../codec/byte_writer.ts";
import { TAG } from "./_fast_reader.ts";
import type { FastType } from "./_fast_reader.ts";
import { encodeFastString } from "./fast_strings.ts";

const HEADER_TEXT = "!FastSerialization.1";

/** Writes the framing that all serialized objects share. */
export class FastWriter {
  /** Numbers and bytes as they are. */
  readonly numbers: ByteWriter;
  readonly #types = new Map<string, number>();
  readonly #ends: number[] = [];

  /** @param capacity Bytes to reserve at first. */
  constructor(capacity: number) {
    this.numbers = new ByteWriter({
      littleEndian: true,
      initialCapacity: capacity,
    });
    this.text(HEADER_TEXT);
  }

  /** @param value A whole number up to 2^53. */
  long(value: number): void {
    this.numbers.i64(BigInt(Math.trunc(value)));
  }

  /** @param text A text, or `undefined` for none. */
  text(text: string | undefined): void {
    this.numbers.i32(text === undefined ? -1 : text.length);
    if (text !== undefined) this.numbers.bytes(encodeFastString(text));
  }

  /**
   * Writes an object.
   *
   * @param type Its type.
   * @param write Writes its fields; `undefined` for no object.
   */
  object(type: FastType, write: (() => void) | undefined): void {
    if (write === undefined) {
      this.numbers.u8(TAG.null);
      return;
    }
    this.numbers.u8(TAG.begin);
    const label = this.#types.get(type.name);
    if (label !== undefined) {
      this.numbers.u8(TAG.reference);
      this.numbers.u32(label);
    } else {
      this.#types.set(type.name, this.numbers.length);
      this.numbers.u8(TAG.begin);
      this.numbers.u8(TAG.null);
      this.numbers.i32(type.version);
      this.numbers.i32(type.minVersion);
      this.text(type.name);
      this.numbers.u8(TAG.end);
    }
    write();
    this.numbers.u8(TAG.end);
  }

  /** @param write Writes what readers can leave out. */
  region(write: () => void): void {
    this.numbers.u8(TAG.region);
    const index = this.#ends.length;
    this.#ends.push(0);
    this.numbers.i32(index);
    write();
    this.#ends[index] = this.numbers.length;
  }

  /** @returns The file; call it after the one object that it holds. */
  finish(): Uint8Array<ArrayBuffer> {
    const { numbers } = this;
    numbers.u8(TAG.end);
    const table = numbers.length;
    numbers.i32(this.#ends.length);
    for (const end of this.#ends) numbers.u32(end);
    const trailer = numbers.length;
    numbers.u32(table);
    numbers.u32(trailer);
    return numbers.view();
  }
}
