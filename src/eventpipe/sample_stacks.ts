import type { DecodeStats } from "../base/decode_stats.ts";
import type { DiagnosticClient } from "./ipc/diagnostic_client.ts";
import type { CollectTracingConfig } from "./ipc/types.ts";
import { PROVIDER_NAME } from "./provider_name_table.ts";
import { readNettraceProfile } from "./samples/read_nettrace_profile.ts";
import type { Profile } from "../profile/types.ts";

/** How {@linkcode sampleStacks} samples. */
export interface SampleStacksOptions {
  /** For how long, in ms. */
  readonly durationMs: number;
  /** Whether every sample keeps its time. @default {false} */
  readonly timed?: boolean | undefined;
  /** Counts what is missing: a process that ends meanwhile names no methods. */
  readonly stats?: DecodeStats | undefined;
  /** Ends the sampling early; what came counts. Before it began there is nothing. */
  readonly stop?: AbortSignal | undefined;
}

const CONFIG: CollectTracingConfig = {
  providers: [{ name: PROVIDER_NAME.sampleProfiler, level: 4 }],
};

/**
 * Samples the stacks of all managed threads of a running process, and lets it
 * name their methods.
 *
 * @param client The runtime.
 * @param options For how long.
 * @returns The profile.
 * @throws {DiagnosticError} When no session can be started.
 */
export async function sampleStacks(
  client: DiagnosticClient,
  options: SampleStacksOptions,
): Promise<Profile> {
  const { durationMs, timed = false, stats, stop } = options;
  await using session = await client.collectTracing(CONFIG, {
    signal: stop,
  });
  const end = () => void session.stop().catch(() => {});
  const timer = setTimeout(end, durationMs);
  if (stop?.aborted === true) end();
  stop?.addEventListener("abort", end);
  try {
    const { profile } = await readNettraceProfile(session.stream, {
      timed,
      stats,
    });
    return profile;
  } finally {
    clearTimeout(timer);
    stop?.removeEventListener("abort", end);
  }
}
