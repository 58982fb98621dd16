import { assert, assertEquals, assertRejects } from "@std/assert";
import { DecodeStats } from "../../src/base/decode_stats.ts";
import { DiagnosticClient } from "../../src/eventpipe/ipc/diagnostic_client.ts";
import { DiagnosticServerDouble } from "../../src/eventpipe/ipc/server_double.ts";
import { sampleStacks } from "../../src/eventpipe/sample_stacks.ts";
import type { SampleStacksOptions } from "../../src/eventpipe/sample_stacks.ts";
import { REPOSITORY } from "../support/file_url.ts";
import { requireThat, testWith } from "../support/requirement.ts";

const NEEDS = [
  requireThat(Deno.build.os !== "windows", "needs Unix sockets"),
];
const WORKLOAD = Deno.readFileSync(
  `${REPOSITORY}/tests/fixtures/nettrace/workload.nettrace`,
);
const MIDDLE = WORKLOAD.length / 2;

/** Samples a double; `during` gets it when its session runs. */
async function sample(
  options: Partial<SampleStacksOptions>,
  during?: (server: DiagnosticServerDouble) => void,
) {
  const folder = await Deno.makeTempDir();
  const stats = new DecodeStats();
  try {
    await using server = await DiagnosticServerDouble.listen(`${folder}/s`, {
      stream: () => {
        if (during !== undefined) setTimeout(() => during(server), 50);
        return {
          live: [WORKLOAD.subarray(0, MIDDLE)],
          rundown: WORKLOAD.subarray(MIDDLE),
        };
      },
    });
    const client = DiagnosticClient.forPort(`${server.path},connect`);
    const profile = await sampleStacks(client, {
      durationMs: 20,
      stats,
      ...options,
    });
    return { profile, stats };
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

testWith(
  "sampleStacks samples for as long as it shall and names methods",
  NEEDS,
  async () => {
    const { profile, stats } = await sample({});
    assertEquals(stats.hasLoss, false);
    assert(profile.strings.some((text) => text.includes("CpuWork")));
    const stop = AbortSignal.timeout(40);
    const { profile: early } = await sample({ durationMs: 3e6, stop });
    assertEquals(early.samples.length, profile.samples.length);
  },
);

testWith(
  "sampleStacks counts that the process ended before it named its methods",
  NEEDS,
  async () => {
    const { stats } = await sample(
      { durationMs: 3e6 },
      (server) => void server.kill(),
    );
    assertEquals(stats.hasLoss, true);
  },
);

testWith("sampleStacks gives up before it began", NEEDS, async () => {
  const reason = new Error("enough");
  const error = await assertRejects(() =>
    sample({ stop: AbortSignal.abort(reason) })
  );
  assertEquals(error, reason);
});
