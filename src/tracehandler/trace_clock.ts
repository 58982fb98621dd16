import type { UnixNs } from "../base/time.ts";
import type { TraceClock } from "../profile/raw_trace.ts";

/** Takes times as they are, for sources whose clock cannot be related to wall time. */
export const CLOCKLESS: TraceClock = {
  isWallClock: false,
  unixNs: (ktime) => ktime as bigint as UnixNs,
};

/**
 * Makes a clock that is ahead of the source's by a fixed time.
 *
 * @param deltaNs Wall time at the moment when the source's clock was 0.
 * @returns The clock.
 */
export function fixedClock(deltaNs: bigint): TraceClock {
  return {
    isWallClock: true,
    unixNs: (ktime) => (ktime + deltaNs) as UnixNs,
  };
}

/** Where {@linkcode measureClockDelta} reads times. */
export interface ClockReaders {
  /** @returns Nanoseconds since 1970. */
  unixNs(): bigint;
  /** @returns Nanoseconds of the clock that traces are stamped with. */
  monotonicNs(): bigint;
}

const MEASUREMENTS = 5;

/**
 * Measures how far wall time is ahead of a source's clock: of five pairs the
 * one counts whose readings lie closest together.
 *
 * @param readers The clocks.
 * @returns The difference in ns.
 */
export function measureClockDelta(readers: ClockReaders): bigint {
  let best = 0n;
  let bestSpan: bigint | undefined;
  for (let count = 0; count < MEASUREMENTS; count++) {
    const before = readers.unixNs();
    const monotonic = readers.monotonicNs();
    const after = readers.unixNs();
    const span = after < before ? before - after : after - before;
    if (bestSpan !== undefined && span >= bestSpan) continue;
    bestSpan = span;
    best = before - monotonic;
  }
  return best;
}

/**
 * A clock that is measured anew from time to time, so that it follows wall time
 * when that is set. Times of traces may step then.
 */
export class SyncedClock implements TraceClock {
  readonly isWallClock: boolean = true;
  readonly #readers: ClockReaders;
  #deltaNs: bigint;

  /** @param readers The clocks; they are read at once. */
  constructor(readers: ClockReaders) {
    this.#readers = readers;
    this.#deltaNs = measureClockDelta(readers);
  }

  /** How far wall time is ahead, in ns. */
  get deltaNs(): bigint {
    return this.#deltaNs;
  }

  /** Measures anew; later traces get their time by it. */
  sync(): void {
    this.#deltaNs = measureClockDelta(this.#readers);
  }

  unixNs(ktime: Parameters<TraceClock["unixNs"]>[0]): UnixNs {
    return (ktime + this.#deltaNs) as UnixNs;
  }
}
