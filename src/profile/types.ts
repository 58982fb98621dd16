import type { UnixNs } from "../base/time.ts";

/** What one number of a sample means, for example `wall` in `nanoseconds`. */
export interface ValueType {
  /** What is measured: `samples`, `cpu`, `wall`, `alloc_space` … */
  readonly type: string;
  /** Unit in pprof's words: `count`, `nanoseconds`, `bytes`. */
  readonly unit: string;
}

/** A file that was mapped into a process: executable, library, module. */
export interface Mapping {
  /** First address, 0n where unknown. */
  readonly start: bigint;
  /** First address behind it, 0n where unknown. */
  readonly end: bigint;
  /** Offset in the file that is mapped at `start`. */
  readonly fileOffset: bigint;
  /** Path or module name. */
  readonly fileName: string;
  /** Build id of the linker (GNU) or of the module, in hexadecimal, empty where unknown. */
  readonly buildId: string;
  /** Build id that Go's linker wrote, where there is one. */
  readonly goBuildId?: string | undefined;
  /** Hash of the file's content by which profilers tell files apart, in hexadecimal. */
  readonly fileId?: string | undefined;
}

/** Who was sampled. */
export interface ProfileThread {
  /** Process id, where known. */
  readonly pid: number | undefined;
  /** Operating system thread id, where known. */
  readonly tid: number | undefined;
  /** Name of the thread, empty where unknown. */
  readonly name: string;
  /** Name of the process, empty where unknown. */
  readonly processName: string;
}

/** A key with a text or a number, as pprof has them. */
export interface Label {
  readonly key: string;
  /** Text, or a number in `unit`. */
  readonly value: string | number | bigint;
  /** Unit of a number, empty for text and plain counts. */
  readonly unit: string;
}

/** Functions, one per index. Integers are indexes into {@linkcode Profile.strings}. */
export interface FunctionTable {
  readonly length: number;
  /** Name for people. */
  readonly name: Int32Array;
  /** Name as the system has it (mangled, with token), 0 where equal or unknown. */
  readonly systemName: Int32Array;
  /** Source file or module, 0 where unknown. */
  readonly fileName: Int32Array;
  /** First line, 0 where unknown. */
  readonly startLine: Int32Array;
}

/** Places in code, one per index. */
export interface FrameTable {
  readonly length: number;
  /** Index into {@linkcode Profile.functions}, -1 where unresolved. */
  readonly function: Int32Array;
  /** Index into {@linkcode Profile.mappings}, -1 where unknown. */
  readonly mapping: Int32Array;
  /** Address, 0n where unknown. */
  readonly address: BigUint64Array;
  /** Line, 0 where unknown. */
  readonly line: Int32Array;
  /** Column, 0 where unknown. */
  readonly column: Int32Array;
  /** Kind such as `native`, `kernel`, `dotnet`: index into {@linkcode Profile.strings}, 0 where unknown. */
  readonly kind: Int32Array;
  /** 1 where the frame was inlined into its caller, the frame of the parent stack node. */
  readonly inlined: Uint8Array;
}

/** Stacks as a forest: each entry is one frame on top of its caller's stack. */
export interface StackTable {
  readonly length: number;
  /** Index of the caller's stack, always smaller than the own one; -1 at a root. */
  readonly prefix: Int32Array;
  /** Index into {@linkcode Profile.frames}. */
  readonly frame: Int32Array;
}

/** Samples, one per index. */
export interface SampleTable {
  readonly length: number;
  /** Index into {@linkcode Profile.stacks}, -1 for an empty stack. */
  readonly stack: Int32Array;
  /** Index into {@linkcode Profile.threads}, -1 where unknown. */
  readonly thread: Int32Array;
  /** Index into {@linkcode Profile.labelSets}; 0 is the empty set. */
  readonly labels: Int32Array;
  /** Start of the sample in ns since {@linkcode Profile.startTime}; `undefined` when samples are sums over time. */
  readonly timeNs: Float64Array | undefined;
  /** One column per {@linkcode Profile.valueTypes}, exact up to 2^53. */
  readonly values: readonly Float64Array[];
}

/**
 * Sampled stacks of any origin, as columns of integers. Every source of stacks
 * ends here and every profile format is written from here.
 */
export interface Profile {
  /** Meaning of each value column, at least one. */
  readonly valueTypes: readonly ValueType[];
  /** Index of the value column to show first. */
  readonly defaultValueType: number;
  /** What is counted between two samples, where known. */
  readonly periodType: ValueType | undefined;
  /** Amount of `periodType` between two samples, 0 where unknown. */
  readonly period: number;
  /** Wall time of the first moment covered, where known. */
  readonly startTime: UnixNs | undefined;
  /** Time covered in ns, 0 where unknown. */
  readonly durationNs: number;
  /** Remarks for people. */
  readonly comments: readonly string[];
  /** Pattern of frames below which pprof shows nothing, where there is one. */
  readonly dropFrames?: string | undefined;
  /** Pattern of frames that `dropFrames` spares, where there is one. */
  readonly keepFrames?: string | undefined;
  /** Address of a page about this kind of profile, where there is one. */
  readonly docUrl?: string | undefined;
  /** All strings; index 0 is the empty string. */
  readonly strings: readonly string[];
  readonly mappings: readonly Mapping[];
  readonly functions: FunctionTable;
  readonly frames: FrameTable;
  readonly stacks: StackTable;
  readonly threads: readonly ProfileThread[];
  /** Sets of labels; index 0 is the empty set. */
  readonly labelSets: readonly (readonly Label[])[];
  readonly samples: SampleTable;
}
