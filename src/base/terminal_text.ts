// C0, DEL, C1, bidirectional controls, line separators and lone surrogates: what a
// capture could use to move the cursor, recolour or reorder what is on the screen.
const UNSAFE_REGEXP =
  // deno-lint-ignore no-control-regex
  /[\u0000-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff]|[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g;

/**
 * Makes text from a capture safe to show on a terminal: control characters,
 * bidirectional marks and lone surrogates become `\uXXXX` escapes, tab and line
 * breaks `\t`, `\n` and `\r`.
 *
 * @param text Text of unknown origin.
 * @returns The text on one line.
 */
export function escapeForTerminal(text: string): string {
  return text.replace(UNSAFE_REGEXP, (unit) => {
    switch (unit) {
      case "\t":
        return "\\t";
      case "\n":
        return "\\n";
      case "\r":
        return "\\r";
      default:
        return `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`;
    }
  });
}
