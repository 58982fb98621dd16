import { assertEquals, assertStringIncludes } from "@std/assert";
import { startWorkload } from "../../support/dotnet.ts";
import { runMain } from "../../support/memory_host.ts";
import { requirePeers } from "../../support/peers.ts";
import { testWith } from "../../support/requirement.ts";

testWith(
  "eventpipe collect -o - --format writes what is made of the trace alone",
  [requirePeers("dotnet")],
  async () => {
    await using workload = await startWorkload(["cpu", "--seconds", "60"]);
    const { code, stdout, stderr } = await runMain([
      ...["eventpipe", "collect", "-p", String(workload.pid)],
      ...["--duration", "500ms", "--format", "folded", "-o", "-"],
    ]);
    assertEquals(code, 0, stderr);
    const lines = stdout.trimEnd().split("\n");
    assertStringIncludes(stdout, "CpuWork.Outer(");
    assertEquals(lines.filter((line) => !/ \d+$/.test(line)), []);
    assertStringIncludes(stderr, "wrote standard output");
  },
);

Deno.test("eventpipe collect -o - refuses several formats and parts", async () => {
  for (
    const args of [
      ["--format", "folded,pprof"],
      ["--split-time", "1s"],
    ]
  ) {
    const { code, stderr } = await runMain([
      ...["eventpipe", "collect", "-p", "1", "-o", "-"],
      ...args,
    ]);
    assertEquals(code, 2);
    assertStringIncludes(stderr, "Cannot write several files");
  }
  const { code, stderr } = await runMain(
    [
      ...["eventpipe", "collect", "-p", "1", "-o", "-"],
      ...["--format", "pprof"],
    ],
    { terminals: ["stdout"] },
  );
  assertEquals(code, 2, stderr);
});
