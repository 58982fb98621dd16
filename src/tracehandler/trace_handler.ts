import type { KTime } from "../base/time.ts";
import { formatId128, type Id128 } from "../codec/id128.ts";
import type { RawTrace, TraceClock } from "../profile/raw_trace.ts";
import type { Trace } from "../profile/trace.ts";
import { hashTrace } from "../profile/trace_hash.ts";
import type { TraceMeta, TraceReporter } from "../profile/trace_reporter.ts";
import { CLOCKLESS } from "./trace_clock.ts";
import { LruCache } from "./lru_cache.ts";
import type { Metric, MetricSink } from "./metrics_buffer.ts";
import { METRIC_ID } from "./metric_id_table.ts";
import type { TraceProcessor } from "./trace_processor.ts";

/**
 * What the handler does with a trace.
 *
 * `frames`: each trace is named, by a processor that remembers frames, and
 * reported. `events`: each trace is named and reported. `counts`: traces that
 * were seen before are only counted. `ask`: the reporter is asked for every
 * trace whether it wants events; if not, they are counted. The last three are
 * what the profiler did in October 2024.
 */
export type TraceHandlerMode = "frames" | "events" | "counts" | "ask";

/** How often the handler does what. */
export interface TraceHandlerIntervals {
  /** @returns Milliseconds between two reports of metrics, above 0. */
  monitorInterval(): number;
}

/** Clocks and timers of a handler; tests give others. */
export interface HandlerTimer {
  /** @returns Milliseconds of a clock that is never set back. */
  now(): number;
  /**
   * Waits.
   *
   * @param ms Milliseconds.
   * @param signal Ends the waiting early; the promise is resolved then too.
   */
  wait(ms: number, signal: AbortSignal): Promise<void>;
}

/** How {@linkcode startTraceHandler} works. */
export interface TraceHandlerOptions {
  /** What is done with a trace. @default {"frames"} */
  readonly mode?: TraceHandlerMode | undefined;
  /** Milliseconds after which caches forget an entry that was not used; 0 is never. @default {0} */
  readonly lifetimeMs?: number | undefined;
  /** Whether an abort lets everything be handled that the input still has. @default {false} */
  readonly drainOnAbort?: boolean | undefined;
  /** Turns times of traces into wall time. @default {they are taken as they are} */
  readonly clock?: TraceClock | undefined;
  /** Takes the metrics. @default {nobody} */
  readonly metrics?: MetricSink | undefined;
  /** Whether an error of processor or reporter ends the handler. @default {false} */
  readonly failFast?: boolean | undefined;
  /** Told of errors that were survived, each text at most once a minute. @default {nobody} */
  readonly log?: ((message: string) => void) | undefined;
  /** Clock and timers. @default {those of the runtime} */
  readonly timer?: HandlerTimer | undefined;
}

/** What a handler did so far. */
export interface TraceHandlerStats {
  /** Traces that were handled, those with errors included. */
  readonly traces: number;
  /** Errors of processor and reporter. */
  readonly errors: number;
  /** Text of the first error. */
  readonly firstError: string | undefined;
  /** Raw traces that were known, or frames in mode `frames`. */
  readonly cacheHits: number;
  /** Raw traces that were new, or frames in mode `frames`. */
  readonly cacheMisses: number;
}

/** A running handler. */
export interface TraceHandler {
  /** Resolved when the worker has ended; rejected only with `failFast`, or when the input fails. */
  readonly workerExited: Promise<void>;
  /** @returns What was done so far. */
  stats(): TraceHandlerStats;
}

/** What the handler takes: traces one by one, or many at a time; nulls are ignored. */
export type TraceInput = AsyncIterable<
  RawTrace | null | readonly (RawTrace | null)[]
>;

const COUNT = 1;
const LOG_INTERVAL_MS = 60_000;
/** Longest time for which nothing else of the program runs. */
const SLICE_MS = 10;
/** Traces between two looks at the clock. */
const SLICE_TRACES = 64;

/**
 * Starts a worker that has traces named and hands them to a reporter.
 *
 * Traces are pulled: one is handled before the next is asked for. When the
 * input ends, metrics are reported once more and the worker ends. When `signal`
 * is aborted, it ends after the trace in progress, without metrics and without
 * looking at what the input still has, unless `drainOnAbort` is set.
 *
 * @param signal Ends the worker.
 * @param reporter Takes named traces.
 * @param traceProcessor Names traces.
 * @param traces Where they come from.
 * @param intervals How often metrics are reported.
 * @param cacheSize Entries of each cache, an integer above 0.
 * @param options Mode, clock, metrics.
 * @returns The worker.
 * @throws {RangeError} When the cache size or an interval cannot be used.
 *
 * @example Counting a trace that comes twice
 * ```ts
 * import type { KTime } from "../../src/base/time.ts";
 * import { startTraceHandler } from "../../src/tracehandler/trace_handler.ts";
 * import { assertEquals } from "@std/assert";
 *
 * const calls: string[] = [];
 * const trace = {
 *   ktime: 1n as KTime, pid: 1, tid: 1, comm: "", cpu: 0,
 *   origin: "sampling" as const, value: 0, frameData: new Uint32Array(0),
 *   kernelFrameCount: 0, labels: [], traceId: "", spanId: "", hash: 7n,
 * };
 * const handler = startTraceHandler(
 *   new AbortController().signal,
 *   {
 *     supportsReportTraceEvent: () => false,
 *     reportTraceEvent: () => {},
 *     reportCountForTrace: () => void calls.push("count"),
 *     reportFramesForTrace: () => void calls.push("frames"),
 *   },
 *   {
 *     maybeNotifyApmAgent: () => "",
 *     convertTrace: () => ({ frames: [] }),
 *     symbolizationComplete: () => {},
 *   },
 *   (async function* () {
 *     yield trace;
 *     yield trace;
 *   })(),
 *   { monitorInterval: () => 5000 },
 *   1024,
 *   { mode: "counts" },
 * );
 * await handler.workerExited;
 * assertEquals(calls, ["count", "frames", "count"]);
 * ```
 */
export function startTraceHandler(
  signal: AbortSignal,
  reporter: TraceReporter,
  traceProcessor: TraceProcessor,
  traces: TraceInput,
  intervals: TraceHandlerIntervals,
  cacheSize: number,
  options: TraceHandlerOptions = {},
): TraceHandler {
  const worker = new Worker(
    reporter,
    traceProcessor,
    intervals,
    cacheSize,
    options,
  );
  return {
    workerExited: worker.run(traces, signal),
    stats: () => worker.stats(),
  };
}

/** Steps that may have to be waited for. */
type Steps = Generator<unknown, void, unknown>;

class Worker {
  readonly #reporter: TraceReporter;
  readonly #processor: TraceProcessor;
  readonly #intervalMs: number;
  readonly #mode: TraceHandlerMode;
  readonly #options: TraceHandlerOptions;
  readonly #clock: TraceClock;
  readonly #timer: HandlerTimer;
  /** Hash of the raw trace to hash of the named one. */
  readonly #knownTraces: LruCache<bigint, Id128>;
  /** Hashes of named traces whose frames were reported. */
  readonly #reportedTraces: LruCache<string, true>;
  readonly #logged: LruCache<string, true>;
  #nextTickMs: number;
  #isIdle = false;
  #traces = 0;
  #errors = 0;
  #firstError: string | undefined;
  #totalHits = 0;
  #totalMisses = 0;
  // Since the last report of metrics.
  #traceCacheHit = 0;
  #traceCacheMiss = 0;
  #knownTracesHit = 0;
  #knownTracesMiss = 0;

  constructor(
    reporter: TraceReporter,
    processor: TraceProcessor,
    intervals: TraceHandlerIntervals,
    cacheSize: number,
    options: TraceHandlerOptions,
  ) {
    const {
      mode = "frames",
      lifetimeMs = 0,
      clock = CLOCKLESS,
      timer = RUNTIME_TIMER,
    } = options;
    this.#reporter = reporter;
    this.#processor = processor;
    this.#mode = mode;
    this.#options = options;
    this.#clock = clock;
    this.#timer = timer;
    const now = () => timer.now();
    try {
      this.#knownTraces = new LruCache(cacheSize, { lifetimeMs, now });
      this.#reportedTraces = new LruCache(cacheSize, { lifetimeMs, now });
    } catch (cause) {
      throw new RangeError(
        `${START_FAILED}: ${cause instanceof Error ? cause.message : cause}`,
        { cause },
      );
    }
    this.#logged = new LruCache(1024, { lifetimeMs: LOG_INTERVAL_MS, now });
    this.#intervalMs = intervals.monitorInterval();
    if (!(this.#intervalMs > 0) || !Number.isFinite(this.#intervalMs)) {
      throw new RangeError(
        `Cannot start trace handler: monitorInterval is ${this.#intervalMs} ms, expected more than 0`,
      );
    }
    this.#nextTickMs = timer.now() + this.#intervalMs;
  }

  stats(): TraceHandlerStats {
    return {
      traces: this.#traces,
      errors: this.#errors,
      firstError: this.#firstError,
      cacheHits: this.#totalHits,
      cacheMisses: this.#totalMisses,
    };
  }

  async run(input: TraceInput, signal: AbortSignal): Promise<void> {
    const iterator = input[Symbol.asyncIterator]();
    const stopped = Promise.withResolvers<boolean>();
    // While a trace is handled, pulling ends by itself behind it.
    const stop = () => {
      if (this.#isIdle) stopped.resolve(false);
    };
    const done = new AbortController();
    const ticking = this.#tick(done.signal);
    let isAtEnd = false;
    try {
      const pulling = this.#pull(iterator, signal);
      if (this.#options.drainOnAbort !== true) {
        signal.addEventListener("abort", stop);
        if (signal.aborted) stop();
      }
      isAtEnd = await Promise.race([pulling, stopped.promise]);
      if (isAtEnd) this.#emitMetrics();
      else pulling.catch(() => {});
    } finally {
      // Not awaited: a source that waits for the kernel may take its time.
      if (!isAtEnd) Promise.resolve(iterator.return?.()).catch(() => {});
      signal.removeEventListener("abort", stop);
      done.abort();
      await ticking;
    }
  }

  /** @returns Whether the input came to its end. */
  async #pull(
    iterator: AsyncIterator<RawTrace | null | readonly (RawTrace | null)[]>,
    signal: AbortSignal,
  ): Promise<boolean> {
    const drains = this.#options.drainOnAbort === true;
    const never = new AbortController().signal;
    let sliceEndMs = this.#timer.now() + SLICE_MS;
    let left = SLICE_TRACES;
    while (true) {
      this.#isIdle = true;
      const result = await iterator.next();
      this.#isIdle = false;
      if (!drains && signal.aborted) return false;
      if (result.done === true) return true;
      const { value } = result;
      const batch = isBatch(value) ? value : undefined;
      const count = batch?.length ?? 1;
      for (let index = 0; index < count; index++) {
        const trace = batch === undefined ? value as RawTrace : batch[index];
        if (trace === null || trace === undefined) continue;
        const waiting = this.#handle(trace);
        if (waiting !== undefined) {
          await waiting;
          left = 1;
        }
        if (--left > 0) continue;
        left = SLICE_TRACES;
        const now = this.#timer.now();
        if (now >= this.#nextTickMs) this.#emitMetrics();
        if (now >= sliceEndMs) {
          // Lets timers run; promises alone would keep them waiting for ever.
          await this.#timer.wait(0, never);
          sliceEndMs = this.#timer.now() + SLICE_MS;
        }
        if (signal.aborted && !drains) return false;
      }
    }
  }

  /** Reports metrics while there is no input; otherwise they are reported between two traces. */
  async #tick(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const waitMs = this.#nextTickMs - this.#timer.now();
      await this.#timer.wait(
        waitMs > 0 ? waitMs : Math.min(this.#intervalMs, SLICE_MS),
        signal,
      );
      if (signal.aborted) return;
      if (this.#isIdle && this.#timer.now() >= this.#nextTickMs) {
        this.#emitMetrics();
      }
    }
  }

  /** @returns A promise only if something has to be waited for. */
  #handle(trace: RawTrace): Promise<void> | undefined {
    this.#traces++;
    const steps = this.#mode === "frames"
      ? this.#reportFrames(trace)
      : this.#reportByHash(trace);
    try {
      const waiting = advance(steps);
      return waiting === undefined
        ? this.#complete(trace.ktime)
        : this.#finish(waiting, trace.ktime);
    } catch (error) {
      return this.#fail(error, trace.ktime);
    }
  }

  async #finish(waiting: Promise<void>, ktime: KTime): Promise<void> {
    try {
      await waiting;
    } catch (error) {
      return await this.#fail(error, ktime);
    }
    return await this.#complete(ktime);
  }

  #fail(error: unknown, ktime: KTime): Promise<void> | undefined {
    this.#count(error);
    const waiting = this.#complete(ktime);
    if (this.#options.failFast !== true) return waiting;
    return Promise.resolve(waiting).then(() => {
      throw error;
    });
  }

  #complete(ktime: KTime): Promise<void> | undefined {
    const survive = (error: unknown) => {
      this.#count(error);
      if (this.#options.failFast === true) throw error;
    };
    try {
      const waiting = this.#processor.symbolizationComplete(ktime);
      return waiting === undefined ? undefined : waiting.catch(survive);
    } catch (error) {
      survive(error);
      return undefined;
    }
  }

  *#reportFrames(trace: RawTrace): Steps {
    const processor = this.#processor;
    const named = (yield processor.convertTrace(trace)) as Trace;
    let service = "";
    if (processor.maybeNotifyApmAgent !== undefined) {
      service = (yield this.#notify(trace, hashTrace(named))) as string;
    }
    yield this.#reporter.reportTraceEvent(named, this.#metaOf(trace, service));
  }

  /** The order of calls of October 2024. */
  *#reportByHash(trace: RawTrace): Steps {
    const rawHash = hashOf(trace);
    if (!this.#wantsEvents()) {
      const known = this.#knownTraces.get(rawHash);
      if (known !== undefined) {
        this.#knownTracesHit++;
        this.#totalHits++;
        const service = (yield this.#notify(trace, known)) as string;
        yield this.#reporter.reportCountForTrace(
          known,
          COUNT,
          this.#metaOf(trace, service),
        );
        return;
      }
      this.#knownTracesMiss++;
      this.#totalMisses++;
    }
    const named = (yield this.#processor.convertTrace(trace)) as Trace;
    const hash = hashTrace(named);
    this.#knownTraces.add(rawHash, hash);
    const service = (yield this.#notify(trace, hash)) as string;
    const meta = this.#metaOf(trace, service);
    if (this.#wantsEvents()) {
      yield this.#reporter.reportTraceEvent(named, meta);
      return;
    }
    yield this.#reporter.reportCountForTrace(hash, COUNT, meta);
    const key = formatId128(hash);
    if (this.#reportedTraces.get(key) !== undefined) {
      this.#traceCacheHit++;
      return;
    }
    this.#traceCacheMiss++;
    yield this.#reporter.reportFramesForTrace(
      named.hash === undefined ? { ...named, hash } : named,
    );
    this.#reportedTraces.add(key, true);
  }

  #wantsEvents(): boolean {
    return this.#mode === "ask"
      ? this.#reporter.supportsReportTraceEvent()
      : this.#mode === "events";
  }

  #notify(trace: RawTrace, hash: Id128): string | Promise<string> {
    return this.#processor.maybeNotifyApmAgent?.(trace, hash, COUNT) ?? "";
  }

  #metaOf(trace: RawTrace, apmServiceName: string): TraceMeta {
    return {
      timestamp: this.#clock.unixNs(trace.ktime),
      comm: trace.comm,
      pid: trace.pid,
      tid: trace.tid,
      cpu: trace.cpu,
      apmServiceName,
      origin: trace.origin,
      value: trace.value,
      labels: trace.labels,
      traceId: trace.traceId,
      spanId: trace.spanId,
      process: this.#processor.processOf?.(trace),
    };
  }

  #count(error: unknown): void {
    this.#errors++;
    const message = error instanceof Error ? error.message : String(error);
    this.#firstError ??= message;
    if (this.#logged.contains(message)) return;
    this.#logged.add(message, true);
    this.#options.log?.(message);
  }

  #emitMetrics(): void {
    const now = this.#timer.now();
    const late = Math.floor((now - this.#nextTickMs) / this.#intervalMs);
    this.#nextTickMs += Math.max(0, late + 1) * this.#intervalMs;
    const frames = this.#processor.takeFrameCacheCounts?.();
    if (frames !== undefined) {
      this.#totalHits += frames.hits;
      this.#totalMisses += frames.misses;
    }
    const ofFrames = this.#mode === "frames";
    const metrics: Metric[] = [
      {
        id: METRIC_ID.traceCacheHit,
        value: ofFrames ? frames?.hits ?? 0 : this.#traceCacheHit,
      },
      {
        id: METRIC_ID.traceCacheMiss,
        value: ofFrames ? frames?.misses ?? 0 : this.#traceCacheMiss,
      },
    ];
    if (!ofFrames) {
      metrics.push(
        { id: METRIC_ID.knownTracesHit, value: this.#knownTracesHit },
        { id: METRIC_ID.knownTracesMiss, value: this.#knownTracesMiss },
      );
    }
    this.#traceCacheHit = 0;
    this.#traceCacheMiss = 0;
    this.#knownTracesHit = 0;
    this.#knownTracesMiss = 0;
    this.#options.metrics?.addSlice(metrics);
  }
}

const START_FAILED = "failed to create traceHandler";

function isBatch(
  value: RawTrace | null | readonly (RawTrace | null)[],
): value is readonly (RawTrace | null)[] {
  return Array.isArray(value);
}

function hashOf({ hash }: RawTrace): bigint {
  if (hash === undefined) {
    throw new TypeError(
      "Cannot count trace: it has no hash, and this mode tells traces apart by it",
    );
  }
  return hash;
}

/** Runs steps as long as nothing has to be waited for. */
function advance(steps: Steps): Promise<void> | undefined {
  let result = steps.next();
  while (result.done !== true) {
    const { value } = result;
    if (value instanceof Promise) return advanceLater(steps, value);
    result = steps.next(value);
  }
  return undefined;
}

async function advanceLater(
  steps: Steps,
  first: Promise<unknown>,
): Promise<void> {
  let waiting: unknown = first;
  while (true) {
    let result: IteratorResult<unknown, void>;
    try {
      result = steps.next(await waiting);
    } catch (error) {
      steps.return();
      throw error;
    }
    if (result.done === true) return;
    waiting = result.value;
  }
}

const RUNTIME_TIMER: HandlerTimer = {
  now: () => performance.now(),
  wait: (ms, signal) => {
    const { promise, resolve } = Promise.withResolvers<void>();
    const end = () => {
      clearTimeout(timer);
      signal.removeEventListener("abort", end);
      resolve();
    };
    const timer = setTimeout(end, ms);
    signal.addEventListener("abort", end);
    return promise;
  },
};
