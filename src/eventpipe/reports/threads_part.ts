import type { ReportSection } from "../../base/report.ts";
import type { EventHandler } from "../event_collector.ts";
import { NettraceClock } from "../nettrace/nettrace_time.ts";
import type {
  NettraceEvent,
  NettraceHeader,
  NettraceMetadata,
} from "../nettrace/types.ts";
import { PROVIDER_NAME } from "../provider_name_table.ts";
import { TracedThreads } from "../samples/traced_threads.ts";
import type { ReportPart, ReportPartOptions } from "./report_part.ts";

interface ThreadTally {
  events: number;
  samples: number;
  managedSamples: number;
  first: number;
  last: number;
}

const MANAGED = 2;

/** Tells which threads events are about. */
export class ThreadsPart implements ReportPart {
  readonly #threads = new TracedThreads();
  readonly #tallies: ThreadTally[] = [];
  #clock: NettraceClock | undefined;

  onHeader(header: NettraceHeader): void {
    this.#clock = new NettraceClock(header);
    this.#threads.onHeader(header);
  }

  handlerOf(metadata: NettraceMetadata): EventHandler {
    const note = this.#threads.handlerOf(metadata);
    const isSample = metadata.providerName === PROVIDER_NAME.sampleProfiler;
    return (event) => {
      note?.(event);
      const tally = this.#tallyOf(event);
      tally.events++;
      if (event.time < tally.first) tally.first = event.time;
      if (event.time > tally.last) tally.last = event.time;
      if (!isSample) return;
      tally.samples++;
      if (
        event.payloadLength >= 4 &&
        event.view.getInt32(event.payloadStart, true) === MANAGED
      ) tally.managedSamples++;
    };
  }

  sections({ top }: ReportPartOptions): ReportSection[] {
    const rows = this.#tallies.map((tally, index) => ({
      tally,
      thread: this.#threads.get(index),
    })).toSorted((a, b) =>
      b.tally.samples - a.tally.samples || b.tally.events - a.tally.events
    );
    if (rows.length === 0) return [];
    return [{
      type: "table",
      key: "threads",
      title: "Threads",
      columns: [
        { key: "processId", title: "process" },
        { key: "threadId", title: "thread" },
        { key: "name", title: "name" },
        { key: "events", title: "events", unit: "count" },
        { key: "samples", title: "samples", unit: "count" },
        { key: "managed", title: "managed", unit: "percent" },
        { key: "first", title: "first", unit: "ns" },
        { key: "last", title: "last", unit: "ns" },
      ],
      rows: rows.slice(0, top).map(({ tally, thread }) => [
        text(thread.processId),
        text(thread.threadId),
        thread.name,
        tally.events,
        tally.samples,
        tally.samples === 0
          ? undefined
          : tally.managedSamples / tally.samples * 100,
        this.#clock!.ns(tally.first),
        this.#clock!.ns(tally.last),
      ]),
      omittedRows: Math.max(rows.length - top, 0),
    }];
  }

  #tallyOf(event: NettraceEvent): ThreadTally {
    return this.#tallies[this.#threads.indexOf(event)] ??= {
      events: 0,
      samples: 0,
      managedSamples: 0,
      first: Infinity,
      last: -Infinity,
    };
  }
}

function text(id: number | undefined): string | undefined {
  return id === undefined ? undefined : String(id);
}
