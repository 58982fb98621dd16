import { aggregateSamples } from "./aggregate_samples.ts";
import { mergeProfiles } from "./merge_profiles.ts";
import { scaleProfile } from "./scale_profile.ts";
import { selectSamples } from "./select_samples.ts";
import type { Profile } from "./types.ts";

/**
 * Subtracts one profile from another, stack by stack.
 *
 * @param profile What is left of it is the result.
 * @param base What is taken away.
 * @returns A profile without times whose values may be negative; samples that
 * are equal in both are gone.
 */
export function subtractProfiles(profile: Profile, base: Profile): Profile {
  const { startTime: _, ...difference } = mergeProfiles([
    aggregateSamples(profile),
    scaleProfile(aggregateSamples(base), -1),
  ]);
  const { values } = difference.samples;
  return {
    ...selectSamples(
      { ...difference, startTime: profile.startTime },
      (row) => values.some((column) => column[row] !== 0),
    ),
    durationNs: profile.durationNs,
  };
}
