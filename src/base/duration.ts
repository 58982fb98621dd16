const NS_PER_UNIT: Readonly<Record<string, number>> = {
  ns: 1,
  us: 1e3,
  "µs": 1e3,
  ms: 1e6,
  s: 1e9,
  m: 60e9,
  h: 3600e9,
  d: 86_400e9,
};

const PART_REGEXP = /(\d+(?:\.\d+)?)(ns|us|µs|ms|s|m|h|d)/y;

/**
 * Reads a length of time such as `500ms`, `1.5s`, `2m30s`; a bare number means
 * seconds.
 *
 * @param text The text.
 * @returns Nanoseconds, rounded to the nearest integer.
 * @throws {SyntaxError} When the text is not a length of time.
 */
export function parseDurationNs(text: string): number {
  const trimmed = text.trim();
  if (/^\d+(\.\d+)?$/.test(trimmed)) return Math.round(Number(trimmed) * 1e9);
  let total = 0;
  PART_REGEXP.lastIndex = 0;
  while (PART_REGEXP.lastIndex < trimmed.length) {
    const match = PART_REGEXP.exec(trimmed);
    if (match === null) {
      throw new SyntaxError(
        `Cannot read duration "${text}": expected a number with a unit such as 500ms, 1.5s or 2m30s`,
      );
    }
    total += Number(match[1]) * NS_PER_UNIT[match[2]!]!;
  }
  if (trimmed === "") {
    throw new SyntaxError("Cannot read duration: text is empty");
  }
  return Math.round(total);
}

/**
 * Renders a length of time with a unit that people read easily.
 *
 * @param ns Nanoseconds.
 * @returns For example `1.25 s`, `17.3 ms`, `3 µs`, `2 min 5 s`.
 */
export function formatDurationNs(ns: number): string {
  const sign = ns < 0 ? "-" : "";
  const size = Math.abs(ns);
  if (size < 1e3) return `${sign}${Math.round(size)} ns`;
  if (size < 1e6) return `${sign}${shorten(size / 1e3)} µs`;
  if (size < 1e9) return `${sign}${shorten(size / 1e6)} ms`;
  if (size < 120e9) return `${sign}${shorten(size / 1e9)} s`;
  const seconds = Math.round(size / 1e9);
  if (seconds < 7200) {
    return `${sign}${Math.floor(seconds / 60)} min ${seconds % 60} s`;
  }
  return `${sign}${Math.floor(seconds / 3600)} h ${
    Math.floor(seconds / 60) % 60
  } min`;
}

function shorten(value: number): string {
  return String(Number(value.toPrecision(3)));
}
