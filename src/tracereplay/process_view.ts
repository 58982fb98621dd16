import { contextOf } from "./event_fields.ts";
import { ProcessTracker } from "./process_tracker.ts";
import type { TrackedProcess } from "./process_tracker.ts";
import type { ProcfsProcess } from "./procfs_dump.ts";
import type { TraceEvent } from "./types.ts";

/** Adds to events what is known of their processes. */
export class ProcessView {
  readonly #tracker = new ProcessTracker();

  /** @param processes Those that ran before the session began. */
  constructor(processes: Iterable<ProcfsProcess> = []) {
    this.#tracker.prefill(processes);
  }

  /**
   * Takes the next event.
   *
   * @param event Any event, in order.
   * @returns What is known of its process, for JSON; `undefined` when nothing is.
   */
  add(event: TraceEvent): Record<string, unknown> | undefined {
    const changed = this.#tracker.add(event);
    const { thread_group_id: pid, thread_group_start_time_ns: start = 0n } =
      contextOf(event) ?? {};
    const process = changed ??
      (pid === undefined ? undefined : this.#tracker.find(pid, start));
    return process === undefined ? undefined : describe(process);
  }
}

function describe(process: TrackedProcess): Record<string, unknown> {
  return {
    pid: process.pid,
    parent_pid: process.parentPid,
    name: process.processName,
    binary: process.binaryPath,
    argv: process.argv,
    ...(process.pipeInput === undefined
      ? {}
      : { pipe_input: describe(process.pipeInput) }),
    ...(process.pipeOutput === undefined
      ? {}
      : { pipe_output: describe(process.pipeOutput) }),
  };
}
