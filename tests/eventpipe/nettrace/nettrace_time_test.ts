import { assertEquals } from "@std/assert";
import { formatUnixNs } from "../../../src/base/time.ts";
import { NettraceClock } from "../../../src/eventpipe/nettrace/nettrace_time.ts";
import type { NettraceHeader } from "../../../src/eventpipe/nettrace/types.ts";
import { recordNettrace } from "../../support/nettrace_records.ts";
import {
  type TraceFields,
  traceObject,
  tracePayload,
  v4Stream,
} from "../../support/nettrace_streams.ts";

function headerOf(fields: TraceFields): NettraceHeader {
  return recordNettrace(v4Stream([traceObject(tracePayload(fields))])).header!;
}

Deno.test("NettraceClock gives exact nanoseconds, rounded down, for any frequency", () => {
  const clock = new NettraceClock(headerOf({ frequency: 3_124_099n }));
  assertEquals(clock.ns(3_124_099), 1_000_000_000);
  assertEquals(clock.ns(1), 320);
  assertEquals(clock.ns(-1), -321);
  assertEquals(clock.exactNs(10n ** 18n), 320_092_289_008_767_007_703n);
});

Deno.test("NettraceClock stays exact where a product leaves the exact numbers", () => {
  const clock = new NettraceClock(headerOf({ frequency: 10_000_000n }));
  assertEquals(clock.ns(123), 12_300);
  assertEquals(clock.ns(2 ** 52), Number(2n ** 52n * 100n));
});

Deno.test("NettraceClock gives the milliseconds and whole-tick times of other readers", () => {
  const clock = new NettraceClock(headerOf({ frequency: 3_124_099n }));
  assertEquals(clock.compatibleMs(3_124_099), 1000);
  assertEquals(clock.compatibleMs(-5), 0);
  assertEquals(clock.wholeTickNs(1000), 320_000);
});

Deno.test("NettraceClock gives wall time cut to 100 ns", () => {
  const clock = new NettraceClock(headerOf({ frequency: 3_124_099n }));
  assertEquals(
    formatUnixNs(clock.unixNs(3_124_099 + 1)!),
    "2024-02-29T12:30:46.678000300Z",
  );
  assertEquals(
    formatUnixNs(clock.unixNs(-1)!),
    "2024-02-29T12:30:45.677999700Z",
  );
});

Deno.test("NettraceClock has no wall time without one in the header", () => {
  const systemTime = [2023, 2, 3, 29, 0, 0, 0, 0];
  const clock = new NettraceClock(headerOf({ systemTime }));
  assertEquals(clock.unixNs(0), undefined);
});
