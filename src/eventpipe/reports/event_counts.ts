import type { ReportSection } from "../../base/report.ts";
import type { EventHandler } from "../event_collector.ts";
import { displayName } from "../nettrace/display_name.ts";
import { NettraceClock } from "../nettrace/nettrace_time.ts";
import type { NettraceHeader, NettraceMetadata } from "../nettrace/types.ts";
import type { ReportPart, ReportPartOptions } from "./report_part.ts";

/** How often a kind of event occurs. */
export interface EventCount {
  readonly provider: string;
  readonly id: number;
  readonly name: string;
  readonly version: number;
  readonly count: number;
  /** Bytes of the payloads. */
  readonly bytes: number;
}

interface Tally {
  readonly metadata: NettraceMetadata;
  count: number;
  bytes: number;
}

/** Counts the events of a trace by provider and kind. */
export class EventCounts implements ReportPart {
  readonly #tallies: Tally[] = [];
  #first = Infinity;
  #last = -Infinity;
  #clock: NettraceClock | undefined;

  onHeader(header: NettraceHeader): void {
    this.#clock = new NettraceClock(header);
  }

  handlerOf(metadata: NettraceMetadata): EventHandler {
    const tally: Tally = { metadata, count: 0, bytes: 0 };
    this.#tallies.push(tally);
    return (event) => {
      tally.count++;
      tally.bytes += event.payloadLength;
      const { time } = event;
      if (time < this.#first) this.#first = time;
      if (time > this.#last) this.#last = time;
    };
  }

  /** Time of the earliest event in ns since the sync point, `undefined` without events. */
  get firstNs(): number | undefined {
    return this.#clock === undefined || this.#first === Infinity
      ? undefined
      : this.#clock.ns(this.#first);
  }

  /** Time of the latest event in ns since the sync point, `undefined` without events. */
  get lastNs(): number | undefined {
    return this.#clock === undefined || this.#first === Infinity
      ? undefined
      : this.#clock.ns(this.#last);
  }

  /** Counts of all kinds that occur, the most frequent first. */
  counts(): EventCount[] {
    const byKind = new Map<string, EventCount>();
    for (const { metadata, count, bytes } of this.#tallies) {
      if (count === 0) continue;
      const { providerName, eventId, version } = metadata;
      const name = displayName(metadata);
      const key = JSON.stringify([providerName, eventId, version, name]);
      const known = byKind.get(key);
      byKind.set(key, {
        provider: providerName,
        id: eventId,
        name,
        version,
        count: count + (known?.count ?? 0),
        bytes: bytes + (known?.bytes ?? 0),
      });
    }
    return [...byKind.values()].toSorted((a, b) =>
      b.count - a.count || compare(a.provider, b.provider) ||
      a.id - b.id || a.version - b.version
    );
  }

  sections({ top }: ReportPartOptions): ReportSection[] {
    const counts = this.counts();
    if (counts.length === 0) return [];
    const total = counts.reduce((sum, { count }) => sum + count, 0);
    const totalBytes = counts.reduce((sum, { bytes }) => sum + bytes, 0);
    const providers = new Map<string, { count: number; bytes: number }>();
    for (const { provider, count, bytes } of counts) {
      const sum = providers.get(provider) ?? { count: 0, bytes: 0 };
      sum.count += count;
      sum.bytes += bytes;
      providers.set(provider, sum);
    }
    return [
      {
        type: "table",
        key: "providers",
        title: "Providers",
        columns: [
          { key: "provider", title: "provider" },
          { key: "events", title: "events", unit: "count" },
          { key: "bytes", title: "payload", unit: "bytes" },
          { key: "share", title: "of payload", unit: "percent" },
        ],
        rows: Array.from(providers, ([provider, sum]) => [
          provider,
          sum.count,
          sum.bytes,
          percent(sum.bytes, totalBytes),
        ]),
      },
      {
        type: "table",
        key: "events",
        title: "Events",
        columns: [
          { key: "provider", title: "provider" },
          { key: "id", title: "id", unit: "count" },
          { key: "name", title: "event" },
          { key: "version", title: "version", unit: "count" },
          { key: "count", title: "count", unit: "count" },
          { key: "share", title: "of events", unit: "percent" },
          { key: "bytes", title: "payload", unit: "bytes" },
        ],
        rows: counts.slice(0, top).map((each) => [
          each.provider,
          each.id,
          each.name,
          each.version,
          each.count,
          percent(each.count, total),
          each.bytes,
        ]),
        omittedRows: Math.max(counts.length - top, 0),
      },
    ];
  }
}

function percent(part: number, whole: number): number {
  return whole === 0 ? 0 : part / whole * 100;
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
