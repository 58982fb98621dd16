const encoder = new TextEncoder();

/**
 * Tells whether all characters of one text occur in another in the same order.
 *
 * @param text Where they are looked for.
 * @param wanted The characters.
 * @returns Whether they occur; never when there are more bytes of them in UTF-8
 * than of the text.
 */
export function fuzzyMatch(text: string, wanted: string): boolean {
  if (byteLength(wanted) > byteLength(text)) return false;
  const characters = wanted[Symbol.iterator]();
  let next = characters.next();
  if (next.done === true) return true;
  for (const character of text) {
    if (character !== next.value) continue;
    next = characters.next();
    if (next.done === true) return true;
  }
  return false;
}

/**
 * @param text Any text.
 * @returns The text without accents and other marks.
 */
export function withoutMarks(text: string): string {
  return text.normalize("NFD").replace(/\p{Mn}/gu, "").normalize("NFC");
}

function byteLength(text: string): number {
  // deno-lint-ignore no-control-regex
  if (/^[\u0000-\u007f]*$/.test(text)) return text.length;
  return encoder.encode(text).length;
}
