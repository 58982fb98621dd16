import { assertEquals, assertThrows } from "@std/assert";
import type { KTime } from "../../src/base/time.ts";
import {
  fixedClock,
  measureClockDelta,
  SyncedClock,
} from "../../src/tracehandler/trace_clock.ts";
import { formatUnixTime64 } from "../../src/tracehandler/unix_time64.ts";

/** Clocks that give these readings of wall time, and 0 for the other. */
function readers(readings: readonly bigint[], monotonic: readonly bigint[]) {
  let at = 0;
  let pair = 0;
  return {
    unixNs: () => readings[at++]!,
    monotonicNs: () => monotonic[pair++]!,
  };
}

Deno.test("measureClockDelta takes the pair whose readings lie closest together", () => {
  const delta = measureClockDelta(readers(
    [100n, 150n, 200n, 203n, 300n, 290n, 400n, 404n, 500n, 503n],
    [1n, 2n, 3n, 4n, 5n],
  ));
  assertEquals(delta, 198n, "the first of two that are equally close");
});

Deno.test("SyncedClock measures at once and when it is told to", () => {
  const wall = [...Array(10).fill(1000n), ...Array(10).fill(5000n)];
  const clock = new SyncedClock(readers(wall, Array(10).fill(10n)));
  assertEquals(clock.unixNs(20n as KTime), 1010n as never);
  clock.sync();
  assertEquals(clock.unixNs(20n as KTime), 5010n as never);
  assertEquals(clock.deltaNs, 4990n);
});

Deno.test("fixedClock adds", () => {
  assertEquals(fixedClock(5n).unixNs(7n as KTime), 12n as never);
});

Deno.test("formatUnixTime64 tells seconds from nanoseconds", () => {
  assertEquals(formatUnixTime64(0n), "0");
  assertEquals(formatUnixTime64(4294967295n), "4294967295");
  assertEquals(
    formatUnixTime64(4294967296n),
    '"1970-01-01T00:00:04.294967296Z"',
  );
  assertEquals(
    formatUnixTime64(1700000000000000000n),
    '"2023-11-14T22:13:20Z"',
  );
  assertEquals(
    formatUnixTime64(1700000000500000000n),
    '"2023-11-14T22:13:20.5Z"',
  );
  assertThrows(() => formatUnixTime64(-1n), RangeError);
});
