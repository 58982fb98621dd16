import type {
  CommandOptions,
  DiagnosticClient,
} from "./ipc/diagnostic_client.ts";
import { isUnknownCommand } from "./ipc/diagnostic_error.ts";
import { DEFAULT_RUNDOWN_KEYWORD } from "./ipc/request_encoder.ts";
import type { Session } from "./ipc/session.ts";
import type { RundownRetry } from "./ipc/trace_profile_table.ts";
import type { CollectTracingConfig } from "./ipc/types.ts";

/** How {@linkcode startTrace} starts. */
export interface StartTraceOptions extends CommandOptions {
  /** What to try when the runtime cannot choose its rundown. @default {"none"} */
  readonly retry?: RundownRetry | undefined;
  /** Gets remarks on what was tried. */
  readonly onNote?: ((text: string) => void) | undefined;
}

/**
 * Starts a session, with the usual rundown or none where the runtime is too old
 * to choose and the plan allows it.
 *
 * @param client The runtime.
 * @param config Providers and buffer.
 * @param options What to try.
 * @returns The session.
 * @throws {UnsupportedCommandError} When the runtime is too old for what is asked.
 */
export async function startTrace(
  client: DiagnosticClient,
  config: CollectTracingConfig,
  options: StartTraceOptions = {},
): Promise<Session> {
  const { retry = "none", onNote } = options;
  try {
    return await client.collectTracing(config, options);
  } catch (error) {
    const canRetry = isUnknownCommand(error) &&
      retry !== "none" && (config.bufferingMode ?? "drop") === "drop";
    if (!canRetry) throw error;
    const rundownKeyword = retry === "keepRundown"
      ? DEFAULT_RUNDOWN_KEYWORD
      : 0n;
    onNote?.(
      `the runtime cannot choose its rundown, trying ${
        rundownKeyword === 0n ? "without one" : "the usual one"
      }`,
    );
    return await client.collectTracing({ ...config, rundownKeyword }, options);
  }
}
