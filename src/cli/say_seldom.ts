import type { Console } from "./console.ts";

/** The same words are said at most this often. */
const REPEAT_MS = 60_000;
const MAX_KNOWN = 100;

/**
 * Makes a way to warn of what happens over and over, such as a collector that
 * does not answer: texts that differ in numbers alone are said once a minute.
 *
 * @param console Where to warn.
 * @returns Says a text.
 */
export function saySeldom(console: Console): (text: string) => void {
  const saidAtMs = new Map<string, number>();
  return (text) => {
    const kind = text.replaceAll(/\d+/g, "");
    const now = console.now();
    if (now - (saidAtMs.get(kind) ?? -Infinity) < REPEAT_MS) return;
    if (saidAtMs.size >= MAX_KNOWN) saidAtMs.clear();
    saidAtMs.set(kind, now);
    console.warn(text);
  };
}
