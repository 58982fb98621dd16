import type { TimelineEvent } from "./types.ts";

/** How much {@linkcode selectEvents} lets pass. */
export interface SelectEventsOptions {
  /** Records at most; the source is left behind the last one. @default {Infinity} */
  readonly limit?: number | undefined;
}

/**
 * Lets wanted records pass.
 *
 * @param batches Records in batches.
 * @param isWanted Whether a record passes.
 * @param options Most records.
 * @returns The wanted records in batches that are not empty.
 */
export async function* selectEvents(
  batches: AsyncIterable<readonly TimelineEvent[]>,
  isWanted: (event: TimelineEvent) => boolean,
  options: SelectEventsOptions = {},
): AsyncGenerator<readonly TimelineEvent[]> {
  let left = options.limit ?? Infinity;
  for await (const batch of batches) {
    const wanted = batch.filter(isWanted);
    if (wanted.length >= left) {
      yield wanted.slice(0, left);
      return;
    }
    left -= wanted.length;
    if (wanted.length > 0) yield wanted;
  }
}
