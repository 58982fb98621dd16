import { assertEquals, assertThrows } from "@std/assert";
import type { UnixNs } from "../../src/base/time.ts";
import { ProfileBuilder } from "../../src/profile/profile_builder.ts";
import { splitProfile } from "../../src/profile/split_profile.ts";
import type { Profile } from "../../src/profile/types.ts";

function profileAt(times: readonly number[], durationNs: number): Profile {
  const builder = new ProfileBuilder({
    valueTypes: [{ type: "samples", unit: "count" }],
    timed: true,
  });
  builder.facts.startTime = 1_000_000n as UnixNs;
  builder.facts.durationNs = durationNs;
  for (const timeNs of times) builder.addSample(-1, -1, [1], { timeNs });
  return builder.build();
}

Deno.test("splitProfile cuts at multiples of the length and leaves out empty parts", () => {
  const parts = [...splitProfile(profileAt([0, 99, 100, 350], 370), 100)];
  assertEquals(
    parts.map(({ startTime, durationNs, samples }) => [
      Number(startTime),
      durationNs,
      [...samples.timeNs!],
    ]),
    [
      [1_000_000, 100, [0, 99]],
      [1_000_100, 100, [0]],
      [1_000_300, 70, [50]],
    ],
  );
});

Deno.test("splitProfile gives a profile without times as it is", () => {
  const profile = new ProfileBuilder({
    valueTypes: [{ type: "samples", unit: "count" }],
  }).build();
  assertEquals([...splitProfile(profile, 5)], [profile]);
  assertThrows(() => [...splitProfile(profile, 0)], RangeError);
});
