import type { TimelineEvent } from "./types.ts";

const BATCH_SIZE = 1024;

/**
 * Merges timelines by wall time, holding one batch of each. Within one
 * timeline the order stays as it is; records without wall time take the time
 * of the record before them. Equal times go in the order of the arguments.
 *
 * @param timelines Each in order of time, in batches.
 * @returns All records in batches.
 */
export async function* mergeTimelines(
  timelines: readonly AsyncIterable<readonly TimelineEvent[]>[],
): AsyncGenerator<readonly TimelineEvent[]> {
  const cursors = timelines.map((timeline) => new Cursor(timeline));
  try {
    await Promise.all(cursors.map((cursor) => cursor.advance()));
    let batch: TimelineEvent[] = [];
    while (true) {
      let earliest: Cursor | undefined;
      for (const cursor of cursors) {
        if (cursor.event === undefined) continue;
        if (earliest === undefined || cursor.time < earliest.time) {
          earliest = cursor;
        }
      }
      if (earliest === undefined) break;
      batch.push(earliest.event!);
      if (batch.length >= BATCH_SIZE) {
        yield batch;
        batch = [];
      }
      if (!earliest.step()) await earliest.advance();
    }
    if (batch.length > 0) yield batch;
  } finally {
    await Promise.all(cursors.map((cursor) => cursor.close()));
  }
}

class Cursor {
  event: TimelineEvent | undefined;
  time = 0n;
  readonly #batches: AsyncIterator<readonly TimelineEvent[]>;
  #batch: readonly TimelineEvent[] = [];
  #index = 0;

  constructor(timeline: AsyncIterable<readonly TimelineEvent[]>) {
    this.#batches = timeline[Symbol.asyncIterator]();
  }

  /** Moves on within the batch. */
  step(): boolean {
    const event = this.#batch[this.#index];
    if (event === undefined) return false;
    this.#index++;
    this.event = event;
    this.time = event.timestamp ?? this.time;
    return true;
  }

  /** Moves to the next batch that is not empty, or to the end. */
  async advance(): Promise<void> {
    do {
      const next = await this.#batches.next();
      if (next.done === true) {
        this.event = undefined;
        return;
      }
      this.#batch = next.value;
      this.#index = 0;
    } while (!this.step());
  }

  async close(): Promise<void> {
    await this.#batches.return?.();
  }
}
