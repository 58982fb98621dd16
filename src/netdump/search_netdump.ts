import { readNetdump } from "./read_netdump.ts";
import type { ReadNetdumpOptions } from "./read_netdump.ts";

/** A longer line is looked through in pieces. */
const MAX_LINE_LENGTH = 64 * 1024;

/** A line that was found. */
export interface SearchHit {
  /** Path of the entry below the top folder. */
  readonly name: string;
  /** Which entry of that path. */
  readonly occurrence: number;
  /** Number of the line, from 1. */
  readonly line: number;
  /** The line. */
  readonly text: string;
}

/**
 * Looks for text in the files of a dump, line by line as they stream by.
 * Captures are left out.
 *
 * @param source The archive, packed or not.
 * @param text What to look for; case does not matter.
 * @param options Limits.
 * @returns The lines that hold it.
 */
export async function* searchNetdump(
  source: AsyncIterable<Uint8Array>,
  text: string,
  options: ReadNetdumpOptions = {},
): AsyncGenerator<SearchHit, void, undefined> {
  const wanted = text.toLowerCase();
  for await (
    const { name, occurrence, type, content } of readNetdump(source, options)
  ) {
    if (type !== "file" || name.endsWith(".pcap")) continue;
    let line = 0;
    for await (const found of linesOf(content)) {
      line++;
      if (!found.toLowerCase().includes(wanted)) continue;
      yield { name, occurrence, line, text: found };
    }
  }
}

async function* linesOf(
  content: AsyncIterable<Uint8Array>,
): AsyncGenerator<string, void, undefined> {
  const decoder = new TextDecoder();
  let rest = "";
  for await (const bytes of content) {
    const lines = (rest + decoder.decode(bytes, { stream: true })).split("\n");
    rest = lines.pop()!;
    yield* lines;
    if (rest.length > MAX_LINE_LENGTH) {
      yield rest;
      rest = "";
    }
  }
  rest += decoder.decode();
  if (rest !== "") yield rest;
}
