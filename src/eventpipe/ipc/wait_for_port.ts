import { findPorts, resolvePort } from "./default_port.ts";
import type { FindPortOptions } from "./default_port.ts";

const INTERVAL_MS = 100;
const DEFAULT_TIMEOUT_MS = 10_000;

/** How {@linkcode waitForPort} waits. */
export interface WaitForPortOptions extends FindPortOptions {
  /** For how long, in ms. @default {10000} */
  readonly timeoutMs?: number | undefined;
  /** Gives up. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * Waits for the port of a process that has just been started.
 *
 * @param pid The process.
 * @param options Time limit.
 * @returns When the port is there.
 * @throws {ServerNotAvailableError} When it does not come in time; says what was searched.
 */
export async function waitForPort(
  pid: number,
  options: WaitForPortOptions = {},
): Promise<void> {
  const { timeoutMs = DEFAULT_TIMEOUT_MS, signal } = options;
  const end = performance.now() + timeoutMs;
  if (Deno.build.os === "windows") return;
  while (findPorts(pid, options).candidates.length === 0) {
    if (performance.now() >= end) {
      resolvePort(pid, options);
      return;
    }
    await new Promise((resolve) => setTimeout(resolve, INTERVAL_MS));
    signal?.throwIfAborted();
  }
}
