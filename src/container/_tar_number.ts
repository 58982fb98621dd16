/**
 * Reads a number of a tar header: octal digits between blanks and NULs, or
 * base-256, which the top bit announces.
 *
 * @param field The bytes of the field.
 * @returns The number, at most 2^53 - 1 away from 0 to be exact; 0 for an empty
 * field, `undefined` for anything else.
 */
export function readTarNumber(field: Uint8Array): number | undefined {
  const first = field[0] ?? 0;
  if (first >= 0x80) return readBase256(field);
  let value = 0;
  let digits = 0;
  let ended = false;
  for (const byte of field) {
    if (byte === 0x20 || byte === 0) {
      ended = digits > 0 || byte === 0;
      continue;
    }
    if (ended || byte < 0x30 || byte > 0x37) return undefined;
    value = value * 8 + byte - 0x30;
    digits++;
  }
  return value;
}

function readBase256(field: Uint8Array): number {
  const negative = (field[0]! & 0x40) !== 0;
  // The top bit is the mark, the next one the sign of a two's complement.
  let value = BigInt(field[0]! & 0x7f);
  for (const byte of field.subarray(1)) value = value << 8n | BigInt(byte);
  const bits = BigInt(field.length * 8 - 1);
  return Number(negative ? value - (1n << bits) : value);
}

/**
 * Writes a number of a tar header: octal digits and a NUL, or base-256 where
 * these cannot hold it.
 *
 * @param field Where to; filled entirely.
 * @param value An integer.
 * @returns Whether octal digits were enough.
 */
export function writeTarNumber(field: Uint8Array, value: number): boolean {
  const digits = field.length - 1;
  if (value >= 0 && value < 8 ** digits) {
    const text = value.toString(8).padStart(digits, "0");
    for (let at = 0; at < digits; at++) field[at] = text.charCodeAt(at);
    field[digits] = 0;
    return true;
  }
  let rest = BigInt(value);
  for (let at = field.length - 1; at >= 0; at--) {
    field[at] = Number(rest & 0xffn);
    rest >>= 8n;
  }
  field[0]! |= 0x80;
  return false;
}

/**
 * Sums up a header as its checksum does.
 *
 * @param block 512 bytes.
 * @returns The sum of all bytes, those of the checksum itself taken as blanks;
 * `signed` is what old writers with signed bytes get.
 */
export function sumTarHeader(
  block: Uint8Array,
): { readonly unsigned: number; readonly signed: number } {
  let unsigned = 0;
  let signed = 0;
  for (let at = 0; at < 512; at++) {
    const byte = at >= 148 && at < 156 ? 0x20 : block[at]!;
    unsigned += byte;
    signed += byte > 127 ? byte - 256 : byte;
  }
  return { unsigned, signed };
}
