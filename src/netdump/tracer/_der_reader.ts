import { ByteReader } from "../../codec/byte_reader.ts";
import { FormatError } from "../../base/errors.ts";

/** An element of DER. */
export interface DerElement {
  /** First byte: class, constructed bit, number. */
  readonly tag: number;
  /** What it holds. */
  readonly content: Uint8Array;
  /** The element with its header. */
  readonly whole: Uint8Array;
}

/** Tags that certificates are made of. */
export const DER_TAG = {
  boolean: 0x01,
  integer: 0x02,
  bitString: 0x03,
  octetString: 0x04,
  oid: 0x06,
  utf8String: 0x0c,
  printableString: 0x13,
  teletexString: 0x14,
  ia5String: 0x16,
  utcTime: 0x17,
  generalizedTime: 0x18,
  universalString: 0x1c,
  bmpString: 0x1e,
  sequence: 0x30,
  set: 0x31,
} as const;

const MAX_ELEMENTS = 4096;

/**
 * Takes the elements apart that lie one after the other.
 *
 * @param bytes DER.
 * @returns The elements.
 * @throws {FormatError} When a length is malformed.
 * @throws {TruncatedError} When an element exceeds the bytes.
 */
export function readDer(bytes: Uint8Array): DerElement[] {
  const reader = new ByteReader(bytes, { littleEndian: false, format: "DER" });
  const elements: DerElement[] = [];
  while (reader.remaining > 0 && elements.length < MAX_ELEMENTS) {
    const start = reader.position;
    const tag = reader.u8();
    if ((tag & 0x1f) === 0x1f) {
      throw new FormatError(
        `Cannot read DER at byte ${start}: tag has more than one byte`,
        { format: "DER", offset: start },
      );
    }
    let length = reader.u8();
    if (length >= 0x80) {
      const count = length & 0x7f;
      if (count === 0 || count > 4) {
        throw new FormatError(
          `Cannot read DER at byte ${start}: length has ${count} bytes`,
          { format: "DER", offset: start },
        );
      }
      length = 0;
      for (let left = count; left > 0; left--) {
        length = length * 256 + reader.u8();
      }
    }
    const content = reader.bytes(length);
    elements.push({
      tag,
      content,
      whole: bytes.subarray(start, reader.position),
    });
  }
  return elements;
}

/**
 * @param content Content of an object identifier.
 * @returns Its numbers with dots.
 */
export function decodeOid(content: Uint8Array): string {
  const numbers: bigint[] = [];
  let value = 0n;
  for (const byte of content) {
    value = value << 7n | BigInt(byte & 0x7f);
    if (byte >= 0x80) continue;
    if (numbers.length === 0) {
      const first = value < 80n ? value / 40n : 2n;
      numbers.push(first, value - first * 40n);
    } else numbers.push(value);
    value = 0n;
  }
  return numbers.join(".");
}
