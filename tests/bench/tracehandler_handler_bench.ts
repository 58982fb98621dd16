/**
 * How many traces a second the handler takes. The goal, 1,000,000 known traces a
 * second, is a loop that takes so long, so that the summary says how many times
 * it is reached. The other group is against a loop that only looks traces up and
 * counts them: its ratio tells what order of calls, metrics and the stream cost.
 *
 * What a profile of naming showed: looking up and interning 23 frames one by one
 * was nine tenths of it. Programs are mostly where they were before, so whole
 * stacks are looked up first.
 *
 * @module
 */

import type { KTime } from "../../src/base/time.ts";
import type { Id128 } from "../../src/codec/id128.ts";
import { ProfileReporter } from "../../src/profile/profile_reporter.ts";
import { encodeRawFrames } from "../../src/profile/raw_frames.ts";
import type { RawTrace } from "../../src/profile/raw_trace.ts";
import type { TraceReporter } from "../../src/profile/trace_reporter.ts";
import { FrameCachingProcessor } from "../../src/tracehandler/frame_caching_processor.ts";
import { RawRecordConverter } from "../../src/tracehandler/raw_record_converter.ts";
import {
  startTraceHandler,
  type TraceHandlerMode,
} from "../../src/tracehandler/trace_handler.ts";
import type { TraceProcessor } from "../../src/tracehandler/trace_processor.ts";

const IS_SHORT = Deno.env.get("TRACEDECK_BENCH") === "short";
const TRACES = IS_SHORT ? 51_200 : 204_800;
const GOAL_PER_SECOND = 1_000_000;
const rounds = IS_SHORT ? { n: 5, warmup: 8 } : { n: 15, warmup: 5 };
const STACKS = 5000;
const DEPTH = 23;
const BATCH = 256;

/** As many different stacks as a busy machine has, over and over. */
const stacks: readonly RawTrace[] = Array.from(
  { length: STACKS },
  (_, stack) => ({
    ktime: BigInt(1e12 + stack * 1e6) as KTime,
    pid: 100 + stack % 40,
    tid: 100 + stack % 400,
    comm: "worker",
    cpu: stack % 8,
    origin: "sampling",
    value: 0,
    frameData: encodeRawFrames(
      Array.from({ length: DEPTH }, (_, depth) => ({
        type: 3,
        isError: false,
        isReturnAddress: depth > 0,
        isPidSpecific: false,
        data: 0x1000 + ((stack * 7 + depth * 13) % 3000) * 16,
        words: [BigInt((stack * 7 + depth * 13) % 6)],
      })),
    ),
    kernelFrameCount: 0,
    labels: [],
    traceId: "",
    spanId: "",
    hash: BigInt(stack) * 0x9e3779b97f4a7c15n & 0xffff_ffff_ffff_ffffn,
  }),
);

const batches: readonly (readonly RawTrace[])[] = Array.from(
  { length: TRACES / BATCH },
  (_, batch) =>
    Array.from(
      { length: BATCH },
      (_, index) => stacks[(batch * BATCH + index) % STACKS]!,
    ),
);

async function* inBatches(): AsyncGenerator<readonly RawTrace[]> {
  yield* batches;
}

async function* oneByOne(): AsyncGenerator<RawTrace> {
  for (const batch of batches) yield* batch;
}

let reported = 0;
const counting: TraceReporter = {
  supportsReportTraceEvent: () => false,
  reportTraceEvent: (trace) => void (reported += trace.frames.length),
  reportCountForTrace: (_hash: Id128, count) => void (reported += count),
  reportFramesForTrace: () => {},
};

async function handle(
  traces: AsyncIterable<RawTrace | readonly RawTrace[]>,
  mode: TraceHandlerMode,
  reporter: TraceReporter = counting,
): Promise<void> {
  const processor: TraceProcessor = mode === "frames"
    ? new FrameCachingProcessor(new RawRecordConverter())
    : {
      convertTrace: ({ hash }) => ({
        frames: [],
        hash: { hi: hash!, lo: hash! },
      }),
      symbolizationComplete: () => {},
    };
  const handler = startTraceHandler(
    new AbortController().signal,
    reporter,
    processor,
    traces,
    { monitorInterval: () => 5000 },
    65_536,
    { mode },
  );
  await handler.workerExited;
  if (handler.stats().traces !== TRACES || handler.stats().errors > 0) {
    throw new Error("Cannot benchmark: traces are missing");
  }
}

Deno.bench({
  name: `the goal: ${TRACES} traces, ${GOAL_PER_SECOND} a second`,
  group: "goal",
  baseline: true,
  ...rounds,
  fn: () => {
    const end = performance.now() + TRACES / GOAL_PER_SECOND * 1000;
    while (performance.now() < end);
  },
});

Deno.bench({
  name: `known traces, ${TRACES} in batches`,
  group: "goal",
  ...rounds,
  fn: async () => await handle(inBatches(), "counts"),
});

Deno.bench({
  name: `known stacks of ${DEPTH} frames, named, ${TRACES} in batches`,
  group: "goal",
  ...rounds,
  fn: async () => await handle(inBatches(), "frames"),
});

Deno.bench({
  name:
    `known stacks of ${DEPTH} frames, named, gathered in a profile, ${TRACES} in batches`,
  group: "goal",
  ...rounds,
  fn: async () => {
    const reporter = new ProfileReporter({ timed: false });
    await handle(inBatches(), "frames", reporter);
    reported += reporter.sampleCount;
  },
});

Deno.bench({
  name: `look up and count ${TRACES} traces`,
  group: "traces",
  ...rounds,
  baseline: true,
  fn: () => {
    const known = new Map<bigint, Id128>();
    for (const batch of batches) {
      for (const { hash } of batch) {
        const found = known.get(hash!);
        if (found === undefined) known.set(hash!, { hi: hash!, lo: hash! });
        else reported++;
      }
    }
  },
});

Deno.bench({
  name: `handler, known traces, ${TRACES} in batches`,
  group: "traces",
  ...rounds,
  fn: async () => await handle(inBatches(), "counts"),
});

Deno.bench({
  name: `handler, known traces, ${TRACES} one by one`,
  group: "traces",
  ...rounds,
  fn: async () => await handle(oneByOne(), "counts"),
});

Deno.bench({
  name: `handler, cached frames, ${TRACES} traces of ${DEPTH} frames`,
  group: "traces",
  ...rounds,
  fn: async () => await handle(inBatches(), "frames"),
});
