/**
 * Shows what tracedeck tells of the captures in the repository: for each format
 * one file, and what can be asked of any file.
 *
 *     deno task demo
 *
 * @module
 */

import { DecodeStats } from "../../src/base/decode_stats.ts";
import { COMMANDS } from "../../src/cli/command_table.ts";
import { main } from "../../src/cli/main.ts";
import { processHost } from "../../src/cli/process_host.ts";
import { listenForInterruption } from "../../src/cli/signals.ts";
import { walk } from "../../src/deps/fs.ts";
import { FORMATS } from "../../src/formats/format_table.ts";
import { openInput } from "../../src/formats/open_input.ts";
import type { Format, FormatEntry } from "../../src/formats/types.ts";
import { readFileStream } from "../../src/platform/file_source.ts";
import { REPOSITORY } from "../support/file_url.ts";

/** Larger captures show nothing that smaller ones do not. */
const MAX_FILE_BYTES = 4 * 1024 * 1024;

/** What is asked of each file, as far as its format can tell. */
const QUESTIONS: readonly {
  readonly verb: string;
  readonly options: readonly string[];
  readonly canTell: (format: Format) => boolean;
}[] = [
  { verb: "info", options: [], canTell: () => true },
  {
    verb: "events",
    options: ["--limit", "8"],
    canTell: (format) => format.events !== undefined,
  },
  {
    verb: "report",
    options: [],
    canTell: (format) =>
      format.report !== undefined || format.profile !== undefined,
  },
];

/**
 * Plans the demo.
 *
 * @returns Command lines without the program's name, in the order of formats.
 */
export async function planDemo(): Promise<string[][]> {
  const commandLines: string[][] = [["version"]];
  const files = await findLargest();
  for (const entry of FORMATS) {
    const path = files.get(entry);
    if (path === undefined) continue;
    const format = await entry.load();
    for (const { verb, options, canTell } of QUESTIONS) {
      const exists = COMMANDS.some((command) => command.name === verb);
      if (exists && canTell(format)) {
        commandLines.push([verb, path, ...options]);
      }
    }
  }
  return commandLines;
}

/** The largest capture of each format that is not too large. */
async function findLargest(): Promise<Map<FormatEntry, string>> {
  const found = new Map<FormatEntry, { path: string; sizeBytes: number }>();
  const files = walk(`${REPOSITORY}/tests/fixtures`, { includeDirs: false });
  for await (const { path } of files) {
    const { size } = await Deno.stat(path);
    const entry = size > MAX_FILE_BYTES ? undefined : await detect(path);
    if (entry === undefined) continue;
    const largest = found.get(entry);
    if (largest === undefined || largest.sizeBytes < size) {
      found.set(entry, { path, sizeBytes: size });
    }
  }
  return new Map(
    [...found].map((
      [entry, { path }],
    ) => [entry, path.slice(REPOSITORY.length + 1)]),
  );
}

async function detect(path: string): Promise<FormatEntry | undefined> {
  const { head } = await openInput(
    { name: path, path, open: () => readFileStream(path) },
    { stats: new DecodeStats() },
  );
  return FORMATS.find(({ sniff }) => sniff(head));
}

async function runDemo(): Promise<number> {
  Deno.chdir(REPOSITORY);
  const host = processHost();
  const encoder = new TextEncoder();
  using interruption = listenForInterruption(() => {});
  for (const args of await planDemo()) {
    await host.writeStdout(encoder.encode(`\n$ tracedeck ${args.join(" ")}\n`));
    const code = await main(args, host, interruption.signal);
    if (code !== 0) return code;
  }
  return 0;
}

if (import.meta.main) Deno.exitCode = await runDemo();
