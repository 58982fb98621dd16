const UNITS: Readonly<Record<string, bigint>> = {
  ns: 1n,
  us: 1_000n,
  "µs": 1_000n,
  "μs": 1_000n,
  ms: 1_000_000n,
  s: 1_000_000_000n,
  m: 60_000_000_000n,
  h: 3_600_000_000_000n,
};

const PART_REGEXP = /(\d*)(?:\.(\d*))?(ns|us|µs|μs|ms|s|m|h)/y;
const MAX_DURATION_NS = 2n ** 63n - 1n;

/**
 * Reads a length of time as Go's `time.ParseDuration` does: an optional sign,
 * then numbers each with a unit, such as `25us`, `1.5s`, `-2m3s`; or a plain `0`.
 *
 * @param text The text.
 * @returns Nanoseconds; fractions of one are cut.
 * @throws {SyntaxError} When the text is not a length of time.
 *
 * @example The default back-off of the remote sink
 * ```ts
 * import { parseGoDuration } from "../../src/tracereplay/go_duration.ts";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(parseGoDuration("25us"), 25_000n);
 * ```
 */
export function parseGoDuration(text: string): bigint {
  const isNegative = text.startsWith("-");
  const rest = /^[+-]/.test(text) ? text.slice(1) : text;
  if (rest === "0") return 0n;
  let total = 0n;
  PART_REGEXP.lastIndex = 0;
  while (PART_REGEXP.lastIndex < rest.length) {
    const match = PART_REGEXP.exec(rest);
    const [, whole = "", fraction = "", unit = ""] = match ?? [];
    if (match === null || whole + fraction === "") throw invalid(text);
    const scale = UNITS[unit]!;
    total += BigInt(whole || "0") * scale +
      BigInt(fraction || "0") * scale / 10n ** BigInt(fraction.length);
  }
  if (rest === "" || total > MAX_DURATION_NS) throw invalid(text);
  return isNegative ? -total : total;
}

/**
 * Writes a length of time as Go does in its simplest forms.
 *
 * @param ns Nanoseconds.
 * @returns For example `25µs`, `10ms`, `1500ns`.
 */
export function formatGoDuration(ns: bigint): string {
  for (const unit of ["s", "ms", "µs"]) {
    const scale = UNITS[unit]!;
    if (ns !== 0n && ns % scale === 0n) return `${ns / scale}${unit}`;
  }
  return ns === 0n ? "0s" : `${ns}ns`;
}

function invalid(text: string): SyntaxError {
  return new SyntaxError(
    `Cannot read duration "${text}": expected numbers with units such as 25us, 1.5s or 2m30s`,
  );
}
