const WORDS = [
  "alpha",
  "bravo",
  "charlie",
  "delta",
  "echo",
  "foxtrot",
  "golf",
  "hotel",
];

/**
 * Makes text that packs as well as real logs do; equal sizes give equal text.
 *
 * @param size How many bytes.
 * @returns The bytes of the text.
 */
export function sampleText(size: number): Uint8Array<ArrayBuffer> {
  let state = 1;
  let text = "";
  while (text.length < size) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    text += `${text.length} ${WORDS[state >>> 29]!}=${state >>> 16}\n`;
  }
  return new TextEncoder().encode(text.slice(0, size));
}
