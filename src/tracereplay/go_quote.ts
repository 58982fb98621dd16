const SHORT_ESCAPES: Readonly<Record<string, string>> = {
  "\x07": "\\a",
  "\b": "\\b",
  "\f": "\\f",
  "\n": "\\n",
  "\r": "\\r",
  "\t": "\\t",
  "\v": "\\v",
  '"': '\\"',
  "\\": "\\\\",
};

/** What Go prints as it is: letters, marks, numbers, punctuation, symbols, the plain space. */
const PRINTABLE_REGEXP = /^[\p{L}\p{M}\p{N}\p{P}\p{S} ]$/u;

/**
 * Quotes text as Go's `%q` does, which gVisor's tools use for paths.
 *
 * @param text The text.
 * @returns It in double quotes, with escapes for what cannot be printed.
 *
 * @example A path with a line break
 * ```ts
 * import { quoteGo } from "../../src/tracereplay/go_quote.ts";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(quoteGo("/tmp/a\nb"), '"/tmp/a\\nb"');
 * ```
 */
export function quoteGo(text: string): string {
  let quoted = '"';
  for (const character of text) {
    quoted += SHORT_ESCAPES[character] ?? escapeGo(character);
  }
  return `${quoted}"`;
}

function escapeGo(character: string): string {
  if (PRINTABLE_REGEXP.test(character)) return character;
  const code = character.codePointAt(0)!;
  const hex = code.toString(16);
  if (code < 0x80) return `\\x${hex.padStart(2, "0")}`;
  return code < 0x10000
    ? `\\u${hex.padStart(4, "0")}`
    : `\\U${hex.padStart(8, "0")}`;
}
