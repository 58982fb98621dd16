import type { ProcfsProcess } from "./procfs_dump.ts";
import type { Message, TraceEvent } from "./types.ts";

/** A process inside of a sandbox. */
export interface TrackedProcess {
  /** Process id in the root namespace of the sandbox. */
  readonly pid: number;
  /** When it was started, in Unix ns: with the id it is unique. */
  readonly startTimeNs: bigint;
  /** Container, empty when not collected. */
  readonly containerId: string;
  /** Name of the process, empty when not collected. */
  readonly processName: string;
  /** Process id of its parent, 0 when not collected. */
  readonly parentPid: number;
  /** Program that it runs, empty when not known. */
  readonly binaryPath: string;
  /** Its arguments. */
  readonly argv: readonly string[];
  /** Its environment. */
  readonly env: readonly string[];
  /** The sibling that writes to its standard input, where known. */
  readonly pipeInput: TrackedProcess | undefined;
  /** The sibling that reads its standard output, where known. */
  readonly pipeOutput: TrackedProcess | undefined;
}

/** How a {@linkcode ProcessTracker} is bounded. */
export interface ProcessTrackerOptions {
  /** Processes that are kept; the one not used for longest is forgotten. @default {65536} */
  readonly maxProcesses?: number | undefined;
}

/**
 * Follows the processes of one sandbox by its events. It needs the context
 * fields `group_id` and `thread_group_start_time` on `sentry/execve` and
 * `sentry/task_exit`, and for pipes the optional field `pipe_proc_info`.
 *
 * @example A process starts
 * ```ts
 * import { ProcessTracker } from "../../src/tracereplay/process_tracker.ts";
 * import { decodeMessage } from "../../src/tracereplay/message_decoder.ts";
 * import { encodeMessage } from "../../src/tracereplay/message_encoder.ts";
 * import { assertEquals } from "@std/assert";
 *
 * const tracker = new ProcessTracker();
 * tracker.add(decodeMessage(encodeMessage("ExecveInfo", {
 *   context_data: { thread_group_id: 7, thread_group_start_time_ns: 100n },
 *   argv: ["ls"],
 * })));
 * assertEquals(tracker.find(7, 100n)?.argv, ["ls"]);
 * ```
 */
export class ProcessTracker {
  readonly #maxProcesses: number;
  readonly #processes = new Map<string, TrackedProcess>();

  /** @param options Bounds. */
  constructor(options: ProcessTrackerOptions = {}) {
    this.#maxProcesses = options.maxProcesses ?? 65_536;
  }

  /** Number of processes that are known. */
  get size(): number {
    return this.#processes.size;
  }

  /** @returns All processes that are known, the one used last at the end. */
  processes(): readonly TrackedProcess[] {
    return [...this.#processes.values()];
  }

  /**
   * Finds a process.
   *
   * @param pid Its id.
   * @param startTimeNs When it was started, in Unix ns.
   * @returns The process, if it is known.
   */
  find(pid: number, startTimeNs: bigint): TrackedProcess | undefined {
    const key = keyOf(pid, startTimeNs);
    const process = this.#processes.get(key);
    if (process !== undefined) this.#put(key, process);
    return process;
  }

  /**
   * Takes the next event.
   *
   * @param event Any event of the sandbox, in order.
   * @returns The process that was started, or has ended.
   */
  add(event: TraceEvent): TrackedProcess | undefined {
    if (event.type !== "decoded") return undefined;
    if (event.message === "ExecveInfo") return this.#start(event.payload);
    if (event.message === "TaskExit") return this.#end(event.payload);
    return undefined;
  }

  /**
   * Takes processes that ran before the session began.
   *
   * @param processes As of `runsc trace procfs`.
   */
  prefill(processes: Iterable<ProcfsProcess>): void {
    for (const { status, clone_ts: startTimeNs, exe, args, env } of processes) {
      if (status?.pid === undefined) continue;
      this.#put(keyOf(status.pid, startTimeNs ?? 0n), {
        pid: status.pid,
        startTimeNs: startTimeNs ?? 0n,
        containerId: "",
        processName: status.comm ?? "",
        parentPid: status.ppid ?? 0,
        binaryPath: exe ?? "",
        argv: args ?? [],
        env: env ?? [],
        pipeInput: undefined,
        pipeOutput: undefined,
      });
    }
  }

  #start(payload: Message<"ExecveInfo">): TrackedProcess | undefined {
    const context = payload.context_data;
    if (context?.thread_group_id === undefined) return undefined;
    const process: TrackedProcess = {
      pid: context.thread_group_id,
      startTimeNs: context.thread_group_start_time_ns ?? 0n,
      containerId: context.container_id ?? "",
      processName: context.process_name ?? "",
      parentPid: context.parent_thread_group_id ?? 0,
      binaryPath: payload.binary_path ?? "",
      argv: payload.argv ?? [],
      env: payload.env ?? [],
      pipeInput: this.#sibling(payload.pipe_input_proc),
      pipeOutput: this.#sibling(payload.pipe_output_proc),
    };
    this.#put(keyOf(process.pid, process.startTimeNs), process);
    return process;
  }

  #sibling(
    info: Message<"PipeProcInfo"> | undefined,
  ): TrackedProcess | undefined {
    const context = info?.context_data;
    if (context === undefined) return undefined;
    const sibling = this.find(
      context.thread_group_id ?? 0,
      context.thread_group_start_time_ns ?? 0n,
    );
    // Siblings of siblings would keep every process that ever was.
    return sibling === undefined
      ? undefined
      : { ...sibling, pipeInput: undefined, pipeOutput: undefined };
  }

  #end(payload: Message<"TaskExit">): TrackedProcess | undefined {
    const context = payload.context_data;
    if (context?.thread_group_id === undefined) return undefined;
    // The event is of a thread; only the first thread's end is that of the process.
    const { thread_id: tid = 0, thread_group_id: pid } = context;
    if (tid !== 0 && tid !== pid) return undefined;
    const key = keyOf(pid, context.thread_group_start_time_ns ?? 0n);
    const process = this.#processes.get(key);
    this.#processes.delete(key);
    return process;
  }

  #put(key: string, process: TrackedProcess): void {
    this.#processes.delete(key);
    this.#processes.set(key, process);
    if (this.#processes.size > this.#maxProcesses) {
      const [oldest] = this.#processes.keys();
      if (oldest !== undefined) this.#processes.delete(oldest);
    }
  }
}

function keyOf(pid: number, startTimeNs: bigint): string {
  return `${pid} ${startTimeNs}`;
}
