import type { Profile } from "./types.ts";

/**
 * Keeps some samples of a profile.
 *
 * @param profile The profile.
 * @param isWanted Whether the sample with this index is kept.
 * @returns A profile with the same tables and fewer samples.
 */
export function selectSamples(
  profile: Profile,
  isWanted: (index: number) => boolean,
): Profile {
  const { samples } = profile;
  const kept = new Int32Array(samples.length);
  let length = 0;
  for (let index = 0; index < samples.length; index++) {
    if (isWanted(index)) kept[length++] = index;
  }
  const integers = (column: Int32Array): Int32Array => {
    const selected = new Int32Array(length);
    for (let row = 0; row < length; row++) selected[row] = column[kept[row]!]!;
    return selected;
  };
  const numbers = (column: Float64Array): Float64Array => {
    const selected = new Float64Array(length);
    for (let row = 0; row < length; row++) selected[row] = column[kept[row]!]!;
    return selected;
  };
  return {
    ...profile,
    samples: {
      length,
      stack: integers(samples.stack),
      thread: integers(samples.thread),
      labels: integers(samples.labels),
      timeNs: samples.timeNs && numbers(samples.timeNs),
      values: samples.values.map(numbers),
    },
  };
}
