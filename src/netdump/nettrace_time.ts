import { parseUnixNs } from "../base/time.ts";
import type { UnixNs } from "../base/time.ts";
import { UNDEFINED_TIME } from "./nettrace_types.ts";
import type { TraceTime } from "./nettrace_types.ts";

/** Relative times have 32 bits: they wrap after 49.7 days. */
const WRAP_MS = 0x1_0000_0000;

const RELATIVE_REGEXP = /^[+-](\d+)ms$/;
const ABSOLUTE_REGEXP =
  /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d{1,9})?(Z|[+-]\d{2}:\d{2})$/;

/**
 * Reads a time stamp of a network trace.
 *
 * @param text `+12ms`, an RFC 3339 moment, `undefined` or nothing.
 * @returns The time. A minus sign is ignored, as EVE does.
 * @throws {SyntaxError} When the text is none of these.
 */
export function parseTraceTime(text: string): TraceTime {
  if (text === "" || text === "undefined") return UNDEFINED_TIME;
  const relative = RELATIVE_REGEXP.exec(text);
  if (relative !== null) {
    const ms = Number(relative[1]);
    if (ms < WRAP_MS) return { type: "relative", ms };
  } else if (ABSOLUTE_REGEXP.test(text) && isMoment(text)) {
    return { type: "absolute", text };
  }
  throw new SyntaxError(
    `Cannot read time ${
      JSON.stringify(text)
    }: expected +<milliseconds>ms of 32 bits, RFC 3339 or "undefined"`,
  );
}

/** @param time A time. @returns Its text in JSON. */
export function formatTraceTime(time: TraceTime): string {
  switch (time.type) {
    case "relative":
      return `+${time.ms}ms`;
    case "absolute":
      return time.text;
    case "undefined":
      return "undefined";
  }
}

/**
 * @param ms Milliseconds since the trace began, 0 or more.
 * @returns The relative time: cut to whole milliseconds, wrapped at 32 bits.
 */
export function relativeTime(ms: number): TraceTime {
  return { type: "relative", ms: Math.trunc(Math.max(0, ms)) % WRAP_MS };
}

/**
 * @param unixMs Milliseconds since 1970, with a fraction where it is known.
 * @returns The absolute time in UTC with at most millisecond precision, zeros
 * at the end of the fraction left out.
 */
export function absoluteTime(unixMs: number): TraceTime {
  const text = new Date(unixMs).toISOString()
    .replace(/\.?0+Z$/, "Z");
  return { type: "absolute", text };
}

/**
 * @param time A time of a trace.
 * @param traceBeginAt When the trace began.
 * @returns The moment, where both are known.
 */
export function traceTimeToUnixNs(
  time: TraceTime,
  traceBeginAt: TraceTime,
): UnixNs | undefined {
  switch (time.type) {
    case "undefined":
      return undefined;
    case "absolute":
      return parseUnixNs(time.text);
    case "relative":
      return traceBeginAt.type === "absolute"
        ? (parseUnixNs(traceBeginAt.text) +
          BigInt(time.ms) * 1_000_000n) as UnixNs
        : undefined;
  }
}

/**
 * @param time A time of a trace.
 * @param traceBeginAt When the trace began.
 * @returns Milliseconds since the trace began, below 0 for what was before it.
 */
export function traceTimeToMs(
  time: TraceTime,
  traceBeginAt: TraceTime,
): number | undefined {
  if (time.type === "relative") return time.ms;
  const moment = traceTimeToUnixNs(time, traceBeginAt);
  const begin = traceTimeToUnixNs(traceBeginAt, traceBeginAt);
  if (moment === undefined || begin === undefined) return undefined;
  return Number(moment - begin) / 1e6;
}

function isMoment(text: string): boolean {
  try {
    parseUnixNs(text);
    return true;
  } catch {
    return false;
  }
}
