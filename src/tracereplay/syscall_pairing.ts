import { contextOf, timeNsOf } from "./event_fields.ts";
import type { TraceEvent } from "./types.ts";

/** How a {@linkcode SyscallPairing} is bounded. */
export interface SyscallPairingOptions {
  /** Calls that may be unfinished at a time; the oldest is forgotten. @default {65536} */
  readonly maxPending?: number | undefined;
}

/**
 * Finds how long system calls took: brings the end of a call together with its
 * beginning by thread and number. Works where both points collect `time` and
 * `thread_id`.
 */
export class SyscallPairing {
  readonly #maxPending: number;
  readonly #pending = new Map<string, bigint>();

  /** @param options Bounds. */
  constructor(options: SyscallPairingOptions = {}) {
    this.#maxPending = options.maxPending ?? 65_536;
  }

  /**
   * Takes the next event.
   *
   * @param event Any event, in order.
   * @returns Length of the call in ns, if this is the end of one whose beginning was seen.
   */
  add(event: TraceEvent): bigint | undefined {
    if (event.type !== "decoded" || event.phase === undefined) return undefined;
    const { thread_id: tid, container_id: container = "" } = contextOf(event) ??
      {};
    const time = timeNsOf(event);
    if (tid === undefined || time === undefined) return undefined;
    const { sysno = 0n } = event.payload as { readonly sysno?: bigint };
    const key = `${event.typeId} ${sysno} ${tid} ${container}`;
    const start = this.#pending.get(key);
    this.#pending.delete(key);
    if (event.phase === "exit") {
      return start === undefined || time < start ? undefined : time - start;
    }
    this.#pending.set(key, time);
    if (this.#pending.size > this.#maxPending) {
      const [oldest] = this.#pending.keys();
      if (oldest !== undefined) this.#pending.delete(oldest);
    }
    return undefined;
  }
}
