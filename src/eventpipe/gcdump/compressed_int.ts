/** Most bytes of a compressed integer. */
export const MAX_COMPRESSED_INT_BYTES = 5;

/** A place in bytes that are read one after the other. */
export interface ByteCursor {
  readonly bytes: Uint8Array;
  at: number;
}

/**
 * Reads an integer of the node table: groups of 7 bits, the highest first, bit 7
 * set on all but the last; bit 6 of the first group is the sign.
 *
 * @param cursor Where to read; moved behind the integer.
 * @returns A 32-bit integer, `undefined` when the bytes end in it.
 */
export function readCompressedInt(cursor: ByteCursor): number | undefined {
  const { bytes } = cursor;
  const first = bytes[cursor.at];
  if (first === undefined) return undefined;
  let value = first << 25 >> 25;
  if (first < 0x80) {
    cursor.at++;
    return value;
  }
  for (let index = 1; index < MAX_COMPRESSED_INT_BYTES; index++) {
    const byte = bytes[cursor.at + index];
    if (byte === undefined) return undefined;
    const isLast = index === MAX_COMPRESSED_INT_BYTES - 1;
    // Nothing can follow the last byte: all its bits count.
    value = (value << 7) + (isLast ? byte : byte & 0x7f) | 0;
    if (byte < 0x80 || isLast) {
      cursor.at += index + 1;
      return value;
    }
  }
  return undefined;
}

/**
 * Writes an integer of the node table in as few bytes as it needs.
 *
 * @param put Gets the bytes one after the other.
 * @param value A 32-bit integer.
 */
export function writeCompressedInt(
  put: (byte: number) => void,
  value: number,
): void {
  for (let groups = 5; groups > 1; groups--) {
    const kept = 7 * (groups - 1);
    // Left out as long as the lower groups alone give the value, sign included.
    if (value << (32 - kept) >> (32 - kept) === value) continue;
    for (let group = groups - 1; group > 0; group--) {
      put((value >> (7 * group)) & 0x7f | 0x80);
    }
    break;
  }
  put(value & 0x7f);
}
