/**
 * How many traces a second the handler takes, against a loop that only looks
 * them up and counts. The ratio tells what order of calls, metrics and the
 * stream cost.
 *
 * @module
 */

import type { KTime } from "../../src/base/time.ts";
import type { Id128 } from "../../src/codec/id128.ts";
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

const TRACES = 200_000;
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
  { length: TRACES / BATCH | 0 },
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
    counting,
    processor,
    traces,
    { monitorInterval: () => 5000 },
    65_536,
    { mode },
  );
  await handler.workerExited;
  if (reported === 0) throw new Error("Cannot measure: nothing was reported");
}

Deno.bench({
  name: `look up and count ${TRACES} traces`,
  group: "traces",
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
  fn: async () => await handle(inBatches(), "counts"),
});

Deno.bench({
  name: `handler, known traces, ${TRACES} one by one`,
  group: "traces",
  fn: async () => await handle(oneByOne(), "counts"),
});

Deno.bench({
  name: `handler, cached frames, ${TRACES} traces of ${DEPTH} frames`,
  group: "traces",
  fn: async () => await handle(inBatches(), "frames"),
});
