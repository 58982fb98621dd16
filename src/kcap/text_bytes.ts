const strictDecoder = new TextDecoder("utf-8", {
  fatal: true,
  ignoreBOM: true,
});
/** Bytes that are not UTF-8 become lone surrogates from here on. */
const ESCAPE_BASE = 0xdc00;

/**
 * Decodes UTF-8 so that every byte sequence survives: a byte that does not
 * belong to a character becomes the lone surrogate U+DC00 + byte, which no
 * valid text contains.
 *
 * @param bytes The text.
 * @returns The text; well formed exactly when the bytes were.
 */
export function decodeTextBytes(bytes: Uint8Array): string {
  try {
    return strictDecoder.decode(bytes);
  } catch {
    return decodeDamaged(bytes);
  }
}

function decodeDamaged(bytes: Uint8Array): string {
  let text = "";
  /** End of what was decoded. */
  let from = 0;
  let at = 0;
  while (at < bytes.length) {
    const length = characterLength(bytes, at);
    if (length > 0) at += length;
    else {
      text += strictDecoder.decode(bytes.subarray(from, at)) +
        String.fromCharCode(ESCAPE_BASE + bytes[at]!);
      at++;
      from = at;
    }
  }
  return text + strictDecoder.decode(bytes.subarray(from));
}

/** Length of the character at `at`, 0 when there is none. */
function characterLength(bytes: Uint8Array, at: number): number {
  const lead = bytes[at]!;
  if (lead < 0x80) return 1;
  const length = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
  if (lead < 0xc2 || lead > 0xf4 || at + length > bytes.length) return 0;
  for (let index = 1; index < length; index++) {
    if ((bytes[at + index]! & 0xc0) !== 0x80) return 0;
  }
  const second = bytes[at + 1]!;
  // Overlong forms, surrogates, and what lies beyond U+10FFFF.
  if (lead === 0xe0 && second < 0xa0) return 0;
  if (lead === 0xed && second > 0x9f) return 0;
  if (lead === 0xf0 && second < 0x90) return 0;
  if (lead === 0xf4 && second > 0x8f) return 0;
  return length;
}

const encoder = new TextEncoder();

/**
 * Encodes text that {@linkcode decodeTextBytes} made, or any other.
 *
 * @param text The text; lone surrogates that stand for no byte become U+FFFD.
 * @returns The bytes.
 */
export function encodeTextBytes(text: string): Uint8Array {
  if (text.isWellFormed()) return encoder.encode(text);
  const parts: Uint8Array[] = [];
  let from = 0;
  for (let index = 0; index < text.length; index++) {
    const unit = text.charCodeAt(index);
    if (unit >= 0xd800 && unit < 0xdc00 && isLow(text.charCodeAt(index + 1))) {
      index++;
    } else if (unit >= ESCAPE_BASE + 0x80 && unit <= ESCAPE_BASE + 0xff) {
      parts.push(encoder.encode(text.slice(from, index)));
      parts.push(Uint8Array.of(unit - ESCAPE_BASE));
      from = index + 1;
    }
  }
  parts.push(encoder.encode(text.slice(from)));
  const bytes = new Uint8Array(
    parts.reduce((sum, part) => sum + part.length, 0),
  );
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}

function isLow(unit: number): boolean {
  return unit >= 0xdc00 && unit <= 0xdfff;
}
