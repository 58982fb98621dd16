import { assertEquals, assertRejects } from "@std/assert";
import type { KTime, UnixNs } from "../../src/base/time.ts";
import { encodeRawFrames } from "../../src/profile/raw_frames.ts";
import type { RawTrace, RawTraceSource } from "../../src/profile/raw_trace.ts";
import { profilePeriods } from "../../src/tracehandler/profile_periods.ts";
import { RawRecordConverter } from "../../src/tracehandler/raw_record_converter.ts";

function traceAt(ktime: bigint): RawTrace {
  return {
    ktime: ktime as KTime,
    pid: 7,
    tid: 8,
    comm: "",
    cpu: -1,
    origin: "sampling",
    value: 0,
    frameData: encodeRawFrames([{
      type: 3,
      isError: false,
      isReturnAddress: false,
      isPidSpecific: false,
      data: 16,
      words: [],
    }]),
    kernelFrameCount: 0,
    labels: [],
    traceId: "",
    spanId: "",
  };
}

/** Gives a batch when it is told to, and fails or ends then. */
function source(batches: RawTraceSource["batches"]): RawTraceSource {
  return {
    facts: { period: 0 },
    clock: {
      isWallClock: true,
      unixNs: (ktime) => ktime as bigint as UnixNs,
    },
    converter: new RawRecordConverter(),
    processOf: () => undefined,
    batches,
  };
}

/** A wait whose end the test decides. */
function manualWait() {
  let over = Promise.withResolvers<void>();
  return {
    wait: async (_ms: number, signal: AbortSignal) => {
      signal.addEventListener("abort", () => over.resolve());
      await over.promise;
      over = Promise.withResolvers();
    },
    end: () => over.resolve(),
  };
}

Deno.test("profilePeriods gives what came in each period, and the rest at the end", async () => {
  const gates = [
    Promise.withResolvers<void>(),
    Promise.withResolvers<void>(),
  ] as const;
  const clock = manualWait();
  const profiles = profilePeriods(
    source(async function* () {
      yield [traceAt(1n), traceAt(2n)];
      await gates[0].promise;
      yield [traceAt(3n)];
      await gates[1].promise;
      yield [traceAt(4n), traceAt(5n), traceAt(6n)];
    }),
    { wait: clock.wait },
  );
  const counts = async () => {
    const { value, done } = await profiles.next();
    return done === true ? "end" : value.samples.length;
  };
  const first = counts();
  await settle();
  clock.end();
  assertEquals(await first, 2);
  const second = counts();
  gates[0].resolve();
  await settle();
  clock.end();
  assertEquals(await second, 1);
  const empty = counts();
  await settle();
  clock.end();
  assertEquals(await empty, 0);
  const last = counts();
  gates[1].resolve();
  assertEquals(await last, 3);
  assertEquals(await counts(), "end");
});

Deno.test("profilePeriods gives what came before its source failed", async () => {
  const profiles = profilePeriods(
    source(async function* () {
      yield [traceAt(1n)];
      throw new Error("Cannot read: broken");
    }),
    { periodMs: 60_000 },
  );
  assertEquals((await profiles.next()).value!.samples.length, 1);
  await assertRejects(() => profiles.next(), Error, "broken");
});

Deno.test("profilePeriods lets go of its source when it is left", async () => {
  let isLeft = false;
  const clock = manualWait();
  const profiles = profilePeriods(
    source(async function* () {
      try {
        for (let at = 0n;; at++) {
          yield [traceAt(at)];
          await settle();
        }
      } finally {
        isLeft = true;
      }
    }),
    { wait: clock.wait },
  );
  setTimeout(clock.end, 5);
  for await (const _ of profiles) break;
  await settle();
  assertEquals(isLeft, true);
});

Deno.test("profilePeriods refuses a period of nothing", async () => {
  const profiles = profilePeriods(source(async function* () {}), {
    periodMs: 0,
  });
  await assertRejects(() => profiles.next(), RangeError, "periodMs is 0");
});

function settle(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 0));
}

Deno.test("profilePeriods spreads the periods behind the first one", async () => {
  const waits: number[] = [];
  const chances = [0, 0.5, 0.999_999];
  const profiles = profilePeriods(
    source(async function* () {
      yield [traceAt(1n)];
      await new Promise(() => {});
    }),
    {
      periodMs: 1000,
      random: () => chances.shift() ?? 0,
      wait: (ms) => {
        waits.push(Math.round(ms));
        return Promise.resolve();
      },
    },
  );
  for await (const _ of profiles) if (waits.length === 4) break;
  assertEquals(waits, [1000, 1200, 1000, 800]);
  await assertRejects(
    () => profilePeriods(source(async function* () {}), { jitter: 2 }).next(),
    RangeError,
    "jitter is 2",
  );
});
