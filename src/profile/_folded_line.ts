/** Digits of a number that is worth looking at. */
const MAX_NUMBER_LENGTH = 32;
const NUMBER_REGEXP = /^[+-]?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?$/;

/** @returns Whether a line holds no stack: it is empty or a comment. */
export function isSkipped(line: string): boolean {
  return line.startsWith("#") || line.trim() === "";
}

/** Reads frames joined by `;`, white space, a number; frames may hold spaces, so from the end. */
export function parseLine(
  line: string,
): { stack: string; value: number } | undefined {
  const text = line.trimEnd();
  const at = Math.max(text.lastIndexOf(" "), text.lastIndexOf("\t"));
  if (at < 0 || text.length - at > MAX_NUMBER_LENGTH) return undefined;
  const number = text.slice(at + 1);
  const value = Number(number);
  if (!NUMBER_REGEXP.test(number) || !Number.isFinite(value)) return undefined;
  return { stack: text.slice(0, at).trimEnd(), value };
}
