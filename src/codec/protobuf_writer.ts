import { ByteWriter } from "./byte_writer.ts";

const VARINT = 0;
const FIXED64 = 1;
const LENGTH_DELIMITED = 2;
const FIXED32 = 5;

/**
 * Writes protobuf messages by hand-written field calls.
 *
 * Fields are written in the order of the calls. As in proto3, a zero, an empty
 * string, an empty byte range and an empty list write nothing, so that equal
 * values give equal bytes.
 *
 * @example A message in a message
 * ```ts
 * import { ProtobufWriter } from "../../src/codec/protobuf_writer.ts";
 * import { assertEquals } from "@std/assert";
 *
 * const writer = new ProtobufWriter();
 * writer.uint(1, 150);
 * writer.message(2, (inner) => inner.string(1, "hi"));
 * assertEquals(writer.view().toHex(), "08960112040a026869");
 * ```
 */
export class ProtobufWriter {
  readonly #out = new ByteWriter({ littleEndian: true });

  /** Bytes written so far. */
  get length(): number {
    return this.#out.length;
  }

  /** @returns The message, as a view that is valid until the next write. */
  view(): Uint8Array<ArrayBuffer> {
    return this.#out.view();
  }

  /** @returns A copy of the message. */
  toBytes(): Uint8Array<ArrayBuffer> {
    return this.#out.toBytes();
  }

  /** Forgets what was written and keeps the buffer. */
  clear(): void {
    this.#out.clear();
  }

  /**
   * Writes `uint32`, `uint64` or `enum`.
   *
   * @param field Field number.
   * @param value From 0 to 2^64 - 1.
   */
  uint(field: number, value: number | bigint): void {
    if (value === 0 || value === 0n) return;
    this.#out.varuint(field * 8 + VARINT);
    this.#out.varuint(value);
  }

  /**
   * Writes `int32` or `int64`; negative numbers take ten bytes.
   *
   * @param field Field number.
   * @param value From -2^63 to 2^63 - 1.
   */
  int(field: number, value: number | bigint): void {
    this.uint(field, value < 0 ? BigInt.asUintN(64, BigInt(value)) : value);
  }

  /**
   * Writes `sint32` or `sint64` (zigzag).
   *
   * @param field Field number.
   * @param value From -2^63 to 2^63 - 1.
   */
  sint(field: number, value: bigint): void {
    this.uint(field, BigInt.asUintN(64, (value << 1n) ^ (value >> 63n)));
  }

  /**
   * Writes `bool`.
   *
   * @param field Field number.
   * @param value False writes nothing.
   */
  bool(field: number, value: boolean): void {
    this.uint(field, value ? 1 : 0);
  }

  /**
   * Writes `double`.
   *
   * @param field Field number.
   * @param value Positive zero writes nothing.
   */
  double(field: number, value: number): void {
    if (Object.is(value, 0)) return;
    this.#out.varuint(field * 8 + FIXED64);
    this.#out.f64(value);
  }

  /**
   * Writes `fixed64`.
   *
   * @param field Field number.
   * @param value From 0 to 2^64 - 1.
   */
  fixed64(field: number, value: bigint): void {
    if (value === 0n) return;
    this.#out.varuint(field * 8 + FIXED64);
    this.#out.u64(value);
  }

  /**
   * Writes `fixed32`.
   *
   * @param field Field number.
   * @param value From 0 to 2^32 - 1.
   */
  fixed32(field: number, value: number): void {
    if (value === 0) return;
    this.#out.varuint(field * 8 + FIXED32);
    this.#out.u32(value);
  }

  /**
   * Writes `string`.
   *
   * @param field Field number.
   * @param value An empty string writes nothing; see {@linkcode ProtobufWriter.element}.
   */
  string(field: number, value: string): void {
    if (value !== "") this.element(field, value);
  }

  /**
   * Writes `bytes`.
   *
   * @param field Field number.
   * @param value An empty range writes nothing; see {@linkcode ProtobufWriter.element}.
   */
  bytes(field: number, value: Uint8Array): void {
    if (value.length > 0) this.element(field, value);
  }

  /**
   * Writes one element of a repeated `string` or `bytes` field, empty or not.
   *
   * @param field Field number.
   * @param value The element.
   */
  element(field: number, value: string | Uint8Array): void {
    this.#out.varuint(field * 8 + LENGTH_DELIMITED);
    if (typeof value !== "string") {
      this.#out.varuint(value.length);
      this.#out.bytes(value);
      return;
    }
    this.#lengthPrefixed(() => this.#out.utf8(value));
  }

  /**
   * Writes a message, empty or not.
   *
   * @param field Field number.
   * @param write Writes the message's fields to this same writer.
   */
  message(field: number, write: (writer: this) => void): void {
    this.#out.varuint(field * 8 + LENGTH_DELIMITED);
    this.#lengthPrefixed(() => write(this));
  }

  /**
   * Writes a packed repeated field of `uint32`, `uint64`, `int32`, `int64` or
   * `enum`.
   *
   * @param field Field number.
   * @param values An empty list writes nothing.
   */
  packed(field: number, values: Iterable<number | bigint>): void {
    const tagAt = this.#out.length;
    this.#out.varuint(field * 8 + LENGTH_DELIMITED);
    const wrote = this.#lengthPrefixed(() => {
      for (const value of values) {
        this.#out.varuint(
          value < 0 ? BigInt.asUintN(64, BigInt(value)) : value,
        );
      }
    });
    if (!wrote) this.#out.truncate(tagAt);
  }

  /**
   * Writes raw bytes that already are encoded fields, such as unknown fields
   * that were kept.
   *
   * @param fields Whole fields with their tags.
   */
  raw(fields: Uint8Array): void {
    this.#out.bytes(fields);
  }

  /** Reserves one byte for the length and moves the content when it needs more. */
  #lengthPrefixed(write: () => void): boolean {
    const lengthAt = this.#out.length;
    this.#out.u8(0);
    write();
    const size = this.#out.length - lengthAt - 1;
    this.#out.varuintAt(lengthAt, size);
    return size > 0;
  }
}
