import { assert, assertEquals } from "@std/assert";
import { DiagnosticClient } from "../../../src/eventpipe/ipc/diagnostic_client.ts";
import { publishedProcesses } from "../../../src/eventpipe/ipc/published_processes.ts";
import { planTrace } from "../../../src/eventpipe/ipc/trace_plan.ts";
import { readNettrace } from "../../../src/eventpipe/nettrace/read_nettrace.ts";
import { recordTrace } from "../../../src/eventpipe/record_trace.ts";
import { openLibc } from "../../../src/platform/libc.ts";
import { startWorkload } from "../../support/dotnet.ts";
import type { RunningWorkload } from "../../support/dotnet.ts";
import { requirePeers } from "../../support/peers.ts";
import { testWith } from "../../support/requirement.ts";

const DOTNET = [requirePeers("dotnet")];
// Kept open for as long as the process runs; opened here, it is no test's leak.
if (Deno.build.os === "linux") openLibc();
const TICKS = {
  providers: [{ name: "Tracedeck-Workload", keywords: -1n, level: 5 }],
  rundownKeyword: 0n,
};
const THREADS = 8;
const ROUNDS = 125_000;
const TARGETS = 50;

testWith(
  "a million events of eight threads are all there, or the gaps tell how many are not",
  DOTNET,
  async () => {
    await using workload = await startWorkload([
      "events",
      String(ROUNDS),
      String(THREADS),
      "--gate",
      "--seconds",
      "60",
    ]);
    const client = DiagnosticClient.forPid(workload.pid);
    await using session = await client.collectTracing(TICKS);
    const next = new Map<number, bigint>();
    let ticks = 0;
    let gaps = 0;
    let lost = 0;
    let disorder = 0;
    const reading = readNettrace(session.stream, {
      onEvent(event) {
        if (event.metadata.eventName !== "Tick") return;
        ticks++;
        const index = event.view.getBigInt64(event.payloadStart, true);
        const expected = next.get(event.threadId) ?? 0n;
        if (index < expected) disorder++;
        gaps += Number(index - expected);
        next.set(event.threadId, index + 1n);
      },
      onLoss: ({ count }) => lost += count,
    });
    await workload.openGate();
    assertEquals((await workload.done()).ticks, String(THREADS * ROUNDS));
    await session.stop();
    assertEquals((await reading).type, "complete");
    for (const end of next.values()) gaps += ROUNDS - Number(end);
    assertEquals([next.size, disorder], [THREADS, 0]);
    assertEquals([ticks + gaps, gaps], [THREADS * ROUNDS, lost]);
  },
);

testWith(
  "a session stops while its process writes as fast as it can",
  DOTNET,
  async () => {
    await using workload = await startWorkload([
      "events",
      "0",
      "4",
      "--seconds",
      "30",
    ]);
    const client = DiagnosticClient.forPid(workload.pid);
    for (let round = 0; round < 3; round++) {
      let bytes = 0;
      const { parts, endedBy } = await recordTrace(client, {
        ...TICKS,
        bufferSizeMb: 16,
        rundownKeyword: 0x80020139n,
      }, {
        durationMs: 300,
        openPart: () =>
          Promise.resolve({
            write(piece) {
              bytes += piece.length;
              return Promise.resolve();
            },
            close: () => Promise.resolve(),
          }),
      });
      assertEquals([endedBy, parts[0]!.isComplete], ["duration", true]);
      assertEquals(parts[0]!.sizeBytes, bytes);
    }
  },
);

testWith("fifty processes are listed and traced at once", DOTNET, async () => {
  await using stack = new AsyncDisposableStack();
  const workloads: RunningWorkload[] = [];
  // One after the other they would take as long to end as to start.
  stack.defer(async () => {
    await Promise.all(workloads.map((workload) => workload.close()));
  });
  // A few at a time: starting is what costs.
  for (let started = 0; started < TARGETS; started += 5) {
    const some = await Promise.all(
      Array.from(
        { length: 5 },
        () => startWorkload(["idle", "--seconds", "300"]),
      ),
    );
    workloads.push(...some);
  }
  const listed = new Set(publishedProcesses().processes.map(({ pid }) => pid));
  assert(workloads.every(({ pid }) => listed.has(pid)));
  const plan = planTrace({ profiles: ["gc-collect"], rundown: false });
  const sessions = await Promise.all(
    workloads.map(async ({ pid }) =>
      stack.use(await DiagnosticClient.forPid(pid).collectTracing(plan))
    ),
  );
  const ended = await Promise.all(sessions.map(async (session) => {
    await session.stop();
    return (await readNettrace(session.stream, {})).type;
  }));
  assertEquals(new Set(ended), new Set(["complete"]));
});
