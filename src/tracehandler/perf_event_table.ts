/** What a sample holds: bits of `sample_type`. */
export const PERF_SAMPLE = {
  ip: 0x1,
  tid: 0x2,
  time: 0x4,
  addr: 0x8,
  read: 0x10,
  callchain: 0x20,
  id: 0x40,
  cpu: 0x80,
  period: 0x100,
  streamId: 0x200,
  raw: 0x400,
  branchStack: 0x800,
  userRegisters: 0x1000,
  userStack: 0x2000,
  identifier: 0x1_0000,
} as const;

/** Kinds of records. */
export const PERF_RECORD = {
  mmap: 1,
  lost: 2,
  comm: 3,
  exit: 4,
  throttle: 5,
  unthrottle: 6,
  fork: 7,
  sample: 9,
  mmap2: 10,
  aux: 11,
  lostSamples: 13,
  kernelSymbol: 17,
  headerAttr: 64,
  tracingData: 66,
  finishedRound: 68,
  auxtrace: 71,
  eventUpdate: 78,
  feature: 80,
  compressed: 81,
  compressed2: 83,
} as const;

/** Names of records, for people. */
export const PERF_RECORD_NAMES: Readonly<Record<number, string>> = {
  1: "MMAP",
  2: "LOST",
  3: "COMM",
  4: "EXIT",
  5: "THROTTLE",
  6: "UNTHROTTLE",
  7: "FORK",
  8: "READ",
  9: "SAMPLE",
  10: "MMAP2",
  11: "AUX",
  12: "ITRACE_START",
  13: "LOST_SAMPLES",
  14: "SWITCH",
  15: "SWITCH_CPU_WIDE",
  16: "NAMESPACES",
  17: "KSYMBOL",
  18: "BPF_EVENT",
  19: "CGROUP",
  20: "TEXT_POKE",
  21: "AUX_OUTPUT_HW_ID",
  64: "HEADER_ATTR",
  65: "EVENT_TYPE",
  66: "TRACING_DATA",
  67: "BUILD_ID",
  68: "FINISHED_ROUND",
  69: "ID_INDEX",
  70: "AUXTRACE_INFO",
  71: "AUXTRACE",
  72: "AUXTRACE_ERROR",
  73: "THREAD_MAP",
  74: "CPU_MAP",
  75: "STAT_CONFIG",
  76: "STAT",
  77: "STAT_ROUND",
  78: "EVENT_UPDATE",
  79: "TIME_CONV",
  80: "FEATURE",
  81: "COMPRESSED",
  82: "FINISHED_INIT",
  83: "COMPRESSED2",
};

/** Bits of a record's `misc`. */
export const PERF_MISC = {
  cpuModeMask: 7,
  kernel: 1,
  user: 2,
  hypervisor: 3,
  guestKernel: 4,
  guestUser: 5,
  /** COMM: because of an exec. */
  commExec: 0x2000,
  /** MMAP: of data. */
  mmapData: 0x2000,
  /** FORK: made by the recorder for a task that ran already. */
  forkOfRunning: 0x2000,
  /** MMAP2: carries a build id in place of the file's numbers. */
  mmapBuildId: 0x4000,
  /** Build id table: the size of the id is given. */
  buildIdSize: 0x8000,
} as const;

/** Bits of an event's flags, by their number. */
export const PERF_ATTR_FLAG = {
  disabled: 0,
  inherit: 1,
  excludeUser: 4,
  excludeKernel: 5,
  excludeHypervisor: 6,
  excludeIdle: 7,
  mmap: 8,
  comm: 9,
  freq: 10,
  enableOnExec: 12,
  task: 13,
  watermark: 14,
  sampleIdAll: 18,
  excludeKernelCallchain: 21,
  excludeUserCallchain: 22,
  mmap2: 23,
  commExec: 24,
  useClockId: 25,
  buildId: 34,
} as const;

/** Bits of what a stack of branches holds. */
export const PERF_BRANCH = {
  /** The branches are the calls that have not returned. */
  callStack: 0x800,
  /** An index of the hardware precedes them. */
  hardwareIndex: 0x2_0000,
} as const;

/** Lower half of an address in a call chain that says to whom the next ones belong. */
export const PERF_CONTEXT = {
  hypervisor: 0xffff_ffe0,
  kernel: 0xffff_ff80,
  user: 0xffff_fe00,
  /** The stack comes in a record of its own; a number follows, no address. */
  userDeferred: 0xffff_fd80,
  guest: 0xffff_f800,
  guestKernel: 0xffff_f780,
  guestUser: 0xffff_f600,
  /** From this lower half on, with an upper half of ones, it is no address. */
  first: 0xffff_f001,
} as const;

/** Sections of a perf.data file, by the number of their bit. */
export const PERF_FEATURE = {
  buildIds: 2,
  hostname: 3,
  osRelease: 4,
  perfVersion: 5,
  arch: 6,
  cpuCounts: 7,
  cpuDescription: 8,
  cpuId: 9,
  totalMemory: 10,
  commandLine: 11,
  eventDescriptions: 12,
  sampleTime: 21,
  clockId: 23,
  directory: 24,
  compressed: 27,
  clockData: 29,
} as const;

const SOFTWARE_NAMES = [
  "cpu-clock",
  "task-clock",
  "page-faults",
  "context-switches",
  "cpu-migrations",
  "minor-faults",
  "major-faults",
  "alignment-faults",
  "emulation-faults",
  "dummy",
  "bpf-output",
  "cgroup-switches",
] as const;

const HARDWARE_NAMES = [
  "cycles",
  "instructions",
  "cache-references",
  "cache-misses",
  "branches",
  "branch-misses",
  "bus-cycles",
  "stalled-cycles-frontend",
  "stalled-cycles-backend",
  "ref-cycles",
] as const;

/** An event of software that never happens; recorders follow processes with it. */
export const PERF_DUMMY_EVENT = 9n;

/** Kinds of events. */
export const PERF_TYPE = { hardware: 0, software: 1, tracepoint: 2 } as const;

/**
 * Names an event where the file has no name for it.
 *
 * @param type Its kind.
 * @param config Which one of its kind.
 * @returns Its usual name, or kind and number.
 */
export function perfEventName(type: number, config: bigint): string {
  const index = Number(config & 0xffn);
  if (type === PERF_TYPE.software) {
    return SOFTWARE_NAMES[index] ?? `software:${config}`;
  }
  if (type === PERF_TYPE.hardware) {
    return HARDWARE_NAMES[index] ?? `hardware:${config}`;
  }
  if (type === PERF_TYPE.tracepoint) return `tracepoint:${config}`;
  return `type${type}:0x${config.toString(16)}`;
}

/** @param name Name of an event without modifiers. @returns Whether it counts nanoseconds. */
export function isPerfClockEvent(name: string): boolean {
  return name === "cpu-clock" || name === "task-clock";
}
