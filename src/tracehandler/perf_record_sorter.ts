import type { DecodeStats } from "../base/decode_stats.ts";

/** Something that happened at a time. */
export interface Timed {
  /** When, in ns; 0 is before everything. */
  readonly timeNs: number;
}

/** How a {@linkcode PerfRecordSorter} sorts. */
export interface PerfRecordSorterOptions {
  /** Most records that are held back. @default {262144} */
  readonly maxRecords?: number | undefined;
  /** Most bytes of records that are held back. @default {67108864} */
  readonly maxBytes?: number | undefined;
  /** Counts records that came too late to be put in order. */
  readonly stats?: DecodeStats | undefined;
}

const DEFAULT_MAX_RECORDS = 262_144;
const DEFAULT_MAX_BYTES = 64 * 1024 * 1024;

/**
 * Brings records of several processors into order of time. Each processor's
 * records come in order; the ends of rounds tell when none can come any more
 * that is older than the newest of the round before. Where rounds do not end,
 * the older half goes when too much is held back.
 *
 * @typeParam T The records.
 */
export class PerfRecordSorter<T extends Timed> {
  readonly #maxRecords: number;
  readonly #maxBytes: number;
  readonly #stats: DecodeStats | undefined;
  #held: T[] = [];
  #heldBytes = 0;
  #newest = -Infinity;
  #newestOfLastRound = -Infinity;
  /** Up to here everything was given. */
  #givenNs = -Infinity;

  /** @param options How much is held back, and where late ones are counted. */
  constructor(options: PerfRecordSorterOptions = {}) {
    this.#maxRecords = options.maxRecords ?? DEFAULT_MAX_RECORDS;
    this.#maxBytes = options.maxBytes ?? DEFAULT_MAX_BYTES;
    this.#stats = options.stats;
  }

  /** Records that are held back. */
  get held(): number {
    return this.#held.length;
  }

  /**
   * @param record A record.
   * @param bytes Memory that it needs, about.
   * @returns Records that can go because too many are held back, in order of
   * time; mostly none.
   */
  add(record: T, bytes: number = 0): readonly T[] {
    const { timeNs } = record;
    // Records without a time belong where they are.
    if (timeNs < this.#givenNs && timeNs !== 0) {
      this.#stats?.count("perf_record_late", "notice", {
        detail:
          `a record of ${timeNs} ns came when ${this.#givenNs} ns were over`,
      });
    }
    this.#held.push(record);
    this.#heldBytes += bytes;
    if (timeNs > this.#newest) this.#newest = timeNs;
    if (
      this.#held.length < this.#maxRecords && this.#heldBytes < this.#maxBytes
    ) return NONE;
    // Half stays, so that what comes next still finds its place.
    this.#sort();
    this.#heldBytes /= 2;
    return this.#take(this.#held.length + 1 >> 1);
  }

  /** @returns Records that no later one can come before, in order of time. */
  endRound(): readonly T[] {
    this.#sort();
    const held = this.#held;
    let count = 0;
    while (
      count < held.length && held[count]!.timeNs <= this.#newestOfLastRound
    ) count++;
    this.#newestOfLastRound = this.#newest;
    this.#heldBytes *= 1 - count / Math.max(1, held.length);
    return this.#take(count);
  }

  /** @returns All that are held back, in order of time. */
  finish(): readonly T[] {
    this.#sort();
    const records = this.#held;
    this.#held = [];
    this.#heldBytes = 0;
    return records;
  }

  #sort(): void {
    // Sorting is stable: records of one time stay in the order of the file.
    this.#held.sort((a, b) => a.timeNs - b.timeNs);
  }

  #take(count: number): readonly T[] {
    if (count === 0) return NONE;
    const records = this.#held.slice(0, count);
    this.#held = this.#held.slice(count);
    this.#givenNs = records.at(-1)!.timeNs;
    return records;
  }
}

const NONE: readonly never[] = [];
