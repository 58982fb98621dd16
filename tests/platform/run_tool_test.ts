import { assert, assertEquals } from "@std/assert";
import { runTool } from "../../src/platform/run_tool.ts";
import { requirePeers } from "../support/peers.ts";
import { testWith } from "../support/requirement.ts";

const NEEDS = [requirePeers("sh")];
const decoder = new TextDecoder();

testWith("runTool gives output, errors and exit code", NEEDS, async () => {
  const { status, exit, stdout, stderr } = await runTool("sh", [
    "-c",
    "echo out $LC_ALL; echo err >&2; exit 3",
  ]);
  assertEquals([status, exit], ["done", 3]);
  assertEquals([decoder.decode(stdout), stderr], ["out C\n", "err\n"]);
});

testWith("runTool mixes output and errors on demand", NEEDS, async () => {
  const { stdout, stderr } = await runTool("sh", [
    "-c",
    "echo out; sleep 0.1; echo err >&2",
  ], { mixed: true });
  assertEquals([decoder.decode(stdout), stderr], ["out\nerr\n", ""]);
});

Deno.test("runTool tells that a program is missing", async () => {
  const run = await runTool("tracedeck-no-such-program");
  assertEquals(run.status, "missing");
  assertEquals(run.exit, undefined);
});

testWith(
  "runTool kills a program that hangs, and its children",
  NEEDS,
  async () => {
    const marker = `3${Deno.pid}.5`;
    const run = await runTool("sh", ["-c", `echo a; sleep ${marker} & wait`], {
      timeoutMs: 200,
    });
    assertEquals(run.status, "timeout");
    assertEquals(decoder.decode(run.stdout), "a\n");
    const { stdout } = await runTool("sh", [
      "-c",
      "cat /proc/[0-9]*/cmdline 2>/dev/null | tr '\\0' ' '",
    ]);
    assert(!decoder.decode(stdout).includes(`sleep ${marker}`));
  },
);

testWith(
  "runTool kills a program that floods, and keeps the beginning",
  NEEDS,
  async () => {
    const run = await runTool("sh", ["-c", "while :; do echo yes; done"], {
      maxBytes: 10_000,
    });
    assertEquals(run.status, "flood");
    assertEquals(run.stdout.length, 10_000);
  },
);

testWith("runTool kills a program when it is told to stop", NEEDS, async () => {
  const controller = new AbortController();
  const running = runTool("sleep", ["30"], { signal: controller.signal });
  controller.abort();
  assertEquals((await running).status, "aborted");
  const late = await runTool("sleep", ["30"], { signal: controller.signal });
  assertEquals(late.status, "aborted");
});

testWith(
  "runTool does not wait for whoever holds the pipes",
  NEEDS,
  async () => {
    // In a session of its own, the child outlives its group.
    const run = await runTool("sh", ["-c", "setsid sleep 5 & echo done"]);
    assertEquals([run.status, decoder.decode(run.stdout)], ["done", "done\n"]);
    assert(run.durationMs < 4000);
  },
);
