import type { ReversedRuntime, ReversedServer } from "./reversed_server.ts";

/** How {@linkcode resumeOthers} does it. */
export interface ResumeOthersOptions {
  /** Gives up on runtimes that do not answer. */
  readonly signal?: AbortSignal | undefined;
  /** Called for each runtime. */
  readonly onRuntime?: ((runtime: ReversedRuntime) => void) | undefined;
}

/**
 * Lets all further runtimes go on that dial: programs that the target starts
 * inherit the setting that makes them wait for us.
 *
 * @param server Where they dial.
 * @param options Signal, and who hears of them.
 * @returns When the server is closed.
 */
export async function resumeOthers(
  server: ReversedServer,
  options: ResumeOthersOptions = {},
): Promise<void> {
  const { signal, onRuntime } = options;
  const resumed = new Set<Promise<void>>();
  for await (const runtime of server) {
    onRuntime?.(runtime);
    // One that has gone, or that stands still, holds up nobody.
    const done = runtime.client.resumeRuntime({ signal }).catch(() => {})
      .finally(() => resumed.delete(done));
    resumed.add(done);
  }
  await Promise.all(resumed);
}
