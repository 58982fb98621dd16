/** Values as Go prints them. */
export type GoJson =
  | string
  | number
  | boolean
  | null
  | readonly GoJson[]
  | { readonly [key: string]: GoJson };

/** A time that was never set. */
export const GO_ZERO_TIME = "0001-01-01T00:00:00Z";

/**
 * Writes JSON as EVE's files have it: keys sorted by byte value, no blanks,
 * `<`, `>` and `&` escaped.
 *
 * @param value The value.
 * @returns The text, without a line break at the end.
 */
export function formatGoJson(value: GoJson): string {
  const text = JSON.stringify(sortKeys(value));
  return text.replace(
    /[<>&\u2028\u2029]/g,
    (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

function sortKeys(value: GoJson): GoJson {
  if (Array.isArray(value)) return value.map(sortKeys);
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value as Readonly<Record<string, GoJson>>);
  return Object.fromEntries(
    entries.sort(([a], [b]) => a < b ? -1 : 1)
      .map(([key, member]) => [key, sortKeys(member)]),
  );
}
