import { assertEquals } from "@std/assert";
import { checkProfile } from "../../src/profile/check_profile.ts";
import type { Profile } from "../../src/profile/types.ts";
import { exampleProfile } from "../support/example_profile.ts";

Deno.test("checkProfile finds nothing wrong with a valid profile", () => {
  assertEquals(checkProfile(exampleProfile()), []);
  assertEquals(checkProfile(exampleProfile({ timed: true })), []);
});

const BREAKS: Readonly<Record<string, (profile: Profile) => Profile>> = {
  "stack prefix of 0 is 0, expected less": (profile) => {
    profile.stacks.prefix[0] = 0;
    return profile;
  },
  "stack prefix of 1 is 999, expected -1 to": (profile) => {
    profile.stacks.prefix[1] = 999;
    return profile;
  },
  "frame function of 0 is -2": (profile) => {
    profile.frames.function[0] = -2;
    return profile;
  },
  "sample thread of 0 is 2": (profile) => {
    profile.samples.thread[0] = 2;
    return profile;
  },
  "value column 0 of 1 is NaN": (profile) => {
    profile.samples.values[0]![1] = NaN;
    return profile;
  },
  "there are 2 value columns, expected 3": (profile) => ({
    ...profile,
    samples: {
      ...profile.samples,
      values: profile.samples.values.slice(1),
    },
  }),
  "sample stack has 5 entries, expected 6": (profile) => ({
    ...profile,
    samples: {
      ...profile.samples,
      stack: profile.samples.stack.subarray(1),
    },
  }),
  "the first string is not empty": (profile) => ({ ...profile, strings: [] }),
  "the first set of labels is not empty": (profile) => ({
    ...profile,
    labelSets: [],
  }),
  "default value type is 3 of 3": (profile) => ({
    ...profile,
    defaultValueType: 3,
  }),
  "mapping 0 ends before it starts": (profile) => ({
    ...profile,
    mappings: profile.mappings.map((mapping) => ({ ...mapping, end: 1n })),
  }),
};

for (const [problem, damage] of Object.entries(BREAKS)) {
  Deno.test(`checkProfile tells that ${problem}`, () => {
    const found = checkProfile(damage(exampleProfile()));
    assertEquals(
      found.some((each) => each.startsWith(problem)),
      true,
      found.join("; "),
    );
  });
}

Deno.test("checkProfile lists at most 20 problems", () => {
  const profile = exampleProfile();
  profile.stacks.prefix.fill(77);
  profile.stacks.frame.fill(77);
  profile.samples.labels.fill(77);
  profile.samples.stack.fill(77);
  assertEquals(checkProfile(profile).length, 20);
});
