import { DropCounter } from "./drop_counter.ts";
import { HEADER_BYTES } from "./message_decoder.ts";
import { setDropped } from "./message_encoder.ts";

/**
 * Merges the drop counters of several sessions that become one: each message
 * gets the running total over all of them.
 */
export class DropMerger {
  #total = 0;

  /**
   * Adds a session.
   *
   * @returns A function that takes its messages in order and gives copies with
   * the merged counter.
   */
  addSource(): (packet: Uint8Array) => Uint8Array<ArrayBuffer> {
    const drops = new DropCounter();
    return (packet) => {
      const copy = packet.slice();
      if (copy.length < HEADER_BYTES) return copy;
      const own = new DataView(copy.buffer).getUint32(4, true);
      this.#total += drops.add(own);
      setDropped(copy, this.#total);
      return copy;
    };
  }
}
