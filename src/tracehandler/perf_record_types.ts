/** A sample of an event. */
export interface PerfSampleRecord {
  readonly type: "sample";
  /** When, in ns; a number for sorting, exact below 2^53. */
  readonly timeNs: number;
  /** When, in ns, exactly. */
  readonly time: bigint;
  /** Process, -1 where it has ended already. */
  readonly pid: number;
  /** Thread, -1 where it has ended already. */
  readonly tid: number;
  /** Processor, -1 where it was not recorded. */
  readonly cpu: number;
  /** Events since the last sample, 0 where it was not recorded. */
  readonly period: number;
  /**
   * Frames, leaf first, as `encodeRawFrames` makes them: of the kernel with the
   * address in a word of its own, of the program with a word that is 0 and that
   * a source sets to its state of the process.
   */
  readonly frameData: Uint32Array;
  /**
   * Whether the program had a stack that is not among the frames, apart from
   * the place where it was: it is there as a copy of memory only.
   */
  readonly lacksUserStack: boolean;
}

/** A thread got a name. */
export interface PerfCommRecord {
  readonly type: "comm";
  readonly timeNs: number;
  readonly pid: number;
  readonly tid: number;
  readonly comm: string;
  /** Whether another program began to run. */
  readonly isExec: boolean;
}

/** A file was mapped. */
export interface PerfMmapRecord {
  readonly type: "mmap";
  readonly timeNs: number;
  /** Process, -1 for the kernel. */
  readonly pid: number;
  readonly tid: number;
  readonly start: bigint;
  readonly length: bigint;
  readonly pageOffset: bigint;
  readonly fileName: string;
  /** Build id in hexadecimal, empty where it was not recorded. */
  readonly buildId: string;
  /** Whether it holds no code. */
  readonly isData: boolean;
}

/** A thread or process began or ended. */
export interface PerfTaskRecord {
  readonly type: "fork" | "exit";
  readonly timeNs: number;
  readonly pid: number;
  readonly parentPid: number;
  readonly tid: number;
  readonly parentTid: number;
  /** Whether the recorder met a task that ran already; it takes nothing over from its parent. */
  readonly isOfRunning: boolean;
}

/** Records that could not be written. */
export interface PerfLostRecord {
  readonly type: "lost";
  readonly timeNs: number;
  readonly count: number;
  /**
   * Whether only samples were counted. Recorders tell so at their end once more
   * what was told before of records of all kinds.
   */
  readonly isOfSamples: boolean;
}

/** The kernel slowed sampling down, or no longer does. */
export interface PerfThrottleRecord {
  readonly type: "throttle" | "unthrottle";
  readonly timeNs: number;
}

/** Code that the kernel made, or took away. */
export interface PerfKernelSymbolRecord {
  readonly type: "kernel-symbol";
  readonly timeNs: number;
  /** First address. */
  readonly address: bigint;
  /** Bytes. */
  readonly length: number;
  readonly name: string;
  /** Whether it is no longer there. */
  readonly isRemoved: boolean;
}

/** A record of the kernel that is looked at. */
export type PerfRecord =
  | PerfSampleRecord
  | PerfCommRecord
  | PerfMmapRecord
  | PerfTaskRecord
  | PerfLostRecord
  | PerfThrottleRecord
  | PerfKernelSymbolRecord;
