import type { DecodeStats } from "../base/decode_stats.ts";
import type { Profile } from "../profile/types.ts";

/**
 * Counts a profile without samples as a loss, so that nobody takes an empty
 * output for a result.
 *
 * @param profile What is going to be written.
 * @param stats Where to count it; the profile's remarks say why.
 */
export function noteEmptyProfile(profile: Profile, stats: DecodeStats): void {
  if (profile.samples.length > 0) return;
  stats.count("no_samples", "data_loss", {
    detail: profile.comments.join("; ") || undefined,
  });
}
