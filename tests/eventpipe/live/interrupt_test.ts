import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { collectNettrace } from "../../../src/eventpipe/collect_nettrace.ts";
import { readFileStream } from "../../../src/platform/file_source.ts";
import { startWorkload } from "../../support/dotnet.ts";
import { REPOSITORY } from "../../support/file_url.ts";
import { requirePeers } from "../../support/peers.ts";
import { requireThat, testWith } from "../../support/requirement.ts";

const NEEDS = [
  requirePeers("dotnet"),
  requireThat(Deno.build.os === "linux", "needs signals of Linux"),
];

/** Starts the program from source. */
function startCollect(pid: number, output: string): Deno.ChildProcess {
  return new Deno.Command(Deno.execPath(), {
    args: [
      "run",
      "-A",
      `${REPOSITORY}/tests/offline/with_std.ts`,
      "run",
      "-A",
      `${REPOSITORY}/cli.ts`,
      "eventpipe",
      "collect",
      "-p",
      String(pid),
      "-o",
      output,
    ],
    stdin: "null",
    stdout: "null",
    stderr: "piped",
  }).spawn();
}

/** Waits until the recording has bytes. */
async function recorded(path: string): Promise<void> {
  for (;;) {
    const info = await Deno.stat(path).catch(() => undefined);
    if (info !== undefined && info.size > 0) return;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

testWith("eventpipe collect completes the trace at Ctrl-C", NEEDS, async () => {
  const folder = await Deno.makeTempDir();
  {
    await using workload = await startWorkload(["cpu", "--seconds", "60"]);
    const path = `${folder}/i.nettrace`;
    const child = startCollect(workload.pid, path);
    await recorded(path);
    child.kill("SIGINT");
    const { code, stderr } = await child.output();
    assertEquals(code, 0, new TextDecoder().decode(stderr));
    const { outcome } = await collectNettrace(readFileStream(path), []);
    assertEquals(outcome.type, "complete");
  }
  await Deno.remove(folder, { recursive: true });
});

testWith(
  "eventpipe collect leaves at the second Ctrl-C and keeps the file",
  NEEDS,
  async () => {
    const folder = await Deno.makeTempDir();
    {
      await using workload = await startWorkload(["cpu", "--seconds", "60"]);
      const path = `${folder}/i.nettrace`;
      const child = startCollect(workload.pid, path);
      await recorded(path);
      // A target that is stopped never confirms the end.
      workload.kill("SIGSTOP");
      child.kill("SIGINT");
      await new Promise((resolve) => setTimeout(resolve, 500));
      child.kill("SIGINT");
      const { code, stderr } = await child.output();
      workload.kill("SIGCONT");
      assertEquals(code, 130);
      assertStringIncludes(
        new TextDecoder().decode(stderr),
        "stopping the trace",
      );
      assert((await Deno.stat(path)).size > 0);
      const { header } = await collectNettrace(readFileStream(path), []);
      assertEquals(header.version, 4);
    }
    await Deno.remove(folder, { recursive: true });
  },
);

testWith(
  "eventpipe collect ends the session when the disk is full",
  NEEDS,
  async () => {
    await using workload = await startWorkload(["cpu", "--seconds", "60"]);
    const { code, stderr } = await startCollect(workload.pid, "/dev/full")
      .output();
    assertEquals(code, 1);
    assertStringIncludes(
      new TextDecoder().decode(stderr),
      "Cannot write /dev/full: No space left",
    );
  },
);
