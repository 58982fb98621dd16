import type { ReportSection } from "../../base/report.ts";
import type { EventHandler } from "../event_collector.ts";
import { EventPayload } from "../event_payload.ts";
import { findClrEvent } from "../nettrace/clr_event_catalog.ts";
import { NettraceClock } from "../nettrace/nettrace_time.ts";
import { valueName } from "../nettrace/payload_reader.ts";
import type {
  NettraceEvent,
  NettraceHeader,
  NettraceMetadata,
} from "../nettrace/types.ts";
import { PROVIDER_NAME } from "../provider_name_table.ts";
import type { ReportPart, ReportPartOptions } from "./report_part.ts";

const SUSPENDED_FOR_GC = 1;
const SUSPENDED_FOR_GC_PREPARATION = 6;
const BACKGROUND = 1;
const INDUCED_REASONS = new Set([1, 7, 9, 10]);
/** Collections beyond this number count in the totals only. */
const MAX_COLLECTIONS = 1_000_000;

/** One garbage collection. */
export interface Collection {
  /** Its number in the process. */
  readonly number: number;
  readonly generation: number;
  readonly reason: number;
  /** 0 not concurrent, 1 background, 2 foreground. */
  readonly type: number;
  /** Start in ns since the sync point. */
  readonly startNs: number;
  /** End in ns since the sync point, `undefined` when the trace ends before. */
  endNs: number | undefined;
  /** Time in ns for which the program stood still. */
  pauseNs: number;
  /** Bytes that survived and were promoted. */
  promotedBytes: number;
  /** Bytes of the heap afterwards. */
  heapBytes: number;
}

/** A time in which the program stood still. */
export interface GcPause {
  readonly startNs: number;
  readonly endNs: number;
  readonly threadId: number;
  /** The collection that it was for, where known. */
  readonly collection: Collection | undefined;
}

/** Tells of garbage collections: how many, how long the program stood still, what the heap was. */
export class GcPart implements ReportPart {
  /** Collections in order of their start. */
  readonly collections: Collection[] = [];
  /** Pauses in order of their end. */
  readonly pauses: GcPause[] = [];
  readonly #payload = new EventPayload();
  readonly #running = new Map<number, Collection>();
  readonly #triggers = new Map<number, number>();
  #clock: NettraceClock | undefined;
  /** Since when each thread that suspended the program holds it. */
  readonly #suspended = new Map<number, number>();
  #inPause: Collection | undefined;
  #lastEnded: Collection | undefined;
  #heap: { readonly name: string; size: number; promoted: number }[] = [];
  #maxHeapBytes = 0;
  #handles = 0;
  #pinned = 0;
  #finalized = 0;

  onHeader(header: NettraceHeader): void {
    this.#clock = new NettraceClock(header);
  }

  handlerOf(metadata: NettraceMetadata): EventHandler | undefined {
    if (metadata.providerName !== PROVIDER_NAME.runtime) return undefined;
    switch (metadata.eventId) {
      case 1:
        return (event) => this.#onStart(event);
      case 2:
        return (event) => this.#onEnd(event);
      case 3:
        return (event) => this.#onRestarted(event);
      case 4:
        return (event) => this.#onHeapStats(event);
      case 9:
        return (event) => this.#onSuspend(event);
      case 13:
        return (event) => {
          this.#finalized += this.#payload.start(event).u32();
        };
      case 35:
        return (event) => {
          const reason = this.#payload.start(event).u32();
          this.#triggers.set(reason, (this.#triggers.get(reason) ?? 0) + 1);
        };
      default:
        return undefined;
    }
  }

  sections({ top, durationNs }: ReportPartOptions): ReportSection[] {
    const { collections, pauses } = this;
    if (collections.length === 0 && pauses.length === 0) return [];
    const lengths = pauses.map(({ startNs, endNs }) => endNs - startNs);
    const totalPause = lengths.reduce((sum, ns) => sum + ns, 0);
    const longest = collections.toSorted((a, b) =>
      b.pauseNs - a.pauseNs || a.number - b.number
    ).slice(0, top);
    return [
      {
        type: "facts",
        key: "gc",
        title: "Garbage collection",
        facts: [
          {
            key: "collections",
            title: "collections",
            unit: "count",
            value: collections.length,
          },
          {
            key: "induced",
            title: "asked for by the program",
            unit: "count",
            value:
              collections.filter(({ reason }) => INDUCED_REASONS.has(reason))
                .length,
          },
          {
            key: "pauses",
            title: "pauses",
            unit: "count",
            value: pauses.length,
          },
          {
            key: "pauseTime",
            title: "time in pauses",
            unit: "ns",
            value: totalPause,
          },
          {
            key: "pauseShare",
            title: "of the trace",
            unit: "percent",
            value: durationNs > 0 ? totalPause / durationNs * 100 : undefined,
          },
          {
            key: "longestPause",
            title: "longest pause",
            unit: "ns",
            value: lengths.length === 0
              ? undefined
              : lengths.reduce((a, b) => Math.max(a, b), 0),
          },
          {
            key: "largestHeap",
            title: "largest heap after a collection",
            unit: "bytes",
            value: this.#maxHeapBytes || undefined,
          },
          {
            key: "handles",
            title: "handles at the last collection",
            unit: "count",
            value: this.#heap.length === 0 ? undefined : this.#handles,
          },
          {
            key: "pinned",
            title: "pinned objects at the last collection",
            unit: "count",
            value: this.#heap.length === 0 ? undefined : this.#pinned,
          },
          {
            key: "finalized",
            title: "objects finalized",
            unit: "count",
            value: this.#finalized || undefined,
          },
        ],
      },
      this.#generations(),
      ...this.#reasons(),
      ...this.#heapNow(),
      {
        type: "table",
        key: "gcLongest",
        title: "Collections with the longest pauses",
        columns: [
          { key: "number", title: "number", unit: "count" },
          { key: "generation", title: "generation", unit: "count" },
          { key: "type", title: "type" },
          { key: "reason", title: "reason" },
          { key: "start", title: "start", unit: "ns" },
          { key: "duration", title: "duration", unit: "ns" },
          { key: "pause", title: "pause", unit: "ns" },
          { key: "promoted", title: "promoted", unit: "bytes" },
          { key: "heap", title: "heap after", unit: "bytes" },
        ],
        rows: longest.map((each) => [
          each.number,
          each.generation,
          gcTypeName(each.type),
          gcReasonName(each.reason),
          each.startNs,
          each.endNs === undefined ? undefined : each.endNs - each.startNs,
          each.pauseNs,
          each.promotedBytes,
          each.heapBytes,
        ]),
        omittedRows: collections.length - longest.length,
      },
    ];
  }

  #generations(): ReportSection {
    const kinds = Map.groupBy(
      this.collections,
      ({ generation, type }) => `${generation} ${type === BACKGROUND ? 1 : 0}`,
    );
    return {
      type: "table",
      key: "gcGenerations",
      title: "Collections by generation",
      columns: [
        { key: "generation", title: "generation" },
        { key: "count", title: "count", unit: "count" },
        { key: "pause", title: "pause", unit: "ns" },
        { key: "meanPause", title: "mean", unit: "ns" },
        { key: "maxPause", title: "longest", unit: "ns" },
        { key: "promoted", title: "promoted", unit: "bytes" },
      ],
      rows: [...kinds.keys()].toSorted().map((kind) => {
        const group = kinds.get(kind)!;
        const pause = group.reduce((sum, each) => sum + each.pauseNs, 0);
        const [generation, isBackground] = kind.split(" ");
        return [
          `${generation}${isBackground === "1" ? " background" : ""}`,
          group.length,
          pause,
          pause / group.length,
          group.reduce((max, each) => Math.max(max, each.pauseNs), 0),
          group.reduce((sum, each) => sum + each.promotedBytes, 0),
        ];
      }),
    };
  }

  #reasons(): ReportSection[] {
    const counts = new Map<number, number>();
    for (const { reason } of this.collections) {
      counts.set(reason, (counts.get(reason) ?? 0) + 1);
    }
    if (counts.size === 0) return [];
    return [{
      type: "table",
      key: "gcReasons",
      title: "Reasons of collections",
      columns: [
        { key: "reason", title: "reason" },
        { key: "count", title: "collections", unit: "count" },
        { key: "triggers", title: "triggers", unit: "count" },
      ],
      rows: [...counts].toSorted((a, b) => b[1] - a[1] || a[0] - b[0])
        .map(([reason, count]) => [
          gcReasonName(reason),
          count,
          this.#triggers.get(reason) ?? 0,
        ]),
    }];
  }

  #heapNow(): ReportSection[] {
    if (this.#heap.length === 0) return [];
    return [{
      type: "table",
      key: "gcHeap",
      title: "Heap after the last collection",
      columns: [
        { key: "generation", title: "generation" },
        { key: "size", title: "size", unit: "bytes" },
        { key: "promoted", title: "promoted", unit: "bytes" },
      ],
      rows: this.#heap.map(({ name, size, promoted }) => [
        name,
        size,
        promoted,
      ]),
    }];
  }

  #onStart(event: NettraceEvent): void {
    const payload = this.#payload.start(event);
    const number = payload.u32();
    const generation = event.version === 0 ? 0 : payload.u32();
    const reason = payload.u32();
    const type = event.version === 0 ? 0 : payload.u32();
    if (payload.isShort) return;
    const collection: Collection = {
      number,
      generation,
      reason,
      type,
      startNs: this.#clock!.ns(event.time),
      endNs: undefined,
      pauseNs: 0,
      promotedBytes: 0,
      heapBytes: 0,
    };
    this.#running.set(number, collection);
    this.#inPause = collection;
    if (this.collections.length < MAX_COLLECTIONS) {
      this.collections.push(collection);
    }
  }

  #onEnd(event: NettraceEvent): void {
    const number = this.#payload.start(event).u32();
    const collection = this.#running.get(number);
    if (collection === undefined) return;
    this.#running.delete(number);
    collection.endNs = this.#clock!.ns(event.time);
    this.#lastEnded = collection;
  }

  #onSuspend(event: NettraceEvent): void {
    const payload = this.#payload.start(event);
    const reason = event.version === 0 ? payload.u16() : payload.u32();
    if (
      payload.isShort || reason !== SUSPENDED_FOR_GC &&
        reason !== SUSPENDED_FOR_GC_PREPARATION
    ) return;
    this.#suspended.set(event.threadId, this.#clock!.ns(event.time));
    this.#inPause = undefined;
  }

  #onRestarted(event: NettraceEvent): void {
    const startNs = this.#suspended.get(event.threadId);
    if (startNs === undefined) return;
    this.#suspended.delete(event.threadId);
    const endNs = this.#clock!.ns(event.time);
    // Later pauses of a background collection have no start of their own.
    const collection = this.#inPause ??
      [...this.#running.values()].findLast(({ type }) => type === BACKGROUND);
    this.#inPause = undefined;
    if (collection !== undefined) collection.pauseNs += endNs - startNs;
    if (this.pauses.length < MAX_COLLECTIONS) {
      this.pauses.push({
        startNs,
        endNs,
        threadId: event.threadId,
        collection,
      });
    }
  }

  #onHeapStats(event: NettraceEvent): void {
    const payload = this.#payload.start(event);
    const heap = ["0", "1", "2", "large objects"].map((name) => ({
      name,
      size: payload.u64AsNumber(),
      promoted: payload.u64AsNumber(),
    }));
    payload.skip(16);
    const pinned = payload.u32();
    payload.skip(4);
    const handles = payload.u32();
    if (payload.isShort) return;
    if (event.version >= 2) {
      payload.skip(2);
      const size = payload.u64AsNumber();
      const promoted = payload.u64AsNumber();
      if (!payload.isShort) {
        heap.push({ name: "pinned objects", size, promoted });
      }
    }
    this.#heap = heap;
    this.#pinned = pinned;
    this.#handles = handles;
    const total = heap.reduce((sum, { size }) => sum + size, 0);
    this.#maxHeapBytes = Math.max(this.#maxHeapBytes, total);
    // The statistics come while the program still stands, before or behind the end of the collection.
    const collection = this.#inPause ?? this.#lastEnded;
    if (collection !== undefined) {
      collection.heapBytes = total;
      collection.promotedBytes = heap.reduce(
        (sum, { promoted }) => sum + promoted,
        0,
      );
    }
  }
}

/** @param reason Reason of a collection. @returns Its name. */
export function gcReasonName(reason: number): string {
  return mappedName("Reason", reason);
}

/** @param type Type of a collection. @returns Its name. */
export function gcTypeName(type: number): string {
  return mappedName("Type", type);
}

function mappedName(field: string, value: number): string {
  const map = findClrEvent(PROVIDER_NAME.runtime, 1, 2)?.fields
    .find(({ name }) => name === field)?.map;
  return map === undefined ? String(value) : valueName(map, value);
}
