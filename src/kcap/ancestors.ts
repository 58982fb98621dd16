import type { KcapProcess } from "./types.ts";

/** Real trees are a few dozen deep; damaged ones may be endless. */
const MAX_ANCESTORS = 1000;

/**
 * Follows the parents of a process.
 *
 * @param process The process.
 * @returns Its parent, the parent of that one and so on; at most 1,000, and
 * each process once.
 */
export function ancestorsOf(process: KcapProcess): readonly KcapProcess[] {
  const ancestors: KcapProcess[] = [];
  const seen = new Set<KcapProcess>([process]);
  for (
    let parent = process.parent;
    parent !== undefined && !seen.has(parent) &&
    ancestors.length < MAX_ANCESTORS;
    parent = parent.parent
  ) {
    seen.add(parent);
    ancestors.push(parent);
  }
  return ancestors;
}
