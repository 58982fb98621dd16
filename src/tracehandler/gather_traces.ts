import type { DecodeStats } from "../base/decode_stats.ts";
import { ProfileReporter } from "../profile/profile_reporter.ts";
import type { RawTraceSource } from "../profile/raw_trace.ts";
import { FrameCachingProcessor } from "./frame_caching_processor.ts";
import type { MetricSink } from "./metrics_buffer.ts";
import { startTraceHandler } from "./trace_handler.ts";
import type { TraceHandler, TraceHandlerStats } from "./trace_handler.ts";

/** How {@linkcode gatherTraces} gathers. */
export interface GatherTracesOptions {
  /** Whether each sample keeps its time. @default {true} */
  readonly timed?: boolean | undefined;
  /** Whether samples of different processors are told apart. @default {false} */
  readonly perCpu?: boolean | undefined;
  /** Whether frames that stand for errors of the unwinder are kept. @default {false} */
  readonly keepErrorFrames?: boolean | undefined;
  /** Frames that are remembered, from 1024 to 1048576. @default {16384} */
  readonly frameCacheSize?: number | undefined;
  /** Most frames of a stack that are kept. @default {unlimited} */
  readonly maxDepth?: number | undefined;
  /** Takes the handler's metrics. @default {nobody} */
  readonly metrics?: MetricSink | undefined;
  /** Counts traces that could not be handled. */
  readonly stats?: DecodeStats | undefined;
  /** Ends the work at once. */
  readonly signal?: AbortSignal | undefined;
}

const MONITOR_INTERVAL_MS = 5000;
const CACHE_SIZE = 65_536;

/** Traces on their way into a profile. */
export interface GatheredTraces {
  /** Has what came so far. */
  readonly reporter: ProfileReporter;
  /** Ends with the source. */
  readonly handler: TraceHandler;
}

/**
 * Lets the traces of a source pass the handler into a reporter.
 *
 * @param source Where the traces come from.
 * @param options What is kept of them.
 * @returns The running handler and its reporter.
 */
export function gatherTraces(
  source: RawTraceSource,
  options: GatherTracesOptions = {},
): GatheredTraces {
  const { signal = new AbortController().signal, stats, metrics } = options;
  const reporter = new ProfileReporter({
    facts: () => source.facts,
    isWallTime: source.clock.isWallClock,
    timed: options.timed,
    perCpu: options.perCpu,
    maxDepth: options.maxDepth,
  });
  const processor = new FrameCachingProcessor(source.converter, {
    cacheSize: options.frameCacheSize,
    keepErrorFrames: options.keepErrorFrames,
    processOf: (trace) => source.processOf(trace),
  });
  const handler = startTraceHandler(
    signal,
    reporter,
    processor,
    source.batches(),
    { monitorInterval: () => MONITOR_INTERVAL_MS },
    CACHE_SIZE,
    {
      clock: source.clock,
      metrics,
      log: (detail) =>
        stats?.count("trace_not_handled", "data_loss", { amount: 0, detail }),
    },
  );
  return { reporter, handler };
}

/**
 * Counts what a handler could not do.
 *
 * @param handler What it did.
 * @param stats Where to count.
 */
export function countErrors(
  { errors, firstError }: TraceHandlerStats,
  stats: DecodeStats | undefined,
): void {
  if (errors === 0) return;
  stats?.count("trace_not_handled", "data_loss", {
    amount: errors,
    detail: firstError,
  });
}
