import type { UnixNs } from "../base/time.ts";
import { selectSamples } from "./select_samples.ts";
import type { Profile } from "./types.ts";

/**
 * Cuts a profile into parts of equal length, one after the other; the last one
 * may be shorter, parts without samples are left out.
 *
 * @param profile A profile whose samples have times.
 * @param lengthNs Length of a part in ns, above 0.
 * @returns The parts; the profile itself where samples have no times.
 * @throws {RangeError} When the length is not above 0.
 *
 * @example Seconds
 * ```ts
 * import { ProfileBuilder, splitProfile } from "@tracedeck/tracedeck/profile";
 * import { assertEquals } from "@std/assert";
 *
 * const builder = new ProfileBuilder({
 *   valueTypes: [{ type: "samples", unit: "count" }],
 *   timed: true,
 * });
 * builder.facts.durationNs = 3e9;
 * for (const timeNs of [1e8, 2e8, 2.1e9]) {
 *   builder.addSample(-1, -1, [1], { timeNs });
 * }
 * const parts = [...splitProfile(builder.build(), 1e9)];
 * assertEquals(parts.map(({ samples }) => samples.length), [2, 1]);
 * ```
 */
export function* splitProfile(
  profile: Profile,
  lengthNs: number,
): Generator<Profile> {
  if (!(lengthNs > 0)) {
    throw new RangeError(
      `Cannot split profile: length of a part is ${lengthNs} ns, expected more than 0`,
    );
  }
  const { timeNs } = profile.samples;
  if (timeNs === undefined) {
    yield profile;
    return;
  }
  const rows = new Map<number, number>();
  for (const time of timeNs) {
    const part = Math.floor(time / lengthNs);
    rows.set(part, (rows.get(part) ?? 0) + 1);
  }
  for (const part of [...rows.keys()].sort((a, b) => a - b)) {
    const startNs = part * lengthNs;
    const selected = selectSamples(
      profile,
      (row) => Math.floor(timeNs[row]! / lengthNs) === part,
    );
    const left = profile.durationNs - startNs;
    yield {
      ...selected,
      startTime: profile.startTime === undefined
        ? undefined
        : (profile.startTime + BigInt(Math.round(startNs))) as UnixNs,
      durationNs: left > 0 && left < lengthNs ? left : lengthNs,
      samples: {
        ...selected.samples,
        timeNs: selected.samples.timeNs!.map((time) => time - startNs),
      },
    };
  }
}
