interface RawJson {
  rawJSON(text: string): unknown;
}

/**
 * Renders a value as JSON; 64-bit integers become number tokens, byte arrays
 * lower-case hexadecimal strings, and non-finite numbers the strings `NaN`,
 * `Infinity` and `-Infinity`.
 *
 * @param value Any value that JSON can hold, with `bigint` and `Uint8Array` in it.
 * @param space Indentation as of `JSON.stringify`.
 * @returns The text, without a line break at the end.
 */
export function toJsonText(value: unknown, space?: number | string): string {
  return JSON.stringify(value, replaceWide, space);
}

function replaceWide(this: unknown, _key: string, value: unknown): unknown {
  switch (typeof value) {
    case "bigint":
      return (JSON as unknown as RawJson).rawJSON(String(value));
    case "number":
      return Number.isFinite(value) ? value : String(value);
    case "object":
      return value instanceof Uint8Array ? value.toHex() : value;
    default:
      return value;
  }
}
