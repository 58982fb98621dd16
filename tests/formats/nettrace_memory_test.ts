// What a command takes does not depend on the length of the trace: a trace six
// times as long, and how much more was taken.
import { assert, assertEquals } from "@std/assert";
import { REPOSITORY } from "../support/file_url.ts";
import { longNettrace } from "../support/long_nettrace.ts";
import { OWN_CAPTURES } from "../support/nettrace_captures.ts";
import { requireThat, testWith } from "../support/requirement.ts";

const MIB = 1024 * 1024;
const SHORT_BYTES = 16 * MIB;
const LONG_BYTES = 96 * MIB;
/** What a trace of 1 GB may take. */
const MAX_MIB = 300;
/** What is free is not always given back at once; less than the longer trace has more. */
const TOLERANCE_MIB = 64;

const trace = await Deno.readFile(
  `${REPOSITORY}/tests/fixtures/nettrace/${OWN_CAPTURES.workload}`,
);

/** MiB that a command takes at most for a trace of this length. */
async function peakMemory(
  args: readonly string[],
  sizeBytes: number,
): Promise<number> {
  const map = Deno.env.get("TRACEDECK_STD") === "jsr"
    ? []
    : [`--import-map=${REPOSITORY}/tests/offline/import_map.json`];
  const child = new Deno.Command(Deno.execPath(), {
    args: [
      ...["run", "-A", "--quiet", "--no-lock", ...map],
      ...[`${REPOSITORY}/tests/formats/_peak_memory.ts`, ...args],
    ],
    env: { NO_COLOR: "1" },
    stdin: "piped",
    stdout: "null",
    stderr: "piped",
  }).spawn();
  const [said, { code }] = await Promise.all([
    new Response(child.stderr).text(),
    child.status,
    ReadableStream.from(longNettrace(trace, sizeBytes)).pipeTo(child.stdin),
  ]);
  const [, mib] = /^peak (\d+) MiB$/m.exec(said) ?? [];
  assert(mib !== undefined, said);
  assertEquals(code, 0, said);
  return Number(mib);
}

for (
  const args of [
    ["convert", "-", "--to", "pprof"],
    ["convert", "-", "--to", "folded", "--method", "dotnetdiag"],
    ["events", "-", "--json", "--name", "GC/Start"],
  ]
) {
  testWith(
    `${args.join(" ")} takes the same memory for a trace of any length`,
    [requireThat(Deno.build.os === "linux", "needs /proc")],
    async () => {
      const short = await peakMemory(args, SHORT_BYTES);
      const long = await peakMemory(args, LONG_BYTES);
      const told = `${short} MiB, then ${long} MiB`;
      assert(long < MAX_MIB, told);
      assert(long - short < TOLERANCE_MIB, told);
    },
  );
}
