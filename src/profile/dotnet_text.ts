/**
 * Formats a number as .NET does: shortest text that gives the same number,
 * with an exponent below 1E-04 and from 1E+15 on.
 *
 * @param value A finite number.
 * @returns For example `0.5`, `12`, `1E-05`, `1.5E+20`.
 */
export function formatDotnetNumber(value: number): string {
  if (value === 0) return Object.is(value, -0) ? "-0" : "0";
  const size = Math.abs(value);
  // JavaScript has the same digits and needs no exponent in between.
  if (size >= 1e-4 && size < 1e15) return String(value);
  const [digits, exponent] = value.toExponential().split("e") as [
    string,
    string,
  ];
  return `${digits}E${exponent[0]}${exponent.slice(1).padStart(2, "0")}`;
}

const SHORT_ESCAPES: Readonly<Record<string, string>> = {
  '"': '\\"',
  "\\": "\\\\",
  "\b": "\\b",
  "\f": "\\f",
  "\n": "\\n",
  "\r": "\\r",
  "\t": "\\t",
};
// deno-lint-ignore no-control-regex
const ESCAPED_REGEXP = /["\\\u0000-\u001f<>'&\u0085\u2028\u2029]/g;

/**
 * Escapes text for JSON as dotnet-trace does, which is safe inside HTML.
 *
 * @param text Any text.
 * @returns The text between the quotes.
 */
export function escapeDotnetJson(text: string): string {
  return text.replace(
    ESCAPED_REGEXP,
    (unit) =>
      SHORT_ESCAPES[unit] ??
        `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}
