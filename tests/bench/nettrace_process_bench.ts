/**
 * From a `.nettrace` file to what people open, whole processes from start to
 * end, in one run with the peers: `tracedeck convert` beside
 *
 * - `dotnet-trace convert --format Speedscope`, both files byte for byte the
 *   same but for the name of the exporter. It is the program that
 *   `TRACEDECK_PEER_DOTNET_TRACE` names, or the one on PATH, or where there is a
 *   `dotnet` it is installed from NuGet into a folder of its own for this run;
 * - a reader in Go (dotnetdiag) to folded stacks, which
 *   `TRACEDECK_PEER_DOTNETDIAG` names; it is called with the file as its only
 *   argument.
 *
 * A line says which peer is missing. tracedeck is `TRACEDECK_BINARY` if set,
 * else the sources. The summary at the end of each group is the ratio.
 * `TRACEDECK_BENCH=short` takes one small file, each program once, and installs
 * nothing.
 */
import { REPOSITORY } from "../support/file_url.ts";
import { longNettrace } from "../support/long_nettrace.ts";
import {
  OWN_CAPTURES,
  ownCapture,
  SHARED_CAPTURES,
  type SharedCapture,
  sharedCapture,
} from "../support/nettrace_captures.ts";
import { findPeer } from "../support/peers.ts";
import { sharedData } from "../support/shared_data.ts";

const IS_SHORT = Deno.env.get("TRACEDECK_BENCH") === "short";
const BINARY = Deno.env.get("TRACEDECK_BINARY");
const INSTALL_MS = 120_000;
/** How often a program runs. */
interface Runs {
  readonly n: number;
  readonly warmup: number;
}

const ONCE: Runs = { n: 1, warmup: 0 };
/** Whole processes take long enough to be measured by few runs. */
const FEW: Runs = IS_SHORT ? ONCE : { n: 5, warmup: 1 };
const LONG_BYTES = 64_000_000;

const [program, ...programArgs] = BINARY === undefined
  ? [
    Deno.execPath(),
    "run",
    "-A",
    "--import-map",
    `${REPOSITORY}/tests/offline/import_map.json`,
    `${REPOSITORY}/cli.ts`,
  ]
  : [BINARY];

const folder = await Deno.makeTempDir({ prefix: "tracedeck-bench-" });
globalThis.addEventListener(
  "unload",
  () => Deno.removeSync(folder, { recursive: true }),
);

const go = Deno.env.get("TRACEDECK_PEER_DOTNETDIAG");
const dotnetTrace = await findDotnetTrace();

async function run(command: string, args: readonly string[]): Promise<void> {
  const { success, stdout, stderr } = await new Deno.Command(command, {
    args: [...args],
    // A tool for an older .NET runs with the one that there is.
    env: { DOTNET_ROLL_FORWARD: "Major", DOTNET_CLI_TELEMETRY_OPTOUT: "1" },
    signal: AbortSignal.timeout(INSTALL_MS),
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).output();
  if (success) return;
  const decoder = new TextDecoder();
  throw new Error(
    `Cannot run ${command} ${args.join(" ")}: ${decoder.decode(stderr)}${
      decoder.decode(stdout)
    }`,
  );
}

async function findDotnetTrace(): Promise<string | undefined> {
  const known = Deno.env.get("TRACEDECK_PEER_DOTNET_TRACE") ??
    findPeer("dotnet-trace");
  if (known !== undefined) return known;
  const dotnet = findPeer("dotnet");
  if (dotnet === undefined || IS_SHORT) {
    say(
      `dotnet-trace: TRACEDECK_PEER_DOTNET_TRACE names no program, none is on PATH, and ${
        dotnet === undefined ? "there is no dotnet" : "a short run has no time"
      } to install one`,
    );
    return undefined;
  }
  const tools = `${folder}/tools`;
  try {
    await run(dotnet, [
      "tool",
      "install",
      "--tool-path",
      tools,
      "dotnet-trace",
    ]);
    return `${tools}/dotnet-trace`;
  } catch (error) {
    const text = error instanceof Error ? error.message : String(error);
    say(`dotnet-trace: it cannot be installed (${text.trim().slice(0, 300)})`);
    return undefined;
  }
}

function say(what: string): void {
  // deno-lint-ignore no-console
  console.error(`peer is missing, so there is no ratio: ${what}`);
}

function bench(
  group: string,
  who: string,
  command: string,
  args: readonly string[],
  runs: Runs,
): void {
  Deno.bench({
    ...runs,
    name: `${group}: ${who}`,
    group,
    baseline: who === "tracedeck",
    // Only what is declared async is waited for.
    fn: async () => await run(command, args),
  });
}

function benchFile(name: string, path: string, runs = FEW): void {
  const convert = (...args: readonly string[]) => [
    ...programArgs,
    "convert",
    path,
    ...args,
  ];
  const stacks = `${name}, folded stacks`;
  bench(
    stacks,
    "tracedeck",
    program!,
    convert("--to", "folded", "-o", "-"),
    runs,
  );
  if (go !== undefined) bench(stacks, "dotnetdiag (Go)", go, [path], runs);
  if (dotnetTrace === undefined) return;
  const speedscope = `${name}, speedscope`;
  bench(
    speedscope,
    "tracedeck",
    program!,
    convert(
      ...["--to", "speedscope", "--method", "traceevent"],
      ...["-o", `${folder}/${name}.own.speedscope.json`],
    ),
    runs,
  );
  bench(speedscope, "dotnet-trace", dotnetTrace, [
    ...["convert", path, "--format", "Speedscope"],
    ...["-o", `${folder}/${name}.peer.speedscope.json`],
  ], runs);
}

if (go === undefined) {
  say("dotnetdiag: TRACEDECK_PEER_DOTNETDIAG names no program");
}
benchFile(
  "workload",
  `${REPOSITORY}/tests/fixtures/nettrace/${OWN_CAPTURES.workload}`,
);
for (
  const name of [
    "heartRateMonitor",
    "objver4",
    "mixed",
  ] as const satisfies SharedCapture[]
) {
  if (IS_SHORT || sharedData(SHARED_CAPTURES[name]) === undefined) continue;
  const path = `${folder}/${name}.nettrace`;
  await Deno.writeFile(path, await sharedCapture(name));
  benchFile(name, path);
}
if (!IS_SHORT) {
  // What counts beside the start of a process: four million events.
  const path = `${folder}/long.nettrace`;
  using file = await Deno.open(path, { write: true, createNew: true });
  for (const piece of longNettrace(ownCapture("workload"), LONG_BYTES)) {
    for (let rest = piece; rest.length > 0;) {
      rest = rest.subarray(await file.write(rest));
    }
  }
  benchFile("long", path, ONCE);
}
