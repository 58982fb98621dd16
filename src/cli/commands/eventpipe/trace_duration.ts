import { parseDurationNs } from "../../../base/duration.ts";
import { UsageError } from "../../usage_error.ts";

const TIME_SPAN_REGEXP = /^(?:(\d+)[.:])?(\d{1,2}):(\d{2}):(\d{2})(\.\d+)?$/;

/**
 * Reads a length of time as .NET tools have it, `dd:hh:mm:ss`, or as ours do,
 * `90s`. A number alone is refused: for them it means days, for people seconds.
 *
 * @param text The text.
 * @returns Milliseconds, above 0.
 * @throws {UsageError} When it is no such length.
 */
export function parseTraceDuration(text: string): number {
  const ms = readMs(text.trim());
  if (ms === undefined || !(ms > 0) || ms > 0x7fff_ffff) {
    throw new UsageError(
      `Cannot use "${text}" as a duration: expected 90s, 1m30s or dd:hh:mm:ss, at most 24 days`,
    );
  }
  return ms;
}

function readMs(text: string): number | undefined {
  const match = TIME_SPAN_REGEXP.exec(text);
  if (match !== null) {
    const [, days = "0", hours, minutes, seconds, fraction = "0"] = match;
    if (Number(hours) > 23 || Number(minutes) > 59 || Number(seconds) > 59) {
      return undefined;
    }
    return ((Number(days) * 24 + Number(hours)) * 3600 +
      Number(minutes) * 60 + Number(seconds) + Number(fraction)) * 1000;
  }
  if (/^\d+(\.\d+)?$/.test(text)) return undefined;
  try {
    return parseDurationNs(text) / 1e6;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

/**
 * @param ms Milliseconds.
 * @returns The time as .NET tools show it, `dd:hh:mm:ss`.
 */
export function formatTraceDuration(ms: number): string {
  const seconds = Math.floor(ms / 1000);
  return [
    Math.floor(seconds / 86_400),
    Math.floor(seconds / 3600) % 24,
    Math.floor(seconds / 60) % 60,
    seconds % 60,
  ].map((part) => String(part).padStart(2, "0")).join(":");
}
