import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { ReplayPacer } from "../../src/tracereplay/replay_pacer.ts";
import type { PacerClock } from "../../src/tracereplay/replay_pacer.ts";

/** A clock that jumps when somebody sleeps. */
class FakeClock implements PacerClock {
  ms = 0;
  readonly sleeps: number[] = [];

  now(): number {
    return this.ms;
  }

  sleep(ms: number): Promise<void> {
    this.sleeps.push(ms);
    this.ms += ms;
    return Promise.resolve();
  }
}

async function dueTimes(
  pace: { rate?: number; speed?: number },
  timesMs: readonly (number | undefined)[],
): Promise<number[]> {
  const clock = new FakeClock();
  const pacer = new ReplayPacer(pace, clock);
  const due: number[] = [];
  for (const time of timesMs) {
    await pacer.wait(
      time === undefined ? undefined : BigInt(time) * 1_000_000n,
      undefined,
    );
    due.push(clock.ms);
  }
  return due;
}

Deno.test("ReplayPacer sends at once without a pace", async () => {
  assertEquals(await dueTimes({}, [0, 1000, 5000]), [0, 0, 0]);
});

Deno.test("ReplayPacer keeps a rate", async () => {
  assertEquals(
    await dueTimes({ rate: 100 }, [undefined, 7, undefined]),
    [0, 10, 20],
  );
});

Deno.test("ReplayPacer waits for whole milliseconds only and still keeps the rate", async () => {
  const due = await dueTimes({ rate: 4000 }, Array(4001).fill(undefined));
  assertEquals(due.at(-1), 1000);
});

Deno.test("ReplayPacer keeps the original gaps, or a part of them", async () => {
  const times = [500, 600, undefined, 550, 1500];
  assertEquals(await dueTimes({ speed: 1 }, times), [0, 100, 100, 100, 1000]);
  assertEquals(await dueTimes({ speed: 10 }, times), [0, 10, 10, 10, 100]);
});

Deno.test("ReplayPacer refuses a pace that is not above 0", () => {
  for (const pace of [{ rate: 0 }, { speed: -1 }, { rate: NaN }]) {
    assertThrows(() => new ReplayPacer(pace), RangeError, "above 0");
  }
});

Deno.test("ReplayPacer ends by its signal", async () => {
  const controller = new AbortController();
  const pacer = new ReplayPacer({ rate: 0.001 });
  await pacer.wait(undefined, controller.signal);
  const waiting = pacer.wait(undefined, controller.signal);
  controller.abort(new Error("enough"));
  await assertRejects(() => waiting, Error, "enough");
  await assertRejects(
    () => pacer.wait(undefined, controller.signal),
    Error,
    "enough",
  );
});
