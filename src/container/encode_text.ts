/** Output is collected up to about this size: one large write beats many small ones. */
const CHUNK_CHARACTERS = 64 * 1024;

const encoder = new TextEncoder();

/**
 * Encodes text in pieces that are worth a write.
 *
 * @param parts Text in any pieces; line breaks are the caller's.
 * @returns The same text as UTF-8, in pieces of about 64 KiB.
 */
export function* encodeText(
  parts: Iterable<string>,
): Generator<Uint8Array<ArrayBuffer>, void, undefined> {
  let text = "";
  for (const part of parts) {
    text += part;
    if (text.length < CHUNK_CHARACTERS) continue;
    yield encoder.encode(text);
    text = "";
  }
  if (text !== "") yield encoder.encode(text);
}
