import type { Mapping } from "./types.ts";

/** Name under which tools know the kernel as a mapped file. */
const KERNEL_FILE = "[kernel.kallsyms]";
/** Kind of a frame whose address is the number of an error. */
const ABORT_MARKER = "abort-marker";

/**
 * Names the place of a frame whose function is not known.
 *
 * @param mapping The mapped file, where known.
 * @param address Address in its own addresses, 0 where unknown.
 * @param kind Kind of the frame.
 * @returns What `frameName` says of such frames.
 */
export function placeName(
  mapping: Mapping | undefined,
  address: bigint,
  kind: string,
): string {
  if (kind === ABORT_MARKER) return `[${kind} ${address}]`;
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

/** Text behind the last slash of either kind, or all of it if that is empty. */
function baseName(path: string): string {
  return /[^/\\]*$/.exec(path)![0] || path;
}
