import type { Profile } from "./types.ts";

/** Name under which tools know the kernel as a mapped file. */
const KERNEL_FILE = "[kernel.kallsyms]";
/** Kind of a frame whose address is the number of an error. */
const ABORT_MARKER = "abort-marker";

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
  const address = frames.address[frame] ?? 0n;
  const kind = strings[frames.kind[frame] ?? 0] ?? "";
  if (kind === ABORT_MARKER) return `[${kind} ${address}]`;
  const mapping = mappings[frames.mapping[frame] ?? -1];
  if (mapping !== undefined && mapping.fileName !== "") {
    const { start, end, fileOffset } = mapping;
    const offset = start > 0n && address >= start && address < end
      ? address - start + fileOffset
      : address;
    const name = mapping.fileName === KERNEL_FILE
      ? "[kernel]"
      : baseName(mapping.fileName);
    return `${name}+0x${offset.toString(16)}`;
  }
  if (address !== 0n) return `0x${address.toString(16)}`;
  return `[${kind || "unknown"}]`;
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
