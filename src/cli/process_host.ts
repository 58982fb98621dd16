import { isInForeground } from "../platform/foreground.ts";
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
    stdin: () => readStdin(),
    isTerminal: (stream) => Deno[stream].isTerminal(),
    canReadKeys: () => Deno.stdin.isTerminal() && isInForeground(),
    columns() {
      try {
        return Deno.consoleSize().columns;
      } catch {
        return 80; // no terminal
      }
    },
    env: readEnvironment,
    now: () => performance.now(),
  };
}

/** The stream's own iterator would wait for the end of a read before it lets go. */
function readStdin(): AsyncIterable<Uint8Array> {
  return {
    [Symbol.asyncIterator]() {
      const reader = Deno.stdin.readable.getReader();
      return {
        async next() {
          const { done, value } = await reader.read();
          return done ? { done, value: undefined } : { done, value };
        },
        async return() {
          await reader.cancel();
          return { done: true, value: undefined };
        },
      };
    },
  };
}

/** Without the permission to ask, no variable is set. */
function readEnvironment(name: string): string | undefined {
  try {
    return Deno.env.get(name);
  } catch (error) {
    if (error instanceof Deno.errors.NotCapable) return undefined;
    throw error;
  }
}
