const UNITS_PER_CALL = 4096;
const hostIsLittleEndian = new Uint8Array(new Uint16Array([1]).buffer)[0] === 1;

/**
 * Decodes UTF-16LE; unpaired surrogates and a byte order mark survive, which
 * `TextDecoder` would replace or drop.
 *
 * @param bytes The code units; an odd last byte is left out.
 * @returns The text.
 */
export function decodeUtf16le(bytes: Uint8Array): string {
  const count = bytes.length >> 1;
  let units: Uint16Array;
  if (hostIsLittleEndian && (bytes.byteOffset & 1) === 0) {
    units = new Uint16Array(bytes.buffer, bytes.byteOffset, count);
  } else {
    units = new Uint16Array(count);
    for (let index = 0; index < count; index++) {
      units[index] = bytes[2 * index]! | (bytes[2 * index + 1]! << 8);
    }
  }
  if (count <= UNITS_PER_CALL) {
    return String.fromCharCode.apply(null, units as unknown as number[]);
  }
  let text = "";
  for (let start = 0; start < count; start += UNITS_PER_CALL) {
    const part = units.subarray(start, start + UNITS_PER_CALL);
    text += String.fromCharCode.apply(null, part as unknown as number[]);
  }
  return text;
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
