import type { Profile } from "./types.ts";

/**
 * Names a frame for people.
 *
 * @param profile The profile that the frame belongs to.
 * @param frame Index of the frame.
 * @returns The function's name; else `module+0xoffset`, where the offset is one
 * into the file if the address lies in the mapping; else `0xaddress`; else the
 * frame's kind in brackets, or `[unknown]`.
 */
export function frameName(profile: Profile, frame: number): string {
  const { frames, functions, mappings, strings } = profile;
  const fn = frames.function[frame] ?? -1;
  if (fn >= 0) {
    const name = strings[functions.name[fn] ?? 0] ||
      strings[functions.systemName[fn] ?? 0];
    if (name) return name;
  }
  const address = frames.address[frame] ?? 0n;
  const mapping = mappings[frames.mapping[frame] ?? -1];
  if (mapping !== undefined && mapping.fileName !== "") {
    const { start, end, fileOffset } = mapping;
    const offset = start > 0n && address >= start && address < end
      ? address - start + fileOffset
      : address;
    return `${baseName(mapping.fileName)}+0x${offset.toString(16)}`;
  }
  if (address !== 0n) return `0x${address.toString(16)}`;
  return `[${strings[frames.kind[frame] ?? 0] || "unknown"}]`;
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

/** Text behind the last slash of either kind, or all of it if that is empty. */
function baseName(path: string): string {
  return /[^/\\]*$/.exec(path)![0] || path;
}
