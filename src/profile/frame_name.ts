import { placeName } from "./_place_name.ts";
import type { Profile } from "./types.ts";

/**
 * Names a frame for people.
 *
 * @param profile The profile that the frame belongs to.
 * @param frame Index of the frame.
 * @returns The function's name; else `module+0xoffset`, where the offset is one
 * into the file if the address lies in the mapping; else `0xaddress`; else the
 * frame's kind in brackets, or `[unknown]`. An address of the kernel is
 * `[kernel]+0xaddress`, the end of a stack that could not be unwound
 * `[abort-marker code]`.
 */
export function frameName(profile: Profile, frame: number): string {
  const { frames, functions, mappings, strings } = profile;
  const fn = frames.function[frame] ?? -1;
  if (fn >= 0) {
    const name = strings[functions.name[fn] ?? 0] ||
      strings[functions.systemName[fn] ?? 0];
    if (name) return name;
  }
  return placeName(
    mappings[frames.mapping[frame] ?? -1],
    frames.address[frame] ?? 0n,
    strings[frames.kind[frame] ?? 0] ?? "",
  );
}

/**
 * Names all frames of a profile.
 *
 * @param profile The profile.
 * @returns What {@linkcode frameName} gives, by index of the frame.
 */
export function frameNames(profile: Profile): readonly string[] {
  return Array.from(
    { length: profile.frames.length },
    (_, frame) => frameName(profile, frame),
  );
}
