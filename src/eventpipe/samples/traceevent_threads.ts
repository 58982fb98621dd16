import type { EventCollector, EventHandler } from "../event_collector.ts";
import type { NettraceEvent, NettraceMetadata } from "../nettrace/types.ts";
import { PROVIDER_NAME } from "../provider_name_table.ts";

const MARK_HANDLES = 2;

/** Labels threads as TraceEvent does: by the events that they write. */
export class TraceEventThreads implements EventCollector {
  readonly #labels = new Map<number, string>();
  /** Threads that marked handles during the first collections, and their heaps. */
  readonly #markThreads = new Map<number, number>();
  #isLooking = false;
  #isServer = false;

  handlerOf(metadata: NettraceMetadata): EventHandler | undefined {
    const { providerName, eventId } = metadata;
    if (providerName === PROVIDER_NAME.runtime) {
      switch (eventId) {
        case 1:
          return () => {
            if (this.#markThreads.size === 0) this.#isLooking = true;
          };
        case 2:
          return () => this.#onCollectionEnd();
        case 13:
        case 14:
          return (event) => this.#add(event, ".NET Finalizer Thread");
        case 54:
          return (event) => this.#add(event, ".NET ThreadPool");
        case 64:
          return ({ threadId }) =>
            this.#labels.set(threadId, ".NET IO ThreadPool Worker");
        case 202:
          return (event) => this.#onMark(event);
      }
    } else if (providerName === PROVIDER_NAME.framework) {
      // Work items taken from the pool, and the receipt of a transfer.
      if (eventId === 31 || eventId === 151) {
        return (event) => this.#add(event, ".NET ThreadPool Worker");
      }
    }
    return undefined;
  }

  /** @param threadId A thread. @returns Its name with the label that it has at the end. */
  nameOf(threadId: number): string {
    const label = this.#labels.get(threadId);
    // The reader of these traces keeps 32 bits of a thread's id, signed.
    const name = `Thread (${threadId | 0})`;
    return label === undefined ? name : `${name} (${label})`;
  }

  #add({ threadId }: NettraceEvent, label: string): void {
    if (!this.#labels.has(threadId)) this.#labels.set(threadId, label);
  }

  #onMark({ view, payloadStart, payloadLength, threadId }: NettraceEvent) {
    if (payloadLength < 10 || !this.#isLooking) return;
    if (view.getUint32(payloadStart + 6, true) !== MARK_HANDLES) return;
    if (this.#labels.has(threadId)) return;
    this.#markThreads.set(threadId, view.getUint32(payloadStart, true));
  }

  #onCollectionEnd(): void {
    if (this.#markThreads.size > 0) this.#isLooking = false;
    if (this.#isServer || this.#markThreads.size < 2) return;
    this.#isServer = true;
    for (const [threadId, heap] of this.#markThreads) {
      if (!this.#labels.has(threadId)) {
        this.#labels.set(threadId, `.NET Server GC Thread(${heap})`);
      }
    }
  }
}
