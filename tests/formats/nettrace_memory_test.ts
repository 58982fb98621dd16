// What a command takes does not depend on the length of the trace: a trace six
// times as long, and how much more was taken.
import { assert } from "@std/assert";
import { REPOSITORY } from "../support/file_url.ts";
import { longNettrace } from "../support/long_nettrace.ts";
import { OWN_CAPTURES } from "../support/nettrace_captures.ts";
import { peakMemory } from "../support/peak_memory.ts";
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
      const short = await peakMemory(args, longNettrace(trace, SHORT_BYTES));
      const long = await peakMemory(args, longNettrace(trace, LONG_BYTES));
      const told = `${short} MiB, then ${long} MiB`;
      assert(long < MAX_MIB, told);
      assert(long - short < TOLERANCE_MIB, told);
    },
  );
}
