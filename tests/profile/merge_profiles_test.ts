import { assertEquals, assertThrows } from "@std/assert";
import { checkProfile } from "../../src/profile/check_profile.ts";
import { frameName } from "../../src/profile/frame_name.ts";
import { encodePprof } from "../../src/profile/pprof_encoder.ts";
import { mergeProfiles } from "../../src/profile/merge_profiles.ts";
import { ProfileBuilder } from "../../src/profile/profile_builder.ts";
import { scaleProfile } from "../../src/profile/scale_profile.ts";
import { subtractProfiles } from "../../src/profile/subtract_profiles.ts";
import type { Profile, ValueType } from "../../src/profile/types.ts";
import { concatBytes } from "../support/byte_stream.ts";
import { exampleProfile } from "../support/example_profile.ts";

const SAMPLES = { type: "samples", unit: "count" };
const CPU = { type: "cpu", unit: "nanoseconds" };

function oneSample(
  name: string,
  values: readonly number[],
  valueTypes: readonly ValueType[],
  startTime?: bigint,
): Profile {
  const builder = new ProfileBuilder({ valueTypes, timed: true });
  if (startTime !== undefined) builder.facts.startTime = startTime as never;
  builder.facts.durationNs = 100;
  const frame = builder.internFrame({
    function: builder.internFunction({ name }),
  });
  builder.addSample(builder.internStack(-1, frame), -1, values, { timeNs: 10 });
  return builder.build();
}

/** All that is known of the frames of a sample, leaf first. */
function stackOf(profile: Profile, row: number): unknown[] {
  const { frames, functions, mappings, stacks, strings } = profile;
  const found: unknown[] = [];
  for (
    let stack = profile.samples.stack[row]!;
    stack >= 0;
    stack = stacks.prefix[stack]!
  ) {
    const frame = stacks.frame[stack]!;
    const fn = frames.function[frame]!;
    found.push([
      frameName(profile, frame),
      strings[functions.systemName[fn] ?? 0],
      strings[functions.fileName[fn] ?? 0],
      functions.startLine[fn],
      mappings[frames.mapping[frame]!],
      frames.address[frame],
      frames.line[frame],
      frames.column[frame],
      strings[frames.kind[frame]!],
      frames.inlined[frame],
    ]);
  }
  return found;
}

Deno.test("mergeProfiles of one profile changes nothing", () => {
  const profile = exampleProfile();
  assertEquals(mergeProfiles([profile]), profile);
});

Deno.test("mergeProfiles adds up equal samples", () => {
  const profile = exampleProfile();
  const merged = mergeProfiles([profile, profile]);
  for (let row = 0; row < profile.samples.length; row++) {
    assertEquals(stackOf(merged, row), stackOf(profile, row));
    assertEquals(
      merged.threads[merged.samples.thread[row]!],
      profile.threads[profile.samples.thread[row]!],
    );
    assertEquals(
      merged.labelSets[merged.samples.labels[row]!],
      profile.labelSets[profile.samples.labels[row]!],
    );
  }
  assertEquals(
    [...merged.samples.values[1]!],
    [...profile.samples.values[1]!].map((value) => value * 2),
  );
  assertEquals(checkProfile(merged), []);
});

Deno.test("mergeProfiles unites value types and shifts times to the earliest start", () => {
  const merged = mergeProfiles([
    oneSample("a", [1, 5], [SAMPLES, CPU], 1000n),
    oneSample("b", [7], [CPU], 400n),
  ]);
  assertEquals(merged.valueTypes, [SAMPLES, CPU]);
  assertEquals(merged.samples.values.map((column) => [...column]), [
    [1, 0],
    [5, 7],
  ]);
  assertEquals(merged.startTime, 400n as never);
  assertEquals([...merged.samples.timeNs!], [610, 10]);
  assertEquals(merged.durationNs, 700);
});

Deno.test("mergeProfiles adds durations where a start is unknown", () => {
  const merged = mergeProfiles([
    oneSample("a", [1], [CPU], 1000n),
    oneSample("b", [7], [CPU]),
  ]);
  assertEquals(merged.durationNs, 200);
  assertEquals(merged.startTime, 1000n as never);
});

Deno.test("mergeProfiles sums over time unless all profiles have times", () => {
  const merged = mergeProfiles([
    exampleProfile({ timed: true }),
    exampleProfile(),
  ]);
  assertEquals(merged.samples.timeNs, undefined);
  assertEquals(merged.samples.length, exampleProfile().samples.length);
});

Deno.test("mergeProfiles keeps a period only where its types agree", () => {
  const profile = exampleProfile();
  assertEquals(
    mergeProfiles([profile, { ...profile, period: 5_000_000 }]).period,
    5_000_000,
  );
  const other = { ...profile, periodType: CPU };
  assertEquals(mergeProfiles([profile, other]).periodType, undefined);
});

Deno.test("mergeProfiles refuses to merge nothing", () => {
  assertThrows(() => mergeProfiles([]), RangeError, "there is none");
});

Deno.test("scaleProfile multiplies values and nothing else", () => {
  const profile = exampleProfile();
  const scaled = scaleProfile(profile, 3);
  assertEquals(scaled.samples.values[0]![0], 9);
  assertEquals(profile.samples.values[0]![0], 3);
  assertEquals(
    concatBytes([...encodePprof(scaleProfile(scaled, 1 / 3))]),
    concatBytes([...encodePprof(profile)]),
  );
});

Deno.test("subtractProfiles leaves what differs", () => {
  const more = oneSample("a", [9], [CPU]);
  const less = oneSample("a", [2], [CPU]);
  const other = oneSample("b", [4], [CPU]);
  assertEquals([...subtractProfiles(more, less).samples.values[0]!], [7]);
  assertEquals([...subtractProfiles(more, other).samples.values[0]!], [9, -4]);
  assertEquals(subtractProfiles(more, more).samples.length, 0);
});
