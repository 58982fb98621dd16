import type { Console } from "./console.ts";

/** Waits for a line that somebody types. */
export interface EnterKey extends AsyncDisposable {
  /** Aborted when the line is there. */
  readonly signal: AbortSignal;
  /** Whether anything can be typed at all. */
  readonly isListening: boolean;
}

/**
 * Waits for Enter in the background, where standard input is a terminal that
 * may be read from.
 *
 * @param console The console.
 * @returns The waiting; dispose it to leave the terminal alone.
 */
export function listenForEnter(console: Console): EnterKey {
  const pressed = new AbortController();
  const leaving = new AbortController();
  const isListening = console.canReadKeys;
  const reading = isListening
    ? read(console, leaving.signal, () => pressed.abort())
    : Promise.resolve();
  return {
    signal: pressed.signal,
    isListening,
    async [Symbol.asyncDispose]() {
      leaving.abort();
      await reading;
    },
  };
}

/** Never rejects: without keys there is still Ctrl-C. */
async function read(
  console: Console,
  leaving: AbortSignal,
  onEnter: () => void,
): Promise<void> {
  try {
    // A terminal gives whole lines.
    for await (const _ of console.stdin(leaving)) return onEnter();
  } catch {
    // Interrupted, left, or the terminal has gone.
  }
}
