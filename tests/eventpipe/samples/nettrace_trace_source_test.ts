import { assertEquals } from "@std/assert";
import { readNettraceProfile } from "../../../src/eventpipe/samples/read_nettrace_profile.ts";
import { readNettraceTraces } from "../../../src/eventpipe/samples/nettrace_trace_source.ts";
import { decodeRawFrames } from "../../../src/profile/raw_frames.ts";
import type { RawTrace } from "../../../src/profile/raw_trace.ts";
import { foldedStacks } from "../../../src/profile/write_folded.ts";
import { profileTraces } from "../../../src/tracehandler/profile_traces.ts";

const WORKLOAD = Deno.readFileSync(
  new URL("../../fixtures/nettrace/workload.nettrace", import.meta.url),
);

Deno.test("readNettraceTraces through the handler is the profile of the trace", async () => {
  const source = await readNettraceTraces([WORKLOAD]);
  const { profile, handler } = await profileTraces(source, { timed: false });
  const { profile: direct } = await readNettraceProfile([WORKLOAD], {
    withModule: false,
  });
  assertEquals(profile.valueTypes, direct.valueTypes.slice(0, 2));
  for (const column of [0, 1]) {
    const [ours, theirs] = [profile, direct].map((each) =>
      foldedStacks(each, { valueType: column, root: "thread" })
        .map(([stack, value]) => `${stack} ${Math.round(value / 1e4)}`)
    );
    assertEquals(ours, theirs);
  }
  assertEquals(handler.errors, 0);
  assertEquals(profile.startTime, direct.startTime);
  assertEquals(
    new Set(
      profile.labelSets.flatMap((set) =>
        set.map(({ key, value }) => `${key}=${value}`)
      ),
    ),
    new Set(["thread.state=managed", "thread.state=external"]),
  );
});

Deno.test("readNettraceTraces gives every sample once, in order of time", async () => {
  const source = await readNettraceTraces([WORKLOAD]);
  const traces: RawTrace[] = [];
  for await (const batch of source.batches()) traces.push(...batch);
  assertEquals(traces.length, 7966);
  const times = traces.map(({ ktime }) => ktime);
  assertEquals(times, times.toSorted((a, b) => a < b ? -1 : a > b ? 1 : 0));
  const [first] = traces;
  assertEquals(decodeRawFrames(first!).frames.length > 0, true);
  assertEquals([first!.pid, source.clock.isWallClock], [12710, true]);
});

Deno.test("readNettraceTraces of a trace without samples gives none", async () => {
  const file = new URL(
    "../../fixtures/nettrace/heap.nettrace",
    import.meta.url,
  );
  const source = await readNettraceTraces([await Deno.readFile(file)]);
  const { profile } = await profileTraces(source);
  assertEquals(profile.samples.length, 0);
});
