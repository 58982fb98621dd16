import { assertEquals, assertThrows } from "@std/assert";
import { WatchSchedule } from "../../src/netdump/watch_schedule.ts";

const MINUTE = 60_000;

/** Decides after a series of checks, one a minute, and gives when dumps were made. */
function dumpsOf(schedule: WatchSchedule, results: string): number[] {
  return [...results].flatMap((letter, index) => {
    const result = letter === "." ? "ok" : "fail";
    return schedule.decide(result, index * MINUTE).publish ? [index] : [];
  });
}

Deno.test("WatchSchedule makes a first dump, then one of each failure", () => {
  const schedule = new WatchSchedule({ okMs: undefined, failMs: undefined });
  assertEquals(dumpsOf(schedule, "...x...x.."), [0, 3, 4, 7, 8]);
});

Deno.test("WatchSchedule makes dumps of a long failure at doubling times", () => {
  const schedule = new WatchSchedule({ okMs: 0, failMs: undefined });
  assertEquals(dumpsOf(schedule, "x".repeat(200)), [
    0,
    1,
    3,
    7,
    15,
    31,
    63,
    123,
    183,
  ]);
});

Deno.test("WatchSchedule is not talked into a flood by a network that comes and goes", () => {
  const schedule = new WatchSchedule({ okMs: 0, failMs: undefined });
  const dumps = dumpsOf(schedule, "x.".repeat(100));
  assertEquals(dumps.length < 25, true, `${dumps.length}`);
  const calm = new WatchSchedule({ okMs: 0, failMs: undefined }, {
    onRecovery: false,
  });
  assertEquals(dumpsOf(calm, "x.".repeat(10)), [0, 2, 4, 8, 16]);
});

Deno.test("WatchSchedule makes dumps of a good network at its interval", () => {
  const schedule = new WatchSchedule({ okMs: undefined, failMs: undefined }, {
    okIntervalMs: 5 * MINUTE,
  });
  assertEquals(dumpsOf(schedule, ".".repeat(12)), [0, 5, 10]);
  const never = new WatchSchedule({ okMs: undefined, failMs: undefined }, {
    okIntervalMs: 0,
  });
  assertEquals(dumpsOf(never, ".".repeat(12)), [0]);
});

Deno.test("WatchSchedule knows of dumps before a restart, and of clocks that jump", () => {
  const schedule = new WatchSchedule({ okMs: 0, failMs: 10 * MINUTE });
  assertEquals(schedule.decide("fail", 10.5 * MINUTE), {
    publish: false,
    reason: "fails; next dump in 30 s",
  });
  // The clock went back behind the last dump.
  assertEquals(schedule.decide("fail", MINUTE).publish, true);
});

Deno.test("WatchSchedule begins anew after a long calm", () => {
  const schedule = new WatchSchedule({ okMs: 0, failMs: undefined });
  dumpsOf(schedule, "x".repeat(20));
  for (let minute = 20; minute < 90; minute++) {
    schedule.decide("ok", minute * MINUTE);
  }
  assertEquals(schedule.decide("fail", 90 * MINUTE).publish, true);
  assertEquals(schedule.decide("fail", 91 * MINUTE).publish, true);
});

Deno.test("WatchSchedule refuses times that make no sense", () => {
  const last = { okMs: undefined, failMs: undefined };
  assertThrows(
    () => new WatchSchedule(last, { okIntervalMs: -1 }),
    RangeError,
    "okIntervalMs",
  );
  assertThrows(
    () => new WatchSchedule(last, { firstBackoffMs: 5, maxBackoffMs: 4 }),
    RangeError,
    "expected at most maxBackoffMs",
  );
});
