import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import type { KTime } from "../../src/base/time.ts";
import type { RawTrace } from "../../src/profile/raw_trace.ts";
import type { Metric } from "../../src/tracehandler/metrics_buffer.ts";
import { fixedClock } from "../../src/tracehandler/trace_clock.ts";
import {
  type HandlerTimer,
  startTraceHandler,
  type TraceHandlerOptions,
  type TraceInput,
} from "../../src/tracehandler/trace_handler.ts";
import { CallRecorder, rawTrace, streamOfItems } from "./_traces.ts";

const A = rawTrace({ hash: 10n, ktime: 1n as KTime });
const B = rawTrace({ hash: 11n, ktime: 2n as KTime });
const C = rawTrace({ hash: 12n, ktime: 3n as KTime });

interface RunOptions extends TraceHandlerOptions {
  readonly cacheSize?: number;
  readonly recorder?: CallRecorder;
}

async function run(
  traces: readonly (RawTrace | null | readonly RawTrace[])[],
  options: RunOptions = {},
) {
  const { cacheSize = 1024, recorder = new CallRecorder(), ...rest } = options;
  const metrics: Metric[][] = [];
  const handler = startTraceHandler(
    new AbortController().signal,
    recorder,
    recorder,
    streamOfItems(traces),
    { monitorInterval: () => 3_600_000 },
    cacheSize,
    {
      mode: "counts",
      metrics: { addSlice: (slice) => metrics.push([...slice]) },
      ...rest,
    },
  );
  await handler.workerExited;
  return { calls: recorder.calls, recorder, metrics, stats: handler.stats() };
}

function values(metrics: readonly Metric[][]): Record<number, number> {
  return Object.fromEntries(metrics.flat().map(({ id, value }) => [id, value]));
}

Deno.test("startTraceHandler names a new trace, counts it and then tells its frames", async () => {
  const { calls, metrics } = await run([A]);
  assertEquals(calls, [
    "convert 10",
    "notify 10 10 1",
    "count 10 1 service10",
    "frames 10",
    "complete 1",
  ]);
  assertEquals(metrics, [[
    { id: 205, value: 0 },
    { id: 206, value: 1 },
    { id: 131, value: 0 },
    { id: 132, value: 1 },
  ]]);
});

Deno.test("startTraceHandler only counts a trace that it knows", async () => {
  const { calls } = await run([A, { ...A, ktime: 9n as KTime }]);
  assertEquals(calls.slice(5), [
    "notify 10 10 1",
    "count 10 1 service10",
    "complete 9",
  ]);
});

Deno.test("startTraceHandler evicts from both caches as specified", async () => {
  const { calls, metrics } = await run([A, B, A, C, B], { cacheSize: 2 });
  assertEquals(
    calls.filter((call) => /^(count|frames)/.test(call)).map((call) =>
      call.split(" ").slice(0, 2).join(" ")
    ),
    [
      "count 10",
      "frames 10",
      "count 11",
      "frames 11",
      "count 10",
      "count 12",
      "frames 12",
      "count 11",
    ],
  );
  assertEquals(values(metrics), { 131: 1, 132: 4, 205: 1, 206: 3 });
});

Deno.test("startTraceHandler tells frames once for two raw traces that are one", async () => {
  const recorder = new CallRecorder();
  recorder.convert = () => ({ frames: [], hash: { hi: 0n, lo: 5n } });
  const { calls, metrics } = await run([A, B], { recorder });
  assertEquals(calls.filter((call) => call === "frames 5").length, 1);
  assertEquals(calls.filter((call) => call.startsWith("count")).length, 2);
  assertEquals(values(metrics), { 131: 0, 132: 2, 205: 1, 206: 1 });
});

Deno.test("startTraceHandler names every trace when events are wanted and counts nothing", async () => {
  const { calls, metrics } = await run([A, A], { mode: "events" });
  const each = [
    "convert 10",
    "notify 10 10 1",
    "event 10",
    "complete 1",
  ];
  assertEquals(calls, [...each, ...each]);
  assertEquals(values(metrics), { 131: 0, 132: 0, 205: 0, 206: 0 });
});

Deno.test("startTraceHandler asks the reporter for every trace, and again before it reports", async () => {
  const recorder = new CallRecorder();
  const answers = [true, true, false, false];
  let asked = 0;
  recorder.supports = () => answers[asked++]!;
  // The first writes the cache, so the second is known and asked about once.
  const { calls } = await run([A, A], { recorder, mode: "ask" });
  assertEquals(asked, 3);
  assertEquals(calls.filter((call) => /^(event|count|frames)/.test(call)), [
    "event 10",
    "count 10 1 service10",
  ]);
});

Deno.test("startTraceHandler gives time, thread and service with a trace", async () => {
  const { recorder } = await run([rawTrace({ hash: 3n, cpu: 4 })], {
    clock: fixedClock(1_000n),
  });
  assertEquals(
    recorder.metas,
    [{
      timestamp: 1_001n,
      comm: "thread",
      pid: 1,
      tid: 2,
      cpu: 4,
      apmServiceName: "service3",
      origin: "sampling",
      value: 0,
      labels: [],
      traceId: "",
      spanId: "",
      process: undefined,
    }] as unknown as typeof recorder.metas,
  );
});

Deno.test("startTraceHandler takes traces many at a time and ignores null", async () => {
  const { stats } = await run([null, [A, B], C, null, []]);
  assertEquals(stats.traces, 3);
});

Deno.test("startTraceHandler waits for each call before the next", async () => {
  const recorder = new CallRecorder();
  const later = (call: string) => async () => {
    await Promise.resolve();
    recorder.calls.push(call);
  };
  recorder.convert = async (trace) => {
    await Promise.resolve();
    recorder.calls.push("converted");
    return { frames: [], hash: { hi: 0n, lo: trace.hash! } };
  };
  recorder.reportCountForTrace = later("counted");
  recorder.reportFramesForTrace = later("told");
  recorder.symbolizationComplete = later("completed");
  const { calls } = await run([A, B], { recorder });
  const each = ["converted", "counted", "told", "completed"];
  assertEquals(
    calls.filter((call) => each.includes(call)),
    [...each, ...each],
  );
});

Deno.test("startTraceHandler completes and goes on after an error", async () => {
  for (const isLate of [false, true]) {
    const recorder = new CallRecorder();
    recorder.convert = (trace) => {
      if (trace.hash === 10n) {
        const error = new Error("Cannot name it: no reason");
        if (!isLate) throw error;
        return Promise.reject(error);
      }
      return { frames: [], hash: { hi: 0n, lo: trace.hash! } };
    };
    const said: string[] = [];
    const { calls, stats } = await run([A, A, B], {
      recorder,
      log: (message) => said.push(message),
    });
    assertEquals(calls.slice(0, 4), [
      "convert 10",
      "complete 1",
      "convert 10",
      "complete 1",
    ]);
    assertEquals(calls.at(-1), "complete 2");
    assertEquals(stats.errors, 2);
    assertEquals(stats.firstError, "Cannot name it: no reason");
    assertEquals(said, ["Cannot name it: no reason"], "said once a minute");
  }
});

Deno.test("startTraceHandler ends at the first error if told so, but completes", async () => {
  const recorder = new CallRecorder();
  recorder.convert = () => {
    throw new Error("Cannot name it: no reason");
  };
  await assertRejects(
    () => run([A, B], { recorder, failFast: true }),
    Error,
    "no reason",
  );
  assertEquals(recorder.calls, ["convert 10", "complete 1"]);
});

Deno.test("startTraceHandler refuses a cache size and an interval that cannot be", () => {
  const recorder = new CallRecorder();
  const start = (cacheSize: number, interval: number) =>
    startTraceHandler(
      new AbortController().signal,
      recorder,
      recorder,
      streamOfItems([]),
      { monitorInterval: () => interval },
      cacheSize,
    );
  for (const size of [0, -1, 2.5]) {
    const error = assertThrows(() => start(size, 1), RangeError);
    assertEquals(
      error.message,
      "failed to create traceHandler: capacity must be positive",
    );
  }
  for (const interval of [0, -5, NaN]) {
    assertThrows(() => start(1, interval), RangeError, "monitorInterval");
  }
});

/** A clock that is moved by hand. */
class HandTimer implements HandlerTimer {
  #now = 0;
  readonly #waiting = new Set<() => void>();

  now(): number {
    return this.#now;
  }

  wait(ms: number, signal: AbortSignal): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const end = this.#now + ms;
    const check = () => {
      if (this.#now < end && !signal.aborted) return;
      this.#waiting.delete(check);
      resolve();
    };
    this.#waiting.add(check);
    signal.addEventListener("abort", check);
    check();
    return promise;
  }

  async advance(ms: number): Promise<void> {
    this.#now += ms;
    for (const check of [...this.#waiting]) check();
    for (let turn = 0; turn < 20; turn++) await Promise.resolve();
  }
}

interface Started {
  readonly handler: ReturnType<typeof startTraceHandler>;
  readonly recorder: CallRecorder;
  readonly metrics: Metric[][];
  readonly timer: HandTimer;
  readonly abort: AbortController;
}

function startByHand(
  traces: TraceInput,
  options: TraceHandlerOptions = {},
): Started {
  const timer = new HandTimer();
  const recorder = new CallRecorder();
  const metrics: Metric[][] = [];
  const abort = new AbortController();
  const handler = startTraceHandler(
    abort.signal,
    recorder,
    recorder,
    traces,
    { monitorInterval: () => 5000 },
    16,
    {
      mode: "counts",
      timer,
      metrics: { addSlice: (slice) => metrics.push([...slice]) },
      ...options,
    },
  );
  return { handler, recorder, metrics, timer, abort };
}

/** A stream that is fed by hand. */
function handFed() {
  const waiting: PromiseWithResolvers<IteratorResult<RawTrace>>[] = [];
  let isReturned = false;
  const next = () => {
    const pending = Promise.withResolvers<IteratorResult<RawTrace>>();
    waiting.push(pending);
    return pending.promise;
  };
  return {
    isReturned: () => isReturned,
    async feed(trace: RawTrace) {
      waiting.shift()!.resolve({ done: false, value: trace });
      for (let turn = 0; turn < 20; turn++) await Promise.resolve();
    },
    traces: {
      [Symbol.asyncIterator]: () => ({
        next,
        return() {
          isReturned = true;
          return Promise.resolve({ done: true as const, value: undefined });
        },
      }),
    } satisfies TraceInput,
  };
}

Deno.test("startTraceHandler reports metrics after each full interval and starts again from 0", async () => {
  const input = handFed();
  const { metrics, timer, abort, handler } = startByHand(input.traces);
  await timer.advance(4999);
  await input.feed(A);
  assertEquals(metrics, []);
  await timer.advance(1);
  assertEquals(metrics.map((slice) => slice.map(({ value }) => value)), [
    [0, 1, 0, 1],
  ]);
  await timer.advance(5000);
  assertEquals(metrics.at(-1)!.map(({ id, value }) => [id, value]), [
    [205, 0],
    [206, 0],
    [131, 0],
    [132, 0],
  ]);
  abort.abort();
  await handler.workerExited;
  assertEquals(metrics.length, 2, "none at the end of an aborted handler");
});

Deno.test("startTraceHandler stops after the trace in progress when it is aborted", async () => {
  const input = handFed();
  const started = startByHand(input.traces);
  const hold = Promise.withResolvers<void>();
  started.recorder.convert = async (trace) => {
    await hold.promise;
    return { frames: [], hash: { hi: 0n, lo: trace.hash! } };
  };
  await input.feed(A);
  started.abort.abort();
  hold.resolve();
  await started.handler.workerExited;
  assertEquals(started.recorder.calls.at(-1), "complete 1");
  assertEquals(started.handler.stats().traces, 1);
  assertEquals(input.isReturned(), true);
});

Deno.test("startTraceHandler does not wait for its input when it is aborted", async () => {
  const input = handFed();
  const { handler, abort, metrics } = startByHand(input.traces);
  abort.abort();
  await handler.workerExited;
  assertEquals([handler.stats().traces, metrics.length], [0, 0]);
});

Deno.test("startTraceHandler handles nothing that comes after it was aborted", async () => {
  const input = handFed();
  const { handler, abort, recorder } = startByHand(input.traces);
  await input.feed(A);
  abort.abort();
  await handler.workerExited;
  await input.feed(B);
  assertEquals([handler.stats().traces, recorder.calls.at(-1)], [
    1,
    "complete 1",
  ]);
});

Deno.test("startTraceHandler reports metrics once however long nothing ran", async () => {
  const input = handFed();
  const { metrics, timer, abort, handler } = startByHand(input.traces);
  await timer.advance(17_500);
  assertEquals(metrics.length, 1);
  // Multiples of the interval stay where they were.
  await timer.advance(2499);
  assertEquals(metrics.length, 1);
  await timer.advance(1);
  assertEquals(metrics.length, 2);
  abort.abort();
  await handler.workerExited;
});

Deno.test("startTraceHandler handles what the input has when it drains", async () => {
  const abort = new AbortController();
  const recorder = new CallRecorder();
  async function* traces() {
    yield A;
    abort.abort();
    yield B;
    await Promise.resolve();
    yield C;
  }
  const handler = startTraceHandler(
    abort.signal,
    recorder,
    recorder,
    traces(),
    { monitorInterval: () => 5000 },
    16,
    { mode: "counts", drainOnAbort: true },
  );
  await handler.workerExited;
  assertEquals(handler.stats().traces, 3);
});

Deno.test("startTraceHandler passes on that the input failed", async () => {
  async function* traces() {
    yield A;
    await Promise.resolve();
    throw new Error("Cannot read: gone");
  }
  await assertRejects(
    () => startByHand(traces()).handler.workerExited,
    Error,
    "gone",
  );
});

Deno.test("startTraceHandler says that it cannot count a trace without hash", async () => {
  const { stats } = await run([rawTrace({ hash: undefined })]);
  assertEquals(stats.errors, 1);
  assertEquals(stats.firstError?.startsWith("Cannot count trace"), true);
});

Deno.test("startTraceHandler lets timers run while traces never end", async () => {
  let isOver = false;
  async function* traces() {
    while (!isOver) {
      yield [A, B, C];
      await Promise.resolve();
    }
  }
  const recorder = new CallRecorder();
  recorder.calls.push = () => 0;
  const handler = startTraceHandler(
    new AbortController().signal,
    recorder,
    recorder,
    traces(),
    { monitorInterval: () => 5000 },
    16,
    { mode: "counts" },
  );
  setTimeout(() => isOver = true, 1);
  await handler.workerExited;
  assertEquals(handler.stats().errors, 0);
});
