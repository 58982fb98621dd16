const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { ignoreBOM: true });

/** Where {@linkcode indexOf} looks. */
export type IndexOrder = "first" | "any" | "last" | "lastany";

/**
 * @param text Where to look.
 * @param wanted A text, or for `any` and `lastany` a set of characters.
 * @param order From which end, and for what.
 * @returns Index in bytes, -1 where there is none.
 */
export function indexOf(
  text: string,
  wanted: string,
  order: IndexOrder,
): number {
  const unit = unitIndexOf(text, wanted, order);
  return unit <= 0 ? unit : encoder.encode(text.slice(0, unit)).length;
}

function unitIndexOf(text: string, wanted: string, order: IndexOrder): number {
  if (order === "first") return text.indexOf(wanted);
  if (order === "last") return text.lastIndexOf(wanted);
  const set = new Set(wanted);
  let found = -1;
  let at = 0;
  for (const character of text) {
    if (set.has(character)) {
      if (order === "any") return at;
      found = at;
    }
    at += character.length;
  }
  return found;
}

/**
 * @param text A text.
 * @param start First byte.
 * @param end First byte behind, the end of the text by default.
 * @returns These bytes as text; the whole text when they are not all within it.
 */
export function subText(
  text: string,
  start: number,
  end: number | undefined,
): string {
  const bytes = encoder.encode(text);
  const last = end ?? bytes.length;
  if (start < 0 || start >= bytes.length || last < start) return text;
  if (end !== undefined && end >= bytes.length) return text;
  return decoder.decode(bytes.subarray(start, last));
}

/**
 * Computes the Shannon entropy of a text as Fibratus does: bits per character,
 * shares being of the bytes, rounded up, times the bytes.
 *
 * @param text A text.
 * @returns Bits.
 */
export function shannonEntropy(text: string): number {
  const bytes = encoder.encode(text).length;
  const counts = new Map<string, number>();
  for (const character of text) {
    counts.set(character, (counts.get(character) ?? 0) + 1);
  }
  let bits = 0;
  for (const count of counts.values()) {
    const share = count / bytes;
    bits -= share * Math.log2(share);
  }
  return Math.ceil(bits) * bytes;
}

/**
 * @param text A text.
 * @param separator What stands between parts; an empty one cuts into characters.
 * @returns The parts.
 */
export function splitText(text: string, separator: string): readonly string[] {
  return separator === "" ? Array.from(text) : text.split(separator);
}
