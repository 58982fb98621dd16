import { assertEquals, assertThrows } from "@std/assert";
import { compareProfiles } from "../../src/profile/compare_profiles.ts";
import { foldedProfile } from "../support/folded_profile.ts";

Deno.test("compareProfiles names what changed, the largest change first", () => {
  const before = foldedProfile({ "main;a": 10, "main;b": 5 });
  const after = foldedProfile({ "main;a": 11, "main;c": 20 });
  const { totalBefore, totalAfter, changes } = compareProfiles(before, after);
  assertEquals([totalBefore, totalAfter], [15, 31]);
  assertEquals(
    changes.map((change) => [
      change.name,
      change.exclusiveBefore,
      change.exclusiveAfter,
      change.inclusiveBefore,
      change.inclusiveAfter,
    ]),
    [["c", 0, 20, 0, 20], ["b", 5, 0, 5, 0], ["a", 10, 11, 10, 11], [
      "main",
      0,
      0,
      15,
      31,
    ]],
  );
});

Deno.test("compareProfiles scales the second profile to the first when asked", () => {
  const { totalAfter, changes } = compareProfiles(
    foldedProfile({ a: 10 }),
    foldedProfile({ a: 2000 }),
    { normalize: true },
  );
  assertEquals([totalAfter, changes[0]!.exclusiveAfter], [10, 10]);
});

Deno.test("compareProfiles refuses what cannot be compared", () => {
  assertThrows(
    () =>
      compareProfiles(
        foldedProfile({ a: 1 }),
        foldedProfile({ a: 1 }, "count"),
      ),
    RangeError,
    '"wall" is in nanoseconds in one and in count in the other',
  );
  assertThrows(
    () =>
      compareProfiles(foldedProfile({}), foldedProfile({}), {
        valueType: "cpu",
      }),
    RangeError,
    'Cannot take "cpu" of the profile: it has wall',
  );
});
