import type { ReportSection } from "../../base/report.ts";
import type { EventHandler } from "../event_collector.ts";
import { EventPayload } from "../event_payload.ts";
import type {
  NettraceEvent,
  NettraceHeader,
  NettraceMetadata,
} from "../nettrace/types.ts";
import {
  isAllocationKind,
  weighAllocation,
} from "../samples/allocation_samples.ts";
import type { ReportPart, ReportPartOptions } from "./report_part.ts";

/** Types that are kept apart. */
const MAX_TYPES = 100_000;
const SAMPLED_EVENT = 303;
const HEAPS = ["small objects", "large objects", "pinned objects"] as const;

interface TypeTally {
  events: number;
  bytes: number;
  objects: number;
}

/** Tells what was allocated, by type and heap, as far as samples tell. */
export class AllocationsPart implements ReportPart {
  readonly #payload = new EventPayload();
  readonly #ticks = new Tallies();
  readonly #sampled = new Tallies();
  #pointerSize: 4 | 8 = 8;

  onHeader(header: NettraceHeader): void {
    this.#pointerSize = header.pointerSize;
  }

  handlerOf(metadata: NettraceMetadata): EventHandler | undefined {
    if (!isAllocationKind(metadata)) return undefined;
    const tallies = metadata.eventId === SAMPLED_EVENT
      ? this.#sampled
      : this.#ticks;
    return (event: NettraceEvent) => {
      const weighed = weighAllocation(
        this.#payload,
        event,
        this.#pointerSize,
      );
      if (weighed === undefined) return;
      tallies.add(weighed.typeName, weighed.heap, {
        events: 1,
        bytes: weighed.bytes,
        objects: weighed.objects,
      });
    };
  }

  sections({ top, durationNs }: ReportPartOptions): ReportSection[] {
    // Both tell of the same allocations.
    const { types, heaps } = this.#sampled.types.size > 0
      ? this.#sampled
      : this.#ticks;
    if (types.size === 0) return [];
    const rows = [...types].toSorted((a, b) => b[1].bytes - a[1].bytes);
    const bytes = rows.reduce((sum, [, tally]) => sum + tally.bytes, 0);
    return [
      {
        type: "facts",
        key: "allocations",
        title: "Allocations",
        facts: [
          {
            key: "bytes",
            title: "allocated",
            unit: "bytes",
            value: round(bytes),
          },
          {
            key: "perSecond",
            title: "per second",
            unit: "bytes",
            value: durationNs > 0 ? round(bytes / durationNs * 1e9) : undefined,
          },
          ...Array.from(heaps, ([heap, tally]) => ({
            key: `heap${heap}`,
            title: `of them ${HEAPS[heap] ?? `heap ${heap}`}`,
            unit: "bytes" as const,
            value: round(tally.bytes),
          })),
        ],
      },
      {
        type: "table",
        key: "allocatedTypes",
        title: "Allocations by type, estimated from samples",
        columns: [
          { key: "bytes", title: "bytes", unit: "bytes" },
          { key: "share", title: "share", unit: "percent" },
          { key: "objects", title: "objects", unit: "count" },
          { key: "samples", title: "samples", unit: "count" },
          { key: "type", title: "type" },
        ],
        rows: rows.slice(0, top).map(([type, tally]) => [
          round(tally.bytes),
          bytes > 0 ? tally.bytes / bytes * 100 : 0,
          round(tally.objects),
          tally.events,
          type || "(unknown)",
        ]),
        omittedRows: Math.max(rows.length - top, 0),
      },
    ];
  }
}

/** Sums by type and by heap. */
class Tallies {
  readonly types = new Map<string, TypeTally>();
  readonly heaps = new Map<number, TypeTally>();

  add(type: string, heap: number, tally: TypeTally): void {
    const name = this.types.has(type) || this.types.size < MAX_TYPES
      ? type
      : "(others)";
    addTo(this.types, name, tally);
    addTo(this.heaps, heap, tally);
  }
}

function addTo<K>(map: Map<K, TypeTally>, key: K, tally: TypeTally): void {
  const sum = map.get(key);
  if (sum === undefined) {
    map.set(key, { ...tally });
    return;
  }
  sum.events += tally.events;
  sum.bytes += tally.bytes;
  sum.objects += tally.objects;
}

function round(value: number): number {
  return Math.round(value);
}
