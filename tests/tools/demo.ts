/**
 * The main job on a trace that is in the repository: what is in it, where the
 * time goes, and files for other tools. Then what tracedeck tells of the other
 * captures.
 *
 *     deno task demo
 *
 * @module
 */

import { formatBytes } from "../../src/base/byte_size.ts";
import { main } from "../../src/cli/main.ts";
import { processHost } from "../../src/cli/process_host.ts";
import { listenForInterruption } from "../../src/cli/signals.ts";
import { ensureDir } from "../../src/deps/fs.ts";
import { REPOSITORY } from "../support/file_url.ts";

/** Where the demo leaves its files, from the root of the repository. */
export const DEMO_FOLDER = "dist/demo";

const TRACE = "tests/fixtures/nettrace/workload.nettrace";

/** A command line of the demo. */
export interface DemoStep {
  /** What it shows. */
  readonly title: string;
  /** Arguments behind the program's name. */
  readonly args: readonly string[];
}

/** Files that the demo leaves, with what opens them. */
export const DEMO_FILES: readonly (readonly [name: string, use: string])[] = [
  ["workload.svg", "flame graph: open it in a browser"],
  ["workload.speedscope.json", "drop it on https://www.speedscope.app"],
  ["workload.pb.gz", "go tool pprof, Pyroscope, Parca"],
  ["workload.chromium.json", "https://ui.perfetto.dev or chrome://tracing"],
  ["workload.folded", "flame graph scripts"],
  ["workload.jsonl", "every event, one JSON object a line"],
  ["workload.parquet", "every event, for DuckDB, Spark, ClickHouse"],
];

/** What the demo runs, in order. */
export const DEMO_STEPS: readonly DemoStep[] = [
  { title: "What is this file?", args: ["info", TRACE] },
  {
    title: "Where does the program's own code spend its time?",
    args: [
      ...["report", TRACE, "--managed-only", "--focus", "Workload!*"],
      ...["--section", "functions,flameGraph", "--top", "12", "--flame"],
    ],
  },
  {
    title: "What did the runtime do?",
    args: ["report", TRACE, "--section", "gc,exceptions", "--top", "5"],
  },
  {
    title: "Which events did it emit?",
    args: ["events", TRACE, "--provider", "Tracedeck-Workload", "--limit", "5"],
  },
  ...DEMO_FILES.map(([name]) => ({
    title: "",
    args: ["convert", TRACE, "-o", `${DEMO_FOLDER}/${name}`],
  })),
];

/**
 * @param args Arguments behind the program's name.
 * @returns The command line as a shell takes it.
 */
export function commandLine(args: readonly string[]): string {
  const words = args.map((arg) => /[^\w./:,=-]/.test(arg) ? `'${arg}'` : arg);
  return ["tracedeck", ...words].join(" ");
}

async function runDemo(): Promise<number> {
  Deno.chdir(REPOSITORY);
  await ensureDir(DEMO_FOLDER);
  const host = processHost();
  const encoder = new TextEncoder();
  const print = (text: string) => host.writeStdout(encoder.encode(`${text}\n`));
  using interruption = listenForInterruption(() => {});
  for (const { title, args } of DEMO_STEPS) {
    if (title !== "") await print(`\n${title}`);
    await print(`$ ${commandLine(args)}`);
    const code = await main(args, host, interruption.signal);
    if (code !== 0) return code;
  }
  await print("\nFiles to open:");
  for (const [name, use] of DEMO_FILES) {
    const path = `${DEMO_FOLDER}/${name}`;
    const { size } = await Deno.stat(path);
    await print(`  ${path}  ${formatBytes(size)}  ${use}`);
  }
  return 0;
}

if (import.meta.main) Deno.exitCode = await runDemo();
