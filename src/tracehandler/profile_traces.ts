import type { RawTraceSource } from "../profile/raw_trace.ts";
import type { Profile } from "../profile/types.ts";
import { countErrors, gatherTraces } from "./gather_traces.ts";
import type { GatherTracesOptions } from "./gather_traces.ts";
import type { TraceHandlerStats } from "./trace_handler.ts";

/** What {@linkcode profileTraces} made. */
export interface ProfiledTraces {
  /** The profile. */
  readonly profile: Profile;
  /** What the handler did. */
  readonly handler: TraceHandlerStats;
}

/**
 * Lets all traces of a source pass the handler and gathers them in a profile.
 *
 * @param source Where the traces come from.
 * @param options What is kept of them.
 * @returns The profile.
 */
export async function profileTraces(
  source: RawTraceSource,
  options: GatherTracesOptions = {},
): Promise<ProfiledTraces> {
  const { signal, stats } = options;
  const { reporter, handler } = gatherTraces(source, options);
  await handler.workerExited;
  signal?.throwIfAborted();
  const counts = handler.stats();
  countErrors(counts, stats);
  return { profile: reporter.build(), handler: counts };
}
