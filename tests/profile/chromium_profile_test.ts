import { assert, assertEquals, assertRejects } from "@std/assert";
import { ProfileBuilder } from "../../src/profile/profile_builder.ts";
import type { Profile } from "../../src/profile/types.ts";
import { writeChromiumProfile } from "../../src/profile/write_chromium_profile.ts";
import { textOf } from "../support/byte_stream.ts";
import { exampleProfile } from "../support/example_profile.ts";
import { assertGolden } from "../support/golden.ts";

interface TraceEvent {
  readonly ph: string;
  readonly name?: string;
  readonly ts: number;
  readonly pid: number;
  readonly tid: number;
}

async function eventsOf(profile: Profile): Promise<TraceEvent[]> {
  const text = await textOf(writeChromiumProfile(profile));
  const { traceEvents } = JSON.parse(text);
  const open = new Map<string, number[]>();
  for (const { ph, ts, pid, tid } of traceEvents as TraceEvent[]) {
    if (ph === "M") continue;
    const key = `${pid}/${tid}`;
    const times = open.get(key) ?? [];
    open.set(key, times);
    if (ph === "B") times.push(ts);
    else assert(times.pop()! <= ts, "a slice ends after it begins");
  }
  assert([...open.values()].every((times) => times.length === 0));
  return traceEvents;
}

Deno.test("writeChromiumProfile writes slices with real numbers and names", async () => {
  const text = await textOf(
    writeChromiumProfile(exampleProfile({ timed: true })),
  );
  await assertGolden("profile/example.chromium.json", text);
});

Deno.test("writeChromiumProfile makes one slice of equal frames without a gap", async () => {
  const builder = new ProfileBuilder({
    valueTypes: [{ type: "samples", unit: "count" }],
    timed: true,
  });
  builder.facts.periodType = { type: "cpu", unit: "nanoseconds" };
  builder.facts.period = 1000;
  const fn = builder.internFunction({ name: "main" });
  const at = [0, 1000, 2000, 9000];
  at.forEach((timeNs, line) => {
    const frame = builder.internFrame({ function: fn, line });
    builder.addSample(builder.internStack(-1, frame), -1, [1], { timeNs });
  });
  const events = await eventsOf(builder.build());
  assertEquals(events.map(({ ph, ts }) => [ph, ts]), [
    ["B", 0],
    ["E", 3],
    ["B", 9],
    ["E", 10],
  ]);
});

Deno.test("writeChromiumProfile lets a sample last up to the next one where no length is known", async () => {
  const builder = new ProfileBuilder({
    valueTypes: [{ type: "samples", unit: "count" }],
    timed: true,
  });
  const stacks = ["a", "b"].map((name) =>
    builder.internStack(
      -1,
      builder.internFrame({ function: builder.internFunction({ name }) }),
    )
  );
  builder.addSample(stacks[0]!, -1, [1], { timeNs: 5000 });
  builder.addSample(stacks[1]!, -1, [1], { timeNs: 8000 });
  const events = await eventsOf(builder.build());
  assertEquals(events.map(({ ph, ts }) => [ph, ts]), [
    ["B", 5],
    ["E", 8],
    ["B", 8],
    ["E", 8],
  ]);
});

Deno.test("writeChromiumProfile refuses a profile without times", async () => {
  await assertRejects(
    () => textOf(writeChromiumProfile(exampleProfile())),
    RangeError,
    "profile has no times",
  );
});
