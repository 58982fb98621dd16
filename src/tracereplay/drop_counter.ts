/**
 * Adds up the events that the sink of one connection failed to send. The
 * counter in a message is a running total of 32 bits, which wraps around; one
 * that goes back by less than a wrap would is a writer that started anew.
 *
 * @example A counter that wraps around
 * ```ts
 * import { DropCounter } from "../../src/tracereplay/drop_counter.ts";
 * import { assertEquals } from "@std/assert";
 *
 * const counter = new DropCounter();
 * for (const dropped of [0, 3, 2, 0xffff_ffff]) counter.add(dropped);
 * assertEquals([counter.total, counter.resets], [3, 2]);
 * ```
 */
export class DropCounter {
  #last = 0;
  #total = 0;
  #resets = 0;

  /** Events that were lost. */
  get total(): number {
    return this.#total;
  }

  /** How often the counter went back. */
  get resets(): number {
    return this.#resets;
  }

  /**
   * Takes the counter of the next message.
   *
   * @param dropped As of the header, from 0 to 2^32 - 1.
   * @returns Events lost since the message before.
   */
  add(dropped: number): number {
    const delta = (dropped - this.#last) >>> 0;
    this.#last = dropped;
    if (delta >= 2 ** 31) {
      this.#resets++;
      return 0;
    }
    this.#total += delta;
    return delta;
  }
}
