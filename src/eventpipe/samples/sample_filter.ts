import type { NettraceEvent } from "../nettrace/types.ts";

/** Which part of a trace counts. */
export interface SampleFilter {
  /** Start of the part, in ns since the trace's sync point. @default {-Infinity} */
  readonly fromNs?: number | undefined;
  /** End of the part, in ns since the trace's sync point. @default {Infinity} */
  readonly toNs?: number | undefined;
  /** Threads that count; without it, all. */
  readonly threadIds?: ReadonlySet<number> | undefined;
  /** Processes that count; without it, all. */
  readonly processIds?: ReadonlySet<number> | undefined;
}

/**
 * Says whether an event is about a thread that counts. Its time is not looked
 * at: what lasted is cut, what happened at a moment is asked for by time.
 *
 * @param filter Which part of the trace counts.
 * @param event The event.
 * @returns Whether its thread and process count.
 */
export function isThreadWanted(
  filter: SampleFilter,
  event: NettraceEvent,
): boolean {
  const { threadIds, processIds } = filter;
  if (threadIds !== undefined && !threadIds.has(event.threadId)) return false;
  if (processIds === undefined) return true;
  const { processId } = event;
  return processId !== undefined && processIds.has(processId);
}
