import { EXIT_CODE } from "./exit_code.ts";

/** Reason with which {@linkcode CommandContext.signal} aborts on Ctrl-C. */
export class InterruptedError extends Error {
  override name = "InterruptedError";

  /** @param signal Name of the signal. */
  constructor(signal: Deno.Signal) {
    super(`Interrupted by ${signal}`);
  }
}

/** Turns SIGINT and SIGTERM into one abort signal. */
export interface Interruption extends Disposable {
  /** Aborts with an {@linkcode InterruptedError} at the first signal. */
  readonly signal: AbortSignal;
}

/**
 * Listens for SIGINT and SIGTERM. The first one aborts, so that what is being
 * written is finished; the second one ends the process at once.
 *
 * @param onFirst Tells the user what happens now.
 * @returns The interruption; dispose it to stop listening.
 */
export function listenForInterruption(onFirst: () => void): Interruption {
  const controller = new AbortController();
  // Windows knows SIGINT and SIGBREAK only.
  const signals: Deno.Signal[] = Deno.build.os === "windows"
    ? ["SIGINT", "SIGBREAK"]
    : ["SIGINT", "SIGTERM"];
  const listeners = signals.map((name) => {
    const listener = () => {
      if (controller.signal.aborted) Deno.exit(EXIT_CODE.interrupted);
      onFirst();
      controller.abort(new InterruptedError(name));
    };
    Deno.addSignalListener(name, listener);
    return { name, listener };
  });
  return {
    signal: controller.signal,
    [Symbol.dispose]() {
      for (const { name, listener } of listeners) {
        Deno.removeSignalListener(name, listener);
      }
    },
  };
}
