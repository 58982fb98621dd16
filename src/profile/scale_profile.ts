import type { Profile } from "./types.ts";

/**
 * Multiplies all values of a profile.
 *
 * @param profile The profile.
 * @param factor Any number; -1 makes a profile that others can be subtracted with.
 * @returns A profile with the same tables and other values.
 */
export function scaleProfile(profile: Profile, factor: number): Profile {
  return {
    ...profile,
    samples: {
      ...profile.samples,
      values: profile.samples.values.map((column) =>
        column.map((value) => value * factor)
      ),
    },
  };
}
