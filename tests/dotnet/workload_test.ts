import { assertEquals, assertRejects } from "@std/assert";
import { startWorkload } from "../support/dotnet.ts";
import { requirePeers } from "../support/peers.ts";
import { testWith } from "../support/requirement.ts";

const DOTNET = [requirePeers("dotnet")];

/** Arguments and the totals that they must end with. */
const BOUNDED_MODES: readonly [string, Record<string, string>][] = [
  ["cpu 3", { cpuRounds: "3" }],
  ["alloc 3", { allocRounds: "3" }],
  ["exceptions 3", { exceptionRounds: "3", thrown: "30" }],
  ["contention 3 4", { lockRounds: "12" }],
  ["tasks 3", { taskRounds: "3", items: "39" }],
  ["events 30 4", { ticks: "120" }],
  ["counters 3", { counterRounds: "3" }],
];

for (const [line, expected] of BOUNDED_MODES) {
  testWith(`Workload does what "${line}" asks for`, DOTNET, async () => {
    await using workload = await startWorkload(line.split(" "));
    const { ms: _ms, mode: _mode, ...totals } = await workload.done();
    assertEquals(totals, expected);
    assertEquals((await workload.status).code, 0);
  });
}

testWith("Workload waits at both gates", DOTNET, async () => {
  await using workload = await startWorkload(["events", "1", "1", "--gate"]);
  await workload.openGate();
  assertEquals((await workload.done()).ticks, "1");
  await workload.openGate();
  assertEquals((await workload.status).code, 0);
});

testWith("Workload ends in order on SIGTERM", DOTNET, async () => {
  await using workload = await startWorkload(["idle"]);
  workload.kill("SIGTERM");
  assertEquals((await workload.done()).idle, "1");
  assertEquals((await workload.status).code, 0);
});

testWith("RunningWorkload ends a program that waits", DOTNET, async () => {
  const workload = await startWorkload(["cpu", "--gate"]);
  assertEquals((await workload.close()).code, 0);
});

testWith("startWorkload says why a program did not start", DOTNET, async () => {
  await assertRejects(() => startWorkload(["nonsense"]), Error, "usage:");
});
