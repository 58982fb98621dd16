const MAX_SECONDS = 0xffff_ffffn;
const NS_PER_SECOND = 1_000_000_000n;

/**
 * Formats a time as the profiler's JSON has it: up to 2^32 - 1 it is taken for
 * seconds and stays a number; above, for nanoseconds, and becomes RFC 3339 text
 * in UTC without trailing zeros of the fraction.
 *
 * @param time Seconds or nanoseconds since 1970, from 0 to 2^64 - 1.
 * @returns JSON text.
 * @throws {RangeError} When the time is negative or beyond 64 bits.
 *
 * @example Half a second after the full one
 * ```ts
 * import { formatUnixTime64 } from "../../src/tracehandler/unix_time64.ts";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(formatUnixTime64(1700000000500000000n), '"2023-11-14T22:13:20.5Z"');
 * assertEquals(formatUnixTime64(1700000000n), "1700000000");
 * ```
 */
export function formatUnixTime64(time: bigint): string {
  if (time < 0n || time >= 2n ** 64n) {
    throw new RangeError(
      `Cannot format time ${time}: expected 0 to 2^64 - 1`,
    );
  }
  if (time <= MAX_SECONDS) return String(time);
  const seconds = time / NS_PER_SECOND;
  const whole = new Date(Number(seconds) * 1000).toISOString().slice(0, -5);
  const fraction = String(time % NS_PER_SECOND).padStart(9, "0")
    .replace(/0+$/, "");
  return `"${whole}${fraction === "" ? "" : `.${fraction}`}Z"`;
}
