import type { KcapEvent } from "./types.ts";

/**
 * Merges captures: of the next events of all of them always the earliest comes.
 * Each capture keeps its own order, which is not sorted by time in general:
 * what it says about its processes comes before what they do.
 *
 * @param sources The captures; of equal times the first one comes first.
 * @returns All events.
 */
export async function* mergeByTime(
  sources: readonly AsyncIterable<KcapEvent>[],
): AsyncGenerator<KcapEvent, void, undefined> {
  const iterators = sources.map((source) => source[Symbol.asyncIterator]());
  try {
    const heads: { index: number; event: KcapEvent }[] = [];
    for (const [index, iterator] of iterators.entries()) {
      const next = await iterator.next();
      if (next.done !== true) heads.push({ index, event: next.value });
    }
    while (heads.length > 0) {
      let earliest = heads[0]!;
      for (const head of heads) {
        if (head.event.timeNs < earliest.event.timeNs) earliest = head;
      }
      yield earliest.event;
      const next = await iterators[earliest.index]!.next();
      if (next.done === true) heads.splice(heads.indexOf(earliest), 1);
      else earliest.event = next.value;
    }
  } finally {
    for (const iterator of iterators) await iterator.return?.();
  }
}
