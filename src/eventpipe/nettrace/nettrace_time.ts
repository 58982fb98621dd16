import { floorDiv, type UnixNs } from "../../base/time.ts";
import type { NettraceHeader } from "./types.ts";

const NS_PER_SECOND = 1_000_000_000n;
const UNITS_PER_SECOND = 10_000_000n;
/** Above this, ticks times a factor of up to 1e9 leave the exact numbers. */
const MAX_EXACT_PRODUCT = Number.MAX_SAFE_INTEGER;

/** Converts ticks since the sync tick of one stream. */
export class NettraceClock {
  readonly #header: NettraceHeader;
  readonly #frequency: number;
  /** Nanoseconds per tick, where that is an integer. */
  readonly #nsPerTick: number | undefined;

  /** @param header Header of the stream. */
  constructor(header: NettraceHeader) {
    const { frequency } = header;
    this.#header = header;
    this.#frequency = Number(frequency);
    this.#nsPerTick = NS_PER_SECOND % frequency === 0n
      ? Number(NS_PER_SECOND / frequency)
      : undefined;
  }

  /**
   * @param time Ticks since the sync tick.
   * @returns Nanoseconds since the sync tick, rounded down; exact below 2^53.
   */
  ns(time: number): number {
    const factor = this.#nsPerTick;
    if (factor !== undefined) {
      const ns = time * factor;
      if (Math.abs(ns) <= MAX_EXACT_PRODUCT) return ns;
    }
    return Number(this.exactNs(BigInt(time)));
  }

  /**
   * @param time Ticks since the sync tick.
   * @returns Nanoseconds since the sync tick, rounded down.
   */
  exactNs(time: bigint): bigint {
    return floorDiv(time * NS_PER_SECOND, this.#header.frequency);
  }

  /**
   * Gives the milliseconds that .NET's own tools show: earlier events count as
   * simultaneous with the sync tick.
   *
   * @param time Ticks since the sync tick.
   * @returns Milliseconds since the sync tick, 0 or more.
   */
  compatibleMs(time: number): number {
    return Math.max(time, 0) * 1000 / this.#frequency;
  }

  /**
   * Gives the nanoseconds of readers that count whole nanoseconds per tick, which
   * is up to some percent low for odd frequencies.
   *
   * @param time Ticks since the sync tick.
   * @returns Nanoseconds since the sync tick.
   */
  wholeTickNs(time: number): number {
    return time * Math.floor(1e9 / this.#frequency);
  }

  /**
   * @param time Ticks since the sync tick.
   * @returns Wall time, cut to 100 ns; `undefined` when the header has none.
   */
  unixNs(time: number): UnixNs | undefined {
    const { syncTime, frequency } = this.#header;
    if (syncTime === undefined) return undefined;
    const units = BigInt(time) * UNITS_PER_SECOND / frequency;
    return (syncTime + units * 100n) as UnixNs;
  }
}
