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
    detail: whyEmpty(profile),
  });
}

/**
 * @param profile A profile without samples.
 * @returns Those of its remarks that say why, if any.
 */
export function whyEmpty({ comments }: Profile): string | undefined {
  // What comes before is about the process.
  const first = comments.findIndex((remark) => remark.startsWith("no "));
  return first < 0 ? undefined : comments.slice(first).join("; ");
}
