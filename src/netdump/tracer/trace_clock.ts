import { absoluteTime, relativeTime } from "../nettrace_time.ts";
import { UNDEFINED_TIME } from "../nettrace_types.ts";
import type { TraceTime } from "../nettrace_types.ts";

/** Where a tracer takes the time from. */
export interface ClockSource {
  /** Milliseconds of a monotonic clock, with a fraction. */
  now(): number;
  /** Milliseconds since 1970. */
  wall(): number;
}

/** The clocks of this process. */
export const SYSTEM_CLOCK: ClockSource = {
  now: () => performance.now(),
  wall: () => Date.now(),
};

/**
 * Turns readings of the monotonic clock into times of a trace. What was read
 * before the trace began is told as an absolute time.
 */
export class TraceClock {
  readonly #source: ClockSource;
  #zero: number;
  #wallZero: number;

  /** @param source Clocks to read. The trace begins now. */
  constructor(source: ClockSource = SYSTEM_CLOCK) {
    this.#source = source;
    this.#zero = source.now();
    this.#wallZero = source.wall();
  }

  /** @returns A reading, in milliseconds. */
  now(): number {
    return this.#source.now();
  }

  /** @returns Milliseconds since 1970. */
  wall(): number {
    return this.#source.wall();
  }

  /** Lets the trace begin anew, now. */
  restart(): void {
    this.#zero = this.#source.now();
    this.#wallZero = this.#source.wall();
  }

  /** When the trace began. */
  get beginAt(): TraceTime {
    return absoluteTime(this.#wallZero);
  }

  /**
   * @param reading A reading, or nothing.
   * @returns The time in the trace.
   */
  timeOf(reading: number | undefined): TraceTime {
    if (reading === undefined) return UNDEFINED_TIME;
    const ms = reading - this.#zero;
    return ms < 0 ? absoluteTime(this.#wallZero + ms) : relativeTime(ms);
  }
}
