import {
  assert,
  assertAlmostEquals,
  assertEquals,
  assertRejects,
} from "@std/assert";
import { FormatError } from "../../../src/base/errors.ts";
import { DiagnosticClient } from "../../../src/eventpipe/ipc/diagnostic_client.ts";
import { DiagnosticServerDouble } from "../../../src/eventpipe/ipc/server_double.ts";
import type { DiagnosticServerDoubleOptions } from "../../../src/eventpipe/ipc/server_double.ts";
import type { CollectTracingPayload } from "../../../src/eventpipe/ipc/types.ts";
import { StackWatcher } from "../../../src/eventpipe/live/stack_watcher.ts";
import type { StackWatcherOptions } from "../../../src/eventpipe/live/stack_watcher.ts";
import { writeNettrace } from "../../../src/eventpipe/nettrace/write_nettrace.ts";
import { PROVIDER_NAME } from "../../../src/eventpipe/provider_name_table.ts";
import { readNettraceProfile } from "../../../src/eventpipe/samples/read_nettrace_profile.ts";
import { sumFunctions } from "../../../src/profile/function_totals.ts";
import type { Profile } from "../../../src/profile/types.ts";
import { profileTraces } from "../../../src/tracehandler/profile_traces.ts";
import { bytesOf } from "../../support/byte_stream.ts";
import { ownCapture } from "../../support/nettrace_captures.ts";

const WHOLE = ownCapture("workload");
/** The samples alone: whoever wants names must ask for them. */
const SAMPLES = await bytesOf(writeNettrace([ReadableStream.from([WHOLE])], {
  filter: ({ metadata }) =>
    metadata.providerName === PROVIDER_NAME.sampleProfiler,
  keepSymbols: false,
}));
const EXPECTED = (await readNettraceProfile([WHOLE], { withModule: false }))
  .profile;

/** Two kinds of sessions: samples, and the list of all code at the end of one without. */
function streamOf({ rundownKeyword }: CollectTracingPayload) {
  return rundownKeyword === 0n ? { live: [SAMPLES] } : { rundown: WHOLE };
}

async function watch(
  options: DiagnosticServerDoubleOptions,
  watchOptions: StackWatcherOptions = {},
) {
  const folder = await Deno.makeTempDir();
  const server = await DiagnosticServerDouble.listen(`${folder}/s`, options);
  const stop = new AbortController();
  const notes: string[] = [];
  const watcher = new StackWatcher(
    DiagnosticClient.forPort(`${server.path},connect`),
    {
      stop: stop.signal,
      onNote: (text) => notes.push(text),
      ...watchOptions,
    },
  );
  return {
    server,
    watcher,
    stop,
    notes,
    async [Symbol.asyncDispose]() {
      await server.close();
      await Deno.remove(folder, { recursive: true });
    },
  };
}

function wallOf(profile: Profile): Map<string, number> {
  const valueType = profile.valueTypes.findIndex(({ type }) => type === "wall");
  return new Map(
    sumFunctions(profile, { valueType }).functions.map((
      { name, exclusive },
    ) => [name, exclusive]),
  );
}

Deno.test("StackWatcher gives what the trace of the same session gives", async () => {
  await using all = await watch({ stream: streamOf });
  const { watcher, stop, server } = all;
  setTimeout(() => stop.abort(), 300);
  const { profile, handler } = await profileTraces(watcher, { timed: false });
  assertEquals(handler.errors, 0);
  assertEquals(all.notes, []);
  assertEquals(watcher.counters.codeLists, 1);
  assertEquals(watcher.counters.lostEvents, 0);
  const { processName, pid } = profile.threads[0]!;
  assertEquals([processName, pid], ["double", 12_710]);
  const wall = wallOf(profile);
  const expected = wallOf(EXPECTED);
  const inner = "Tracedeck.Workload.CpuWork.Inner(unsigned int64)";
  assert(expected.get(inner)! > 4e8);
  for (const [name, ns] of expected) {
    // The last sample of each thread, and threads that were not seen for long.
    if (ns > 1e8) assertAlmostEquals(wall.get(name)! / ns, 1, 0.03, name);
  }
  const sessions = server.requests.filter(({ type }) =>
    type === "collectTracing"
  );
  assertEquals(sessions.length, 2);
});

Deno.test("StackWatcher drops the oldest traces when names do not come", async () => {
  await using all = await watch({
    // Cut into many pieces, so that there are many batches.
    stream: ({ rundownKeyword }) =>
      rundownKeyword === 0n
        ? {
          live: Array.from({ length: 20 }, (_, index) =>
            SAMPLES.subarray(
              Math.floor(index * SAMPLES.length / 20),
              Math.floor((index + 1) * SAMPLES.length / 20),
            )),
          pauseMs: 10,
        }
        : {},
    fault: (request) =>
      request?.type === "collectTracing" && request.rundownKeyword !== 0n
        ? { delayMs: 400, reply: new Uint8Array(20) }
        : undefined,
  }, { maxWaiting: 500 });
  const { watcher, stop } = all;
  setTimeout(() => stop.abort(), 100);
  const { profile, handler } = await profileTraces(watcher, { timed: false });
  const { traces, droppedTraces } = watcher.counters;
  assert(droppedTraces > 0);
  assertEquals(handler.traces, traces - droppedTraces);
  assert(all.notes.length > 0);
  assert(profile.samples.length > 0);
});

Deno.test("StackWatcher goes on without names that a runtime refuses", async () => {
  await using all = await watch({
    stream: streamOf,
    fault: (request) =>
      request?.type === "collectTracing" && request.rundownKeyword !== 0n
        ? {
          reply: Uint8Array.fromHex(
            "444f544e45545f4950435f56310018" + "00ffff000005400080",
          ),
        }
        : undefined,
  }, { namingIntervalMs: 60_000 });
  setTimeout(() => all.stop.abort(), 200);
  const { profile } = await profileTraces(all.watcher, { timed: false });
  assert(profile.samples.length > 0);
  assert([...wallOf(profile).keys()].every((name) => name.startsWith("0x")));
  assert(all.notes[0]!.startsWith("methods were not named: "), all.notes[0]);
});

Deno.test("StackWatcher ends with its process and gives what came", async () => {
  await using all = await watch({
    stream: { live: [WHOLE.subarray(0, WHOLE.length >> 1)] },
  });
  setTimeout(() => void all.server.kill(), 200);
  const { profile } = await profileTraces(all.watcher, { timed: false });
  assert(profile.samples.length > 0);
});

Deno.test("StackWatcher leaves a session that cannot be stopped", async () => {
  await using all = await watch({
    stream: streamOf,
    fault: (request) =>
      request?.type === "stopTracing" ? { reset: true } : undefined,
  });
  setTimeout(() => all.stop.abort(), 200);
  const { profile } = await profileTraces(all.watcher, { timed: false });
  assert(profile.samples.length > 0);
  assert(all.notes.some((text) => text.includes("stop a session")));
});

Deno.test("StackWatcher ends quietly when nothing came", async () => {
  await using all = await watch({ stream: { live: [] } });
  all.stop.abort();
  const { profile } = await profileTraces(all.watcher);
  assertEquals(profile.samples.length, 0);
});

Deno.test("StackWatcher fails when the stream is none", async () => {
  await using all = await watch({
    stream: { live: [new Uint8Array(64)] },
  });
  await assertRejects(() => profileTraces(all.watcher), FormatError);
});
