import type { ConsoleHost } from "./console.ts";

/** @returns The real process as a {@linkcode ConsoleHost}. */
export function processHost(): ConsoleHost {
  return {
    async writeStdout(bytes) {
      try {
        let rest = bytes;
        while (rest.length > 0) {
          rest = rest.subarray(await Deno.stdout.write(rest));
        }
      } catch (error) {
        // The system's words name no file.
        if (
          !(error instanceof Error) || error instanceof Deno.errors.BrokenPipe
        ) throw error;
        throw new Error(
          `Cannot write to standard output: ${
            error.message.replace(/ \(os error \d+\)$/, "")
          }`,
          { cause: error },
        );
      }
    },
    writeStderr(bytes) {
      try {
        let rest = bytes;
        while (rest.length > 0) {
          rest = rest.subarray(Deno.stderr.writeSync(rest));
        }
      } catch (error) {
        // Whoever listened to the messages has gone; the work itself goes on.
        if (!(error instanceof Deno.errors.BrokenPipe)) throw error;
      }
    },
    stdin: () => Deno.stdin.readable,
    isTerminal: (stream) => Deno[stream].isTerminal(),
    columns() {
      try {
        return Deno.consoleSize().columns;
      } catch {
        return 80; // no terminal
      }
    },
    env: (name) => Deno.env.get(name),
    now: () => performance.now(),
  };
}
