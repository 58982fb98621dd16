import type { EventCollector, EventHandler } from "../event_collector.ts";
import type {
  NettraceEvent,
  NettraceHeader,
  NettraceMetadata,
} from "../nettrace/types.ts";
import { ProcessSpaces } from "../process_spaces.ts";
import { PROVIDER_NAME } from "../provider_name_table.ts";
/** A thread that a trace tells of. */
export interface TracedThread {
  /** Its process, where known. */
  readonly processId: number | undefined;
  /** Its id in the operating system, where known. */
  readonly threadId: number | undefined;
  /** Its name, or what the runtime uses it for; empty where unknown. */
  readonly name: string;
}

/** Bits of the flags in the runtime's thread events. */
const SPECIAL_FLAG = 1;
const FINALIZER_FLAG = 2;
const POOL_FLAG = 4;

const POOL = ".NET ThreadPool";
const FINALIZER = ".NET Finalizer";
const IO_POOL = ".NET IO ThreadPool";
const GC = ".NET GC";

/** Numbers threads and finds out what they are for. */
export class TracedThreads implements EventCollector {
  readonly #spaces = new ProcessSpaces();
  readonly #indexes: Map<number, number>[] = [];
  readonly #threadIds: number[] = [];
  readonly #processIds: (number | undefined)[] = [];
  readonly #names: string[] = [];
  /** What threads of the traced process are for, by thread id. */
  readonly #roles = new Map<number, string>();

  onHeader(header: NettraceHeader): void {
    this.#spaces.onHeader(header);
  }

  handlerOf(metadata: NettraceMetadata): EventHandler | undefined {
    const { providerName, eventId } = metadata;
    if (providerName === PROVIDER_NAME.rundown) {
      return eventId === 159 ? (event) => this.#addThread(event) : undefined;
    }
    if (providerName !== PROVIDER_NAME.runtime) return undefined;
    switch (eventId) {
      case 85:
        return (event) => this.#addThread(event);
      case 13:
      case 14:
        return (event) => this.#roles.set(event.threadId, FINALIZER);
      case 50:
      case 54:
      case 57:
        return (event) => this.#addRole(event.threadId, POOL);
      case 64:
        return (event) => this.#roles.set(event.threadId, IO_POOL);
      default:
        return undefined;
    }
  }

  /** Threads that were asked for. */
  get length(): number {
    return this.#threadIds.length;
  }

  /** @param event An event. @returns Index of the thread that it is about. */
  indexOf(event: NettraceEvent): number {
    const space = this.#spaces.of(event);
    const indexes = this.#indexes[space] ??= new Map();
    const { threadId } = event;
    let index = indexes.get(threadId);
    if (index === undefined) {
      index = this.#threadIds.length;
      indexes.set(threadId, index);
      this.#threadIds.push(threadId);
      this.#processIds.push(event.processId);
      this.#names.push(event.thread?.name ?? "");
    } else if (this.#names[index] === "" && event.thread?.name) {
      this.#names[index] = event.thread.name;
    }
    return index;
  }

  /** @param index A thread. @returns What is known of it, complete at the end of the stream. */
  get(index: number): TracedThread {
    const threadId = this.#threadIds[index]!;
    return {
      processId: this.#processIds[index],
      threadId: threadId < 0 ? undefined : threadId,
      name: this.#names[index] || (this.#roles.get(threadId) ?? ""),
    };
  }

  #addThread(event: NettraceEvent): void {
    const { view, payloadStart, payloadLength } = event;
    if (payloadLength < 28) return;
    const flags = view.getUint32(payloadStart + 16, true);
    const threadId = view.getUint32(payloadStart + 24, true);
    if ((flags & FINALIZER_FLAG) !== 0) this.#addRole(threadId, FINALIZER);
    else if ((flags & POOL_FLAG) !== 0) this.#addRole(threadId, POOL);
    else if ((flags & SPECIAL_FLAG) !== 0) this.#addRole(threadId, GC);
  }

  #addRole(threadId: number, role: string): void {
    if (!this.#roles.has(threadId)) this.#roles.set(threadId, role);
  }
}
