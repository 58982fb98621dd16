import type { ConsoleHost } from "./console.ts";

/** @returns The real process as a {@linkcode ConsoleHost}. */
export function processHost(): ConsoleHost {
  return {
    async writeStdout(bytes) {
      let rest = bytes;
      while (rest.length > 0) {
        rest = rest.subarray(await Deno.stdout.write(rest));
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
