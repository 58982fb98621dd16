import { ProfileReporter } from "../profile/profile_reporter.ts";
import type { RawTraceSource } from "../profile/raw_trace.ts";
import type { Profile } from "../profile/types.ts";
import { FrameCachingProcessor } from "./frame_caching_processor.ts";
import type { MetricSink } from "./metrics_buffer.ts";
import { startTraceHandler, type TraceHandlerStats } from "./trace_handler.ts";
import type { DecodeStats } from "../base/decode_stats.ts";

/** How {@linkcode profileTraces} makes a profile. */
export interface ProfileTracesOptions {
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
  /** Ends the work; the promise is rejected with its reason. */
  readonly signal?: AbortSignal | undefined;
}

/** What {@linkcode profileTraces} made. */
export interface ProfiledTraces {
  /** The profile. */
  readonly profile: Profile;
  /** What the handler did. */
  readonly handler: TraceHandlerStats;
}

const MONITOR_INTERVAL_MS = 5000;
const CACHE_SIZE = 65_536;

/**
 * Lets all traces of a source pass the handler and gathers them in a profile.
 *
 * @param source Where the traces come from.
 * @param options What is kept of them.
 * @returns The profile.
 */
export async function profileTraces(
  source: RawTraceSource,
  options: ProfileTracesOptions = {},
): Promise<ProfiledTraces> {
  const {
    signal = new AbortController().signal,
    timed,
    perCpu,
    keepErrorFrames,
    frameCacheSize,
    maxDepth,
    metrics,
    stats,
  } = options;
  const reporter = new ProfileReporter({
    facts: () => source.facts,
    isWallTime: source.clock.isWallClock,
    timed,
    perCpu,
    maxDepth,
  });
  const processor = new FrameCachingProcessor(source.converter, {
    cacheSize: frameCacheSize,
    keepErrorFrames,
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
  await handler.workerExited;
  signal.throwIfAborted();
  const counts = handler.stats();
  if (counts.errors > 0) {
    stats?.count("trace_not_handled", "data_loss", {
      amount: counts.errors,
      detail: counts.firstError,
    });
  }
  return { profile: reporter.build(), handler: counts };
}
