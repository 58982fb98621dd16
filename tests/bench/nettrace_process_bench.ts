/**
 * From a `.nettrace` file to folded stacks, whole processes from start to end:
 * `tracedeck convert` beside a reader in Go (dotnetdiag), whose program
 * `TRACEDECK_PEER_DOTNETDIAG` names; it is called with the file as its only
 * argument. Without it only tracedeck runs, and a line says so.
 *
 * tracedeck is `TRACEDECK_BINARY` if set, else the sources. The summary at the
 * end of each group is the ratio.
 */
import { REPOSITORY } from "../support/file_url.ts";
import {
  OWN_CAPTURES,
  SHARED_CAPTURES,
  type SharedCapture,
  sharedCapture,
} from "../support/nettrace_captures.ts";
import { sharedData } from "../support/shared_data.ts";

const PEER = Deno.env.get("TRACEDECK_PEER_DOTNETDIAG");
const BINARY = Deno.env.get("TRACEDECK_BINARY");

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

async function run(command: string, args: readonly string[]): Promise<void> {
  const { success, stderr } = await new Deno.Command(command, {
    args: [...args],
    stdin: "null",
    stdout: "null",
    stderr: "piped",
  }).output();
  if (success) return;
  throw new Error(
    `Cannot run ${command} ${args.join(" ")}: ${
      new TextDecoder().decode(stderr)
    }`,
  );
}

function benchFile(name: string, path: string): void {
  Deno.bench({
    name: `${name}: tracedeck`,
    group: name,
    baseline: true,
    // Only what is declared async is waited for.
    fn: async () =>
      await run(program!, [
        ...programArgs,
        "convert",
        path,
        "--to",
        "folded",
        "-o",
        "-",
      ]),
  });
  if (PEER === undefined) return;
  Deno.bench({
    name: `${name}: dotnetdiag`,
    group: name,
    fn: async () => await run(PEER, [path]),
  });
}

if (PEER === undefined) {
  // deno-lint-ignore no-console
  console.error(
    "peer is missing: TRACEDECK_PEER_DOTNETDIAG names no program, so there is no ratio",
  );
}
benchFile(
  "workload",
  `${REPOSITORY}/tests/fixtures/nettrace/${OWN_CAPTURES.workload}`,
);
const folder = await Deno.makeTempDir({ prefix: "tracedeck-bench-" });
globalThis.addEventListener(
  "unload",
  () => Deno.removeSync(folder, { recursive: true }),
);
for (
  const name of [
    "heartRateMonitor",
    "objver4",
    "mixed",
  ] as const satisfies SharedCapture[]
) {
  if (sharedData(SHARED_CAPTURES[name]) === undefined) continue;
  const path = `${folder}/${name}.nettrace`;
  await Deno.writeFile(path, await sharedCapture(name));
  benchFile(name, path);
}
