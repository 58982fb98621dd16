import { FormatError } from "../../base/errors.ts";
import { ByteReader } from "../../codec/byte_reader.ts";
import { decodeFastString } from "./fast_strings.ts";

/** Short name of the format, for errors. */
export const FORMAT = "gcdump";

/** Marks in front of what is serialized. */
export const TAG = {
  null: 1,
  reference: 2,
  begin: 4,
  beginPrivate: 5,
  end: 6,
  byte: 8,
  int16: 9,
  int32: 10,
  int64: 11,
  region: 12,
  text: 13,
  blob: 14,
} as const;

/** The type of a serialized object. */
export interface FastType {
  readonly name: string;
  /** Version of what wrote it. */
  readonly version: number;
  /** Lowest version of a reader that understands it. */
  readonly minVersion: number;
}

/** Reads the framing that all serialized objects share. */
export class FastReader {
  readonly #bytes: Uint8Array;
  readonly #reader: ByteReader;
  readonly #types = new Map<number, FastType>();

  /** @param bytes The whole file. */
  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.#reader = new ByteReader(bytes, {
      littleEndian: true,
      format: FORMAT,
    });
  }

  /** Numbers and bytes as they are. */
  get numbers(): ByteReader {
    return this.#reader;
  }

  /** @returns A 64-bit number, exact up to 2^53. */
  long(): number {
    return Number(this.#reader.i64());
  }

  /**
   * Reads how many entries follow.
   *
   * @param what What is counted, for errors.
   * @param minBytes Bytes that an entry needs at least.
   * @returns The number.
   * @throws {FormatError} When that many cannot follow.
   */
  count(what: string, minBytes: number): number {
    const { offset } = this.#reader;
    const count = this.#reader.i32();
    if (count < 0 || count * minBytes > this.#reader.remaining) {
      throw new FormatError(
        `Cannot read ${FORMAT} ${what} at byte ${offset}: count is ${count}, ${this.#reader.remaining} bytes are left`,
        { format: FORMAT, offset, record: what },
      );
    }
    return count;
  }

  /** @param what What it is, for errors. @returns A text, `undefined` for none. */
  text(what: string): string | undefined {
    const { offset } = this.#reader;
    const units = this.#reader.i32();
    if (units === -1) return undefined;
    const decoded = units < 0 || units > this.#reader.remaining
      ? undefined
      : decodeFastString(this.#bytes, this.#reader.position, units);
    if (decoded === undefined) {
      throw new FormatError(
        `Cannot read ${FORMAT} ${what} at byte ${offset}: ${units} characters are not there`,
        { format: FORMAT, offset, record: what },
      );
    }
    this.#reader.seek(decoded.end);
    return decoded.text;
  }

  /**
   * Reads an object.
   *
   * @param names Types that are understood.
   * @param read Reads the fields that are known; what follows them is left out.
   * @returns What `read` made of it, `undefined` for no object.
   * @throws {FormatError} When it is of another type, or only later readers understand it.
   */
  object<T>(
    names: readonly string[],
    read: (type: FastType) => T,
  ): T | undefined {
    const tag = this.#reader.u8();
    if (tag === TAG.null) return undefined;
    if (tag !== TAG.begin && tag !== TAG.beginPrivate) {
      throw this.#unexpected(tag, names[0]!);
    }
    const { offset } = this.#reader;
    const type = this.#type();
    if (!names.includes(type.name)) {
      throw new FormatError(
        `Cannot read ${FORMAT} object at byte ${offset}: type is "${type.name}", expected ${
          names[0]
        }`,
        { format: FORMAT, offset, record: type.name },
      );
    }
    const value = read(type);
    this.#skipExtras(type.name);
    return value;
  }

  /** @returns Whether the next byte is the given mark, which is then read. */
  take(tag: number): boolean {
    const { position } = this.#reader;
    if (this.#bytes[position] !== tag) return false;
    this.#reader.seek(position + 1);
    return true;
  }

  /** Leaves out a region that says where it ends; its mark was read. */
  skipRegion(): void {
    const { offset } = this.#reader;
    const index = this.#reader.i32();
    const end = this.#forwardReference(index);
    if (
      end === undefined || end < this.#reader.position ||
      end > this.#bytes.length
    ) {
      throw new FormatError(
        `Cannot read ${FORMAT} region at byte ${offset}: its end is not known`,
        { format: FORMAT, offset },
      );
    }
    this.#reader.seek(end);
  }

  #type(): FastType {
    const at = this.#reader.position;
    const tag = this.#reader.u8();
    if (tag === TAG.reference) {
      const label = this.#reader.u32();
      const type = this.#types.get(label);
      if (type !== undefined) return type;
      throw new FormatError(
        `Cannot read ${FORMAT} type at byte ${at}: no type is at byte ${label}`,
        { format: FORMAT, offset: at },
      );
    }
    if (tag !== TAG.begin && tag !== TAG.beginPrivate) {
      throw this.#unexpected(tag, "type");
    }
    const inner = this.#reader.u8();
    if (inner !== TAG.null) throw this.#unexpected(inner, "type of a type");
    const version = this.#reader.i32();
    const minVersion = this.#reader.i32();
    const name = this.text("type name") ?? "";
    const end = this.#reader.u8();
    if (end !== TAG.end) throw this.#unexpected(end, "end of a type");
    const type = { name, version, minVersion };
    this.#types.set(at, type);
    return type;
  }

  /** Leaves out what later versions added to an object, up to its end. */
  #skipExtras(name: string): void {
    for (;;) {
      const tag = this.#reader.u8();
      switch (tag) {
        case TAG.end:
          return;
        case TAG.byte:
          this.#reader.skip(1);
          break;
        case TAG.int16:
          this.#reader.skip(2);
          break;
        case TAG.int32:
          this.#reader.skip(4);
          break;
        case TAG.int64:
          this.#reader.skip(8);
          break;
        case TAG.region:
          this.skipRegion();
          break;
        case TAG.text:
          this.text("added text");
          break;
        case TAG.blob:
          this.#reader.skip(this.count("added bytes", 1));
          break;
        default:
          throw this.#unexpected(tag, `end of ${name}`);
      }
    }
  }

  /** Ends of regions lie in a table at the end of the file. */
  #forwardReference(index: number): number | undefined {
    const view = new DataView(
      this.#bytes.buffer,
      this.#bytes.byteOffset,
      this.#bytes.byteLength,
    );
    const at = (offset: number) =>
      offset >= 0 && offset + 4 <= view.byteLength
        ? view.getUint32(offset, true)
        : undefined;
    const trailer = at(view.byteLength - 4);
    const table = trailer === undefined ? undefined : at(trailer);
    const count = table === undefined ? undefined : at(table);
    if (table === undefined || count === undefined) return undefined;
    return index >= 0 && index < count ? at(table + 4 + index * 4) : undefined;
  }

  #unexpected(tag: number, what: string): FormatError {
    const offset = this.#reader.offset - 1;
    return new FormatError(
      `Cannot read ${FORMAT} ${what} at byte ${offset}: mark is ${tag}`,
      { format: FORMAT, offset },
    );
  }
}
