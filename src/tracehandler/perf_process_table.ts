import type { KTime, UnixNs } from "../base/time.ts";
import { FRAME_TYPE } from "../profile/frame_type_table.ts";
import { rawFrameLength, rawFrameType } from "../profile/raw_frames.ts";
import type {
  ProcessMeta,
  RawTrace,
  TraceClock,
} from "../profile/raw_trace.ts";
import { AddressSpace } from "./address_space.ts";
import { KERNEL_FILE_NAME } from "./kernel_mapping.ts";
import { kernelKey } from "./native_frame_converter.ts";
import type {
  PerfCommRecord,
  PerfKernelSymbolRecord,
  PerfMmapRecord,
  PerfRecord,
  PerfSampleRecord,
  PerfTaskRecord,
} from "./perf_record_types.ts";

const IDLE_NAME = "swapper";
/** The kernel's own mapping names the symbol whose address is its page offset. */
const KERNEL_REGEXP = /^\[kernel\.kallsyms\](_\w+)$/;
const EXECUTABLE_REGEXP = /^\/(?!\/|memfd:|dev\/zero|SYSV)/;
/** Ended threads that are remembered: samples of them may come late. */
const MAX_ENDED = 1024;
/** Processes and threads that are known at a time, and numbers that were used before. */
const MAX_KNOWN = 262_144;

interface Thread {
  readonly tid: number;
  readonly process: Process;
  comm: string;
}

interface Process {
  readonly pid: number;
  readonly space: AddressSpace;
  /** Threads that are known to live. */
  readonly threads: Set<number>;
  name: string;
  executablePath: string;
  /** When it began; only where another process had its number before. */
  readonly startTime: UnixNs | undefined;
  meta: ProcessMeta | undefined;
}

/** Where a {@linkcode PerfProcessTable} looks things up. */
export interface PerfProcessTableOptions {
  /** Gives the build id of a file whose mapping does not tell; empty where unknown. */
  readonly buildIdOf: (pid: number, path: string) => string;
  /** Time of the records. */
  readonly clock: TraceClock;
  /** Gives the container of a process. @default {none is known} */
  readonly containerOf?: ((pid: number) => string) | undefined;
}

/**
 * Follows processes, threads and mappings through the kernel's records in order
 * of time, and makes raw traces of samples.
 */
export class PerfProcessTable {
  /** What is mapped in the kernel; its addresses are signed numbers. */
  readonly kernelSpace: AddressSpace = new AddressSpace();
  #kernelReference: { name: string; address: bigint } | undefined;
  readonly #processes = new Map<number, Process>();
  readonly #threads = new Map<number, Thread>();
  /** Threads that have ended and are not forgotten, the oldest first. */
  #ended: Thread[] = [];
  /** Numbers of processes that are forgotten. */
  readonly #usedPids = new Set<number>();
  readonly #options: PerfProcessTableOptions;

  /** @param options Where build ids and times come from. */
  constructor(options: PerfProcessTableOptions) {
    this.#options = options;
  }

  /** A symbol of the kernel and where it was, where that was recorded. */
  get kernelReference():
    | { readonly name: string; readonly address: bigint }
    | undefined {
    return this.#kernelReference;
  }

  /** @param pid A process. @returns What is mapped in it. */
  spaceOf(pid: number): AddressSpace | undefined {
    return this.#processes.get(pid)?.space;
  }

  /** @param pid A process. @returns What is known of it. */
  metaOf(pid: number): ProcessMeta | undefined {
    const process = this.#processes.get(pid);
    if (process === undefined) return undefined;
    process.meta ??= {
      name: process.name,
      executablePath: process.executablePath,
      containerId: this.#options.containerOf?.(pid) ?? "",
      startTime: process.startTime,
    };
    return process.meta;
  }

  /** @param record A record. @returns Whether it changes what addresses of samples mean. */
  changesAddresses(record: PerfRecord): boolean {
    return record.type === "mmap" || record.type === "fork" ||
      record.type === "exit" || record.type === "kernel-symbol" ||
      (record.type === "comm" && record.isExec);
  }

  /** @param record A record that is no sample, in order of time. */
  apply(record: PerfRecord): void {
    switch (record.type) {
      case "comm":
        return this.#rename(record);
      case "mmap":
        return this.#map(record);
      case "fork":
        return this.#fork(record);
      case "exit":
        return this.#exit(record);
      case "kernel-symbol":
        return this.#mapKernelSymbol(record);
    }
  }

  /** @param sample A sample, in order of time. @returns The trace. */
  traceOf(sample: PerfSampleRecord): RawTrace {
    const { pid, tid, frameData } = sample;
    const generation = this.#processes.get(pid)?.space.generation ?? 0;
    for (let at = 0; at < frameData.length;) {
      const half = frameData[at + 1]!;
      if (rawFrameType(half) === FRAME_TYPE.native) {
        frameData[at + 2] = generation;
      }
      at += rawFrameLength(half) * 2;
    }
    return {
      ktime: sample.time as KTime,
      pid,
      tid,
      comm: this.#threads.get(tid)?.comm ??
        (tid === 0 ? IDLE_NAME : this.#processes.get(pid)?.name ?? ""),
      cpu: sample.cpu,
      origin: "sampling",
      value: sample.period,
      frameData,
      kernelFrameCount: 0,
      labels: [],
      traceId: "",
      spanId: "",
    };
  }

  #rename({ pid, tid, comm, isExec }: PerfCommRecord): void {
    const process = this.#process(pid);
    this.#setThread(tid, process, comm);
    if (isExec) {
      process.space.clear();
      process.executablePath = "";
    }
    if (tid === pid || process.name === "") process.name = comm;
    process.meta = undefined;
  }

  #map(record: PerfMmapRecord): void {
    if (record.isData) return;
    const { pid, fileName } = record;
    const isKernel = pid === -1;
    const start = isKernel ? kernelKey(record.start) : Number(record.start);
    const range = {
      start,
      end: start + Number(record.length),
      fileOffset: isKernel ? 0 : Number(record.pageOffset),
      file: {
        path: fileName,
        buildId: record.buildId ||
          this.#options.buildIdOf(
            pid,
            fileName.replace(KERNEL_REGEXP, KERNEL_FILE_NAME),
          ),
      },
    };
    if (isKernel) {
      const name = KERNEL_REGEXP.exec(fileName)?.[1];
      if (name !== undefined) {
        this.#kernelReference ??= { name, address: record.pageOffset };
      }
      this.kernelSpace.map(range);
      return;
    }
    const process = this.#process(pid);
    process.space.map(range);
    if (process.executablePath === "" && EXECUTABLE_REGEXP.test(fileName)) {
      process.executablePath = fileName;
      process.meta = undefined;
    }
  }

  #mapKernelSymbol(
    { address, length, name, isRemoved }: PerfKernelSymbolRecord,
  ): void {
    if (isRemoved) return;
    const start = kernelKey(address);
    this.kernelSpace.map({
      start,
      end: start + length,
      fileOffset: 0,
      file: { path: name, buildId: "" },
    });
  }

  #fork(record: PerfTaskRecord): void {
    const { pid, parentPid, tid, parentTid, timeNs, isOfRunning } = record;
    const parent = this.#processes.get(parentPid);
    const comm = this.#threads.get(parentTid)?.comm ?? parent?.name ?? "";
    if (pid === parentPid) {
      this.#setThread(tid, this.#process(pid), comm);
      return;
    }
    if (isOfRunning) {
      this.#setThread(tid, this.#process(pid), "");
      return;
    }
    // The end of the one before may not have been recorded.
    const isAnother = this.#processes.has(pid) || this.#usedPids.has(pid);
    const process: Process = {
      pid,
      space: new AddressSpace(parent?.space),
      threads: new Set(),
      name: comm,
      executablePath: parent?.executablePath ?? "",
      startTime: isAnother
        ? this.#options.clock.unixNs(BigInt(timeNs) as KTime)
        : undefined,
      meta: undefined,
    };
    setBounded(this.#processes, pid, process);
    this.#setThread(tid, process, comm);
  }

  #exit({ tid }: PerfTaskRecord): void {
    const thread = this.#threads.get(tid);
    if (thread === undefined || !thread.process.threads.delete(tid)) return;
    this.#ended.push(thread);
    if (this.#ended.length < MAX_ENDED * 2) return;
    for (const thread of this.#ended.slice(0, MAX_ENDED)) this.#forget(thread);
    this.#ended = this.#ended.slice(MAX_ENDED);
  }

  #forget(thread: Thread): void {
    const { tid, process } = thread;
    if (this.#threads.get(tid) === thread) this.#threads.delete(tid);
    const { pid, threads } = process;
    if (threads.size > 0 || this.#processes.get(pid) !== process) return;
    this.#processes.delete(pid);
    if (this.#usedPids.size < MAX_KNOWN) this.#usedPids.add(pid);
  }

  #setThread(tid: number, process: Process, comm: string): void {
    process.threads.add(tid);
    setBounded(this.#threads, tid, { tid, process, comm });
  }

  #process(pid: number): Process {
    let process = this.#processes.get(pid);
    if (process === undefined) {
      process = {
        pid,
        space: new AddressSpace(),
        threads: new Set(),
        name: "",
        executablePath: "",
        startTime: undefined,
        meta: undefined,
      };
      setBounded(this.#processes, pid, process);
    }
    return process;
  }
}

/** A recording that names ever more without an end of any loses the oldest. */
function setBounded<V>(map: Map<number, V>, key: number, value: V): void {
  if (map.size >= MAX_KNOWN && !map.has(key)) {
    map.delete(map.keys().next().value!);
  }
  map.set(key, value);
}
