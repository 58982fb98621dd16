import { DropMerger } from "./drop_merger.ts";
import { makeRecordBatch } from "./record_batch.ts";
import type { TraceSender } from "./trace_sender.ts";

/**
 * Merges several sessions into one stream. Drop counters are replaced by the
 * running total of all sessions, since a stream has one counter.
 */
export class MergedSender implements AsyncDisposable {
  readonly #target: Promise<TraceSender>;
  readonly #drops = new DropMerger();
  #last: Promise<void> = Promise.resolve();

  /** @param target Where the stream goes. */
  constructor(target: Promise<TraceSender>) {
    this.#target = target;
    // Reported by whoever sends.
    target.catch(() => {});
  }

  /** @returns Where one further session goes. */
  addSource(): TraceSender {
    const merge = this.#drops.addSource();
    const send = (packets: readonly Uint8Array<ArrayBuffer>[]) =>
      this.#send(packets.map(merge));
    return {
      name: "merged sessions",
      trySend: () => false,
      send: (packet) => send([packet]),
      sendRecords: (batch) => send([...batch]),
      flush: () => Promise.resolve(),
      close: () => Promise.resolve(),
      [Symbol.asyncDispose]: () => Promise.resolve(),
    };
  }

  /** Sends what is left and closes the stream. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#last.catch(() => {});
    const target = await this.#target.catch(() => undefined);
    await target?.close();
  }

  /** Batches of different sessions follow each other. */
  #send(packets: readonly Uint8Array<ArrayBuffer>[]): Promise<void> {
    const batch = makeRecordBatch(packets);
    const sent = this.#last.then(async () => {
      await (await this.#target).sendRecords(batch);
    });
    this.#last = sent.catch(() => {});
    return sent;
  }
}
