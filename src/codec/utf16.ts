const UNITS_PER_CALL = 4096;

/** Code units of the piece that is being decoded: reused, as an array per text costs more than the text. */
const units: number[] = [];

/**
 * Decodes UTF-16LE; unpaired surrogates and a byte order mark survive, which
 * `TextDecoder` would replace or drop.
 *
 * @param bytes The code units; an odd last byte is left out.
 * @returns The text.
 */
export function decodeUtf16le(bytes: Uint8Array): string {
  const count = bytes.length >> 1;
  if (count <= UNITS_PER_CALL) return decodeUnits(bytes, 0, count);
  let text = "";
  for (let start = 0; start < count; start += UNITS_PER_CALL) {
    text += decodeUnits(bytes, start, Math.min(UNITS_PER_CALL, count - start));
  }
  return text;
}

function decodeUnits(bytes: Uint8Array, start: number, count: number): string {
  units.length = count;
  let at = 2 * start;
  for (let index = 0; index < count; index++) {
    units[index] = bytes[at]! | (bytes[at + 1]! << 8);
    at += 2;
  }
  return String.fromCharCode.apply(null, units);
}

/**
 * Encodes UTF-16LE, unpaired surrogates as they are.
 *
 * @param text The text.
 * @returns Two bytes per code unit, without terminator or byte order mark.
 */
export function encodeUtf16le(text: string): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(text.length * 2);
  for (let index = 0; index < text.length; index++) {
    const unit = text.charCodeAt(index);
    bytes[2 * index] = unit & 0xff;
    bytes[2 * index + 1] = unit >> 8;
  }
  return bytes;
}
