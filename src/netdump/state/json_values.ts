/** A JSON object of unknown content. */
export type JsonRecord = Readonly<Record<string, unknown>>;

/** @param value Any value. @returns It, if it is an object; else an empty one. */
export function recordOf(value: unknown): JsonRecord {
  return typeof value === "object" && value !== null && !Array.isArray(value)
    ? value as JsonRecord
    : {};
}

/** @param value Any value. @returns The objects in it, if it is a list. */
export function recordsOf(value: unknown): readonly JsonRecord[] {
  return Array.isArray(value)
    ? value.filter((item) =>
      typeof item === "object" && item !== null && !Array.isArray(item)
    )
    : [];
}

/** @param value Any value. @returns It, if it is a text; else an empty one. */
export function stringOf(value: unknown): string {
  return typeof value === "string" ? value : "";
}

/** @param value Any value. @returns The texts in it, if it is a list. */
export function stringsOf(value: unknown): readonly string[] {
  return Array.isArray(value)
    ? value.filter((item) => typeof item === "string")
    : [];
}

/** @param value Any value. @returns It, if it is a finite number; else 0. */
export function countOf(value: unknown): number {
  return typeof value === "number" && Number.isFinite(value) ? value : 0;
}

/** @param value Any value. @returns It, if it is a finite number. */
export function numberOf(value: unknown): number | undefined {
  return typeof value === "number" && Number.isFinite(value)
    ? value
    : undefined;
}

/** @param value Any value. @returns Whether it is true. */
export function isTrue(value: unknown): boolean {
  return value === true;
}

/** @param text JSON text. @returns The value, or `undefined` when it is no JSON. */
export function parseJsonText(text: string): unknown {
  try {
    return JSON.parse(text.replace(/^\ufeff/, ""));
  } catch {
    return undefined;
  }
}
