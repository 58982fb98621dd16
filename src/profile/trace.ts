import type { Id128 } from "../codec/id128.ts";
import type { Mapping } from "./types.ts";

/** One frame of a stack trace, as far as it could be named. */
export interface TraceFrame {
  /** Type, one of `FRAME_TYPE`, with the error bit where unwinding failed. */
  readonly type: number;
  /** Name of the function, empty where unknown. */
  readonly functionName: string;
  /** Lines from the start of the function, 0 where unknown. */
  readonly functionOffset: number;
  /** Source file, empty where unknown. */
  readonly sourceFile: string;
  /** Line, 0 where unknown. */
  readonly sourceLine: number;
  /** Column, 0 where unknown. */
  readonly sourceColumn: number;
  /**
   * Address in the mapped file's own addresses; of a kernel frame in memory; of
   * an error its number; 0 where there is none.
   */
  readonly address: bigint;
  /** The mapped file. */
  readonly mapping: Mapping | undefined;
  /** Whether it was inlined into its caller, the next frame. @default {false} */
  readonly inlined?: boolean | undefined;
}

/** A stack trace with named frames. */
export interface Trace {
  /** Frames, leaf first. */
  readonly frames: readonly TraceFrame[];
  /** Identity where it is known; else it is made of the frames, by `hashTrace`. */
  readonly hash?: Id128 | undefined;
}
