import type { KTime, UnixNs } from "../base/time.ts";
import type { Label, ValueType } from "./types.ts";
import type { TraceFrame } from "./trace.ts";

/** Why a stack was taken: by the clock, because a thread stopped running, or by a probe. */
export type TraceOrigin = "sampling" | "off_cpu" | "probe";

/**
 * A stack as it was captured: numbers without names. Every live or recorded
 * source of stacks makes these.
 */
export interface RawTrace {
  /** When, on the source's clock. */
  readonly ktime: KTime;
  /** Process. */
  readonly pid: number;
  /** Thread. */
  readonly tid: number;
  /** Name of the thread, empty where unknown. */
  readonly comm: string;
  /** Processor, -1 where unknown. */
  readonly cpu: number;
  /** Why the stack was taken. */
  readonly origin: TraceOrigin;
  /** Amount that the sample stands for: ns off the processor, or the period; 0 where unknown. */
  readonly value: number;
  /**
   * Frames, leaf first, as 64-bit words in pairs of 32-bit halves, lower half
   * first: `kernelFrameCount` bare addresses of the kernel, then frames as
   * `encodeRawFrames` makes them.
   */
  readonly frameData: Uint32Array;
  /** Words at the start of `frameData` that are bare kernel addresses. */
  readonly kernelFrameCount: number;
  /** What the program said about what it was doing. */
  readonly labels: readonly Label[];
  /** Trace that the thread was working for, 32 hexadecimal digits, empty where there is none. */
  readonly traceId: string;
  /** Span that the thread was working for, 16 hexadecimal digits, empty where there is none. */
  readonly spanId: string;
  /** Hash of the record as it was delivered, where the source makes one. */
  readonly hash?: bigint | undefined;
}

/** One frame of a {@linkcode RawTrace}. */
export interface RawFrame {
  /** Type, from 0 to 15; one of `FRAME_TYPE` where it is known. */
  readonly type: number;
  /** Whether it stands for an error, whose number is `data`. */
  readonly isError: boolean;
  /** Whether the address is one to return to, behind the call. */
  readonly isReturnAddress: boolean;
  /** Whether it means something else in another process. */
  readonly isPidSpecific: boolean;
  /** Up to 52 bits: an address, or the number of an error. */
  readonly data: number;
  /** Up to 14 further words. */
  readonly words: readonly bigint[];
}

/** What became of one frame of a {@linkcode RawTrace}. */
export interface ConvertedFrame {
  /** None, one, or with inlining several, leaf first. */
  readonly frames: readonly TraceFrame[];
  /** Whether an equal raw frame would give the same. */
  readonly isCacheable: boolean;
}

/** Names raw frames. */
export interface FrameConverter {
  /** A number that changes when what was converted before is void. */
  readonly generation: number;
  /**
   * Names one frame.
   *
   * @param frame A frame that is no error.
   * @param trace Where it is in.
   * @returns The frames that it stands for; a promise only where something must
   * be loaded first.
   */
  convertFrame(
    frame: RawFrame,
    trace: RawTrace,
  ): ConvertedFrame | Promise<ConvertedFrame>;
  /**
   * Names an address of the kernel.
   *
   * @param address The address that is to be returned to.
   * @param trace Where it is in.
   * @returns As {@linkcode FrameConverter.convertFrame}.
   */
  convertKernelAddress(
    address: bigint,
    trace: RawTrace,
  ): ConvertedFrame | Promise<ConvertedFrame>;
}

/** What is known of a process. */
export interface ProcessMeta {
  /** Name, empty where unknown. */
  readonly name: string;
  /** Path of its program, empty where unknown. */
  readonly executablePath: string;
  /** Control group or container, empty where unknown. */
  readonly containerId: string;
  /** When it was started; tells processes apart that have the same number. */
  readonly startTime?: UnixNs | undefined;
  /** Variables of its environment that were asked for. */
  readonly environment?: Readonly<Record<string, string>> | undefined;
}

/** Turns a source's time into wall time. */
export interface TraceClock {
  /** Whether {@linkcode TraceClock.unixNs} gives wall time; else it only counts from some start. */
  readonly isWallClock: boolean;
  /** @param ktime Time of a trace. @returns The same moment in ns since 1970. */
  unixNs(ktime: KTime): UnixNs;
}

/** What the samples of a source mean. */
export interface SamplingFacts {
  /** What is counted between two samples. */
  readonly periodType?: ValueType | undefined;
  /** Amount of it between two samples, 0 where unknown. */
  readonly period: number;
  /** What a trace's `value` is; absent where a sample counts 1 and nothing else. */
  readonly valueType?: ValueType | undefined;
}

/**
 * Where raw traces come from: a ring buffer of the kernel, a recording, a
 * stream of records. What the traces need to be named comes with them.
 */
export interface RawTraceSource {
  /** What the samples mean; complete when the first batch came. */
  readonly facts: SamplingFacts;
  /** Time of the traces. */
  readonly clock: TraceClock;
  /** Names the frames of the batch that was delivered last. */
  readonly converter: FrameConverter;
  /** @param trace A trace of the last batch. @returns What is known of its process. */
  processOf(trace: RawTrace): ProcessMeta | undefined;
  /**
   * Delivers the traces in order of time as far as the source allows. The next
   * batch is made when it is asked for.
   */
  batches(): AsyncIterable<readonly RawTrace[]>;
}
