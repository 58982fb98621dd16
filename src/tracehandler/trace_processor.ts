import type { KTime } from "../base/time.ts";
import type { Id128 } from "../codec/id128.ts";
import type { ProcessMeta, RawTrace } from "../profile/raw_trace.ts";
import type { Trace } from "../profile/trace.ts";

/** How often frames were found in a cache since it was asked last. */
export interface FrameCacheCounts {
  /** Frames that were found. */
  readonly hits: number;
  /** Frames that were not and are now. */
  readonly misses: number;
}

/**
 * What a trace handler asks of whoever names traces. Every method may answer
 * with a promise; the handler waits for it before it goes on, so that the order
 * of calls is always the same.
 */
export interface TraceProcessor {
  /**
   * Tells a monitoring agent inside the process, if there is one, that a stack
   * was taken there. Absent where there are no agents.
   *
   * @param rawTrace The trace.
   * @param traceHash Hash of its named form.
   * @param count How often it was seen.
   * @returns Name of the service as the agent has it, empty where there is none.
   */
  maybeNotifyApmAgent?(
    rawTrace: RawTrace,
    traceHash: Id128,
    count: number,
  ): string | Promise<string>;
  /**
   * Names the frames of a trace.
   *
   * @param rawTrace The trace.
   * @returns The named trace.
   */
  convertTrace(rawTrace: RawTrace): Trace | Promise<Trace>;
  /**
   * Learns that everything that was captured up to a moment has been handled.
   *
   * @param traceCaptureKtime The moment.
   */
  symbolizationComplete(traceCaptureKtime: KTime): void | Promise<void>;
  /** @param rawTrace A trace. @returns What is known of its process. */
  processOf?(rawTrace: RawTrace): ProcessMeta | undefined;
  /** @returns Counts of its own cache of frames since the last call. */
  takeFrameCacheCounts?(): FrameCacheCounts;
}
