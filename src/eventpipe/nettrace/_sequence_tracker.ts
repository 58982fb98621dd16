import type { DecodeStats } from "../../base/decode_stats.ts";
import type { NettraceLoss } from "./types.ts";

/** What is known of one capturing thread. */
export interface TrackedThread {
  /** As the stream calls it. */
  readonly key: number | bigint;
  /** Number of the last event. */
  last: number;
  /** Time of the last event in ticks since the sync tick. */
  lastTime: number | undefined;
  /** Neighbours in order of last use. */
  newer: TrackedThread | undefined;
  older: TrackedThread | undefined;
}

/** Upstream readers keep that many threads before version 6; thread ids may be recycled, so old ones say nothing. */
const MAX_THREADS_BEFORE_V6 = 5000;

/** A loss without what the capturing thread is. */
export type FoundLoss = Omit<NettraceLoss, "captureThreadId" | "captureThread">;

/** How a {@linkcode SequenceTracker} counts. */
export interface SequenceTrackerOptions {
  /** Whether threads are indexes that the stream defines and removes. */
  readonly isV6: boolean;
  /** Most threads at a time in version 6. */
  readonly maxThreads: number;
  readonly stats: DecodeStats;
  /** Takes what is found, but for what the thread is. */
  readonly onLoss: (loss: FoundLoss, key: number | bigint) => void;
}

/** Finds gaps in the numbers of each capturing thread's events. */
export class SequenceTracker {
  readonly #isV6: boolean;
  readonly #maxThreads: number;
  readonly #stats: DecodeStats;
  readonly #onLoss: SequenceTrackerOptions["onLoss"];
  #threads = new Map<number | bigint, TrackedThread>();
  #newest: TrackedThread | undefined;
  #oldest: TrackedThread | undefined;
  #lost = 0;

  constructor(options: SequenceTrackerOptions) {
    this.#isV6 = options.isV6;
    this.#maxThreads = options.isV6
      ? options.maxThreads
      : MAX_THREADS_BEFORE_V6;
    this.#stats = options.stats;
    this.#onLoss = options.onLoss;
  }

  /** Events lost so far. */
  get lost(): number {
    return this.#lost;
  }

  /**
   * Looks at the number of an event. The caller may then go on counting in the
   * returned object by itself as long as the numbers of that thread are
   * consecutive.
   */
  event(
    key: number | bigint,
    sequence: number,
    time: number,
    offset: number,
  ): TrackedThread {
    let thread = this.#threads.get(key);
    if (thread === undefined) {
      thread = this.#add(key, this.#isV6 ? 0 : (sequence - 1) >>> 0);
    } else if (thread !== this.#newest) {
      this.#touch(thread);
    }
    this.#compare(thread, (sequence - 1) >>> 0, time, "event", offset);
    thread.last = sequence;
    thread.lastTime = time;
    return thread;
  }

  /** Looks at a sequence point's list of threads. */
  sequencePoint(
    threads: readonly (readonly [key: number | bigint, sequence: number])[],
    time: number,
    offset: number,
  ): void {
    const listed = new Set<number | bigint>();
    for (const [key, sequence] of threads) {
      const thread = this.#threads.get(key) ??
        this.#add(key, this.#isV6 ? 0 : sequence);
      this.#compare(thread, sequence, time, "sequencePoint", offset);
      thread.last = sequence;
      thread.lastTime = time;
      listed.add(key);
    }
    if (this.#isV6) return;
    // Whoever is not listed is gone, and its id may come back with another thread.
    for (const [key, thread] of this.#threads) {
      if (!listed.has(key)) this.#drop(thread);
    }
  }

  /** Looks at the last number of a thread that ends, and forgets it. */
  removeThread(key: number | bigint, sequence: number, offset: number): void {
    const thread = this.#threads.get(key) ?? this.#add(key, 0);
    this.#compare(thread, sequence, undefined, "removeThread", offset);
    this.#drop(thread);
  }

  /** Forgets a thread whose key gets another meaning. */
  forget(key: number | bigint): void {
    const thread = this.#threads.get(key);
    if (thread !== undefined) this.#drop(thread);
  }

  /** Forgets all threads. */
  clear(): void {
    this.#threads.clear();
    this.#newest = this.#oldest = undefined;
  }

  #compare(
    thread: TrackedThread,
    expectedLast: number,
    time: number | undefined,
    cause: NettraceLoss["cause"],
    offset: number,
  ): void {
    const count = (expectedLast - thread.last) | 0;
    // Before version 6 a 0 may stand for a recycled thread id.
    if (count === 0 || (thread.last === 0 && !this.#isV6)) return;
    if (count < 0) {
      this.#stats.count("nettrace_out_of_order", "notice", {
        offset,
        detail: `thread ${thread.key} went back from number ${thread.last}`,
      });
      return;
    }
    this.#lost += count;
    this.#stats.count("nettrace_events_lost", "data_loss", {
      amount: count,
      offset,
      detail: `thread ${thread.key} misses numbers behind ${thread.last}`,
    });
    this.#onLoss({
      count,
      cause,
      captureThreadKey: BigInt(thread.key),
      lastSequenceNumber: thread.last,
      sequenceNumber: cause === "event"
        ? (expectedLast + 1) >>> 0
        : expectedLast,
      afterTime: thread.lastTime,
      beforeTime: time,
    }, thread.key);
  }

  #add(key: number | bigint, last: number): TrackedThread {
    if (this.#threads.size >= this.#maxThreads) this.#drop(this.#oldest!);
    const thread: TrackedThread = {
      key,
      last,
      lastTime: undefined,
      newer: undefined,
      older: this.#newest,
    };
    if (this.#newest !== undefined) this.#newest.newer = thread;
    this.#newest = thread;
    this.#oldest ??= thread;
    this.#threads.set(key, thread);
    return thread;
  }

  #touch(thread: TrackedThread): void {
    this.#unlink(thread);
    thread.older = this.#newest;
    if (this.#newest !== undefined) this.#newest.newer = thread;
    this.#newest = thread;
    this.#oldest ??= thread;
  }

  #drop(thread: TrackedThread): void {
    this.#unlink(thread);
    this.#threads.delete(thread.key);
  }

  #unlink(thread: TrackedThread): void {
    if (thread.newer === undefined) this.#newest = thread.older;
    else thread.newer.older = thread.older;
    if (thread.older === undefined) this.#oldest = thread.newer;
    else thread.older.newer = thread.newer;
    thread.newer = thread.older = undefined;
  }
}
