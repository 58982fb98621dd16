import type { UnixNs } from "../base/time.ts";
import type { Id128 } from "../codec/id128.ts";
import type { ProcessMeta, TraceOrigin } from "./raw_trace.ts";
import type { Trace } from "./trace.ts";
import type { Label } from "./types.ts";

/** What belongs to one trace beside its frames. */
export interface TraceMeta {
  /** When it was taken. */
  readonly timestamp: UnixNs;
  /** Name of the thread, empty where unknown. */
  readonly comm: string;
  /** Process. */
  readonly pid: number;
  /** Thread. */
  readonly tid: number;
  /** Processor, -1 where unknown. */
  readonly cpu: number;
  /** Name of the service as its monitoring agent has it, empty where there is none. */
  readonly apmServiceName: string;
  /** Why it was taken. */
  readonly origin: TraceOrigin;
  /** Amount that it stands for, 0 where unknown. */
  readonly value: number;
  /** What the program said about what it was doing. */
  readonly labels: readonly Label[];
  /** Trace that the thread was working for, 32 hexadecimal digits or empty. */
  readonly traceId: string;
  /** Span that the thread was working for, 16 hexadecimal digits or empty. */
  readonly spanId: string;
  /** What is known of the process. */
  readonly process: ProcessMeta | undefined;
}

/** Takes traces that have been named. */
export interface TraceReporter {
  /** @returns Whether it wants each trace, rather than counts and the frames once. */
  supportsReportTraceEvent(): boolean;
  /**
   * Takes one trace.
   *
   * @param trace The trace; its frames may be shared with other traces.
   * @param meta When, where and why.
   */
  reportTraceEvent(trace: Trace, meta: TraceMeta): void | Promise<void>;
  /**
   * Counts a trace whose frames are told apart from it, later than the first
   * count.
   *
   * @param traceHash Which trace.
   * @param count How often it was seen.
   * @param meta When, where and why.
   */
  reportCountForTrace(
    traceHash: Id128,
    count: number,
    meta: TraceMeta,
  ): void | Promise<void>;
  /** @param trace A trace whose frames were not told lately. */
  reportFramesForTrace(trace: Trace): void | Promise<void>;
}
