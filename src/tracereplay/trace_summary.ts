import { architectureOf } from "./architecture.ts";
import { DropCounter } from "./drop_counter.ts";
import { containerIdOf, timeNsOf } from "./event_fields.ts";
import type { Architecture, TraceEvent } from "./types.ts";

/** Containers of which a {@linkcode TraceSummary} counts the events one by one. */
const MAX_CONTAINERS = 10_000;

/** The largest message of a trace. */
export interface LargestMessage {
  /** Its position. */
  readonly seq: number;
  /** Its size in bytes, header included. */
  readonly sizeBytes: number;
}

/**
 * Counts what is in one file or connection. Memory does not grow with the
 * number of events.
 */
export class TraceSummary {
  readonly #drops = new DropCounter();
  readonly #types = new Map<string, number>();
  readonly #containers = new Map<string, number>();
  readonly #architectures = new Map<Architecture, number>();
  #messages = 0;
  #bytes = 0;
  #malformed = 0;
  #undecodable = 0;
  #unknownTypes = 0;
  #unknownFields = 0;
  #warnings = 0;
  #firstTimeNs: bigint | undefined;
  #lastTimeNs: bigint | undefined;
  #largest: LargestMessage | undefined;

  /** Number of messages of any kind. */
  get messages(): number {
    return this.#messages;
  }

  /** Sum of their sizes, headers included. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Messages without a usable header. */
  get malformed(): number {
    return this.#malformed;
  }

  /** Messages of a known type with a damaged payload. */
  get undecodable(): number {
    return this.#undecodable;
  }

  /** Messages of a type that this version does not know. */
  get unknownTypes(): number {
    return this.#unknownTypes;
  }

  /** Fields that this version does not know. */
  get unknownFields(): number {
    return this.#unknownFields;
  }

  /** Messages with a warning, such as text that is not UTF-8. */
  get warnings(): number {
    return this.#warnings;
  }

  /** Events that the sandbox failed to send. */
  get dropped(): number {
    return this.#drops.total;
  }

  /** How often the drop counter went back. */
  get dropResets(): number {
    return this.#drops.resets;
  }

  /** Number of messages by name of the type. */
  get types(): ReadonlyMap<string, number> {
    return this.#types;
  }

  /** Number of messages by container, for the first 10,000 containers. */
  get containers(): ReadonlyMap<string, number> {
    return this.#containers;
  }

  /** First time in Unix ns, where collected. */
  get firstTimeNs(): bigint | undefined {
    return this.#firstTimeNs;
  }

  /** Last time in Unix ns, where collected. */
  get lastTimeNs(): bigint | undefined {
    return this.#lastTimeNs;
  }

  /** The largest message. */
  get largest(): LargestMessage | undefined {
    return this.#largest;
  }

  /** The architecture; `undefined` when no event decides it or they disagree. */
  get architecture(): Architecture | undefined {
    const [only, ...others] = this.#architectures.keys();
    return others.length === 0 ? only : undefined;
  }

  /** Whether there are events of both architectures, as in a forwarded stream. */
  get isMixed(): boolean {
    return this.#architectures.size > 1;
  }

  /** @param event The next event, in order. */
  add(event: TraceEvent): void {
    this.#messages++;
    const sizeBytes = event.raw.length;
    this.#bytes += sizeBytes;
    if (this.#largest === undefined || sizeBytes > this.#largest.sizeBytes) {
      this.#largest = { seq: event.seq, sizeBytes };
    }
    if (event.type === "malformed") {
      this.#malformed++;
      return;
    }
    count(this.#types, event.typeName);
    this.#drops.add(event.dropped);
    if (event.type === "opaque") {
      if (event.error === undefined) this.#unknownTypes++;
      else this.#undecodable++;
      return;
    }
    this.#unknownFields += event.unknownFieldCount;
    if (event.warnings.length > 0) this.#warnings++;
    const container = containerIdOf(event);
    if (
      container !== undefined &&
      (this.#containers.size < MAX_CONTAINERS ||
        this.#containers.has(container))
    ) count(this.#containers, container);
    const architecture = architectureOf(event);
    if (architecture !== undefined) count(this.#architectures, architecture);
    this.#addTime(timeNsOf(event));
  }

  #addTime(timeNs: bigint | undefined): void {
    if (timeNs === undefined) return;
    if (this.#firstTimeNs === undefined || timeNs < this.#firstTimeNs) {
      this.#firstTimeNs = timeNs;
    }
    if (this.#lastTimeNs === undefined || timeNs > this.#lastTimeNs) {
      this.#lastTimeNs = timeNs;
    }
  }
}

function count<K>(counts: Map<K, number>, key: K): void {
  counts.set(key, (counts.get(key) ?? 0) + 1);
}
