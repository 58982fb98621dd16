/**
 * Decodes a string of the serialization format: each UTF-16 unit as one to three
 * bytes in the manner of UTF-8. Pairs of surrogates are two times three bytes,
 * which no UTF-8 decoder takes.
 *
 * @param bytes Where to read.
 * @param start First byte.
 * @param units Number of UTF-16 units.
 * @returns The text and the byte behind it, `undefined` when the bytes end in it or are none.
 */
export function decodeFastString(
  bytes: Uint8Array,
  start: number,
  units: number,
): { readonly text: string; readonly end: number } | undefined {
  let at = start;
  const parts: string[] = [];
  let codes: number[] = [];
  for (let index = 0; index < units; index++) {
    const byte = bytes[at];
    if (byte === undefined) return undefined;
    if (byte < 0x80) {
      codes.push(byte);
      at++;
    } else if ((byte & 0xe0) === 0xc0) {
      const next = bytes[at + 1];
      if (next === undefined) return undefined;
      codes.push((byte & 0x1f) << 6 | next & 0x3f);
      at += 2;
    } else if ((byte & 0xf0) === 0xe0) {
      const next = bytes[at + 1];
      const last = bytes[at + 2];
      if (next === undefined || last === undefined) return undefined;
      codes.push((byte & 0x0f) << 12 | (next & 0x3f) << 6 | last & 0x3f);
      at += 3;
    } else {
      return undefined;
    }
    if (codes.length === 4096) {
      parts.push(String.fromCharCode(...codes));
      codes = [];
    }
  }
  parts.push(String.fromCharCode(...codes));
  return { text: parts.join(""), end: at };
}

/**
 * Encodes a string for the serialization format.
 *
 * @param text Any text, lone surrogates included.
 * @returns Its bytes, without the number of units.
 */
export function encodeFastString(text: string): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(text.length * 3);
  let at = 0;
  for (let index = 0; index < text.length; index++) {
    const unit = text.charCodeAt(index);
    if (unit < 0x80) {
      bytes[at++] = unit;
    } else if (unit < 0x800) {
      bytes[at++] = 0xc0 | unit >> 6;
      bytes[at++] = 0x80 | unit & 0x3f;
    } else {
      bytes[at++] = 0xe0 | unit >> 12;
      bytes[at++] = 0x80 | unit >> 6 & 0x3f;
      bytes[at++] = 0x80 | unit & 0x3f;
    }
  }
  return bytes.slice(0, at);
}
