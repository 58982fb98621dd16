import type { HeapSegment } from "./types.ts";

/**
 * Finds the generations of objects by the parts of the heap that they lie in.
 *
 * @param segments The parts of the heap, in any order.
 * @returns Gives the generation of an address: 0 to 2, 3 for large objects, 4
 * for pinned ones; -1 for an address that is in no part.
 */
export function generationOf(
  segments: readonly HeapSegment[],
): (address: bigint) => number {
  const sorted = segments.toSorted((a, b) =>
    a.start < b.start ? -1 : a.start > b.start ? 1 : 0
  );
  return (address) => {
    let low = 0;
    let high = sorted.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (sorted[middle]!.start <= address) low = middle + 1;
      else high = middle;
    }
    const segment = sorted[low - 1];
    if (segment === undefined || address >= segment.end) return -1;
    // The oldest generation comes first within a part.
    return segment.generationEnds.findLastIndex((end) => address < end);
  };
}
