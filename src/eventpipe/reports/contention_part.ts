import type { ReportSection } from "../../base/report.ts";
import type { EventHandler } from "../event_collector.ts";
import { EventPayload } from "../event_payload.ts";
import { NettraceClock } from "../nettrace/nettrace_time.ts";
import type {
  NettraceEvent,
  NettraceHeader,
  NettraceMetadata,
} from "../nettrace/types.ts";
import { PROVIDER_NAME } from "../provider_name_table.ts";
import type { ReportPart, ReportPartOptions } from "./report_part.ts";

/** Locks that are kept apart. */
const MAX_LOCKS = 100_000;

interface LockTally {
  count: number;
  totalNs: number;
  longestNs: number;
  readonly threads: Set<number>;
}

/** Tells which locks threads waited for, how often and how long. */
export class ContentionPart implements ReportPart {
  readonly #payload = new EventPayload();
  readonly #waiting = new Map<number, { ns: number; lock: string }>();
  readonly #locks = new Map<string, LockTally>();
  #clock: NettraceClock | undefined;

  onHeader(header: NettraceHeader): void {
    this.#clock = new NettraceClock(header);
  }

  handlerOf(metadata: NettraceMetadata): EventHandler | undefined {
    if (metadata.providerName !== PROVIDER_NAME.runtime) return undefined;
    switch (metadata.eventId) {
      case 81:
        return (event) => this.#onStart(event);
      case 91:
        return (event) => this.#onStop(event);
      default:
        return undefined;
    }
  }

  sections({ top }: ReportPartOptions): ReportSection[] {
    const locks = [...this.#locks].toSorted((a, b) =>
      b[1].totalNs - a[1].totalNs
    );
    const tallies = locks.map(([, tally]) => tally);
    const count = tallies.reduce((sum, tally) => sum + tally.count, 0);
    if (count === 0 && this.#waiting.size === 0) return [];
    return [
      {
        type: "facts",
        key: "contention",
        title: "Waits for locks",
        facts: [
          { key: "count", title: "waits", unit: "count", value: count },
          {
            key: "time",
            title: "time waited, over all threads",
            unit: "ns",
            value: tallies.reduce((sum, tally) => sum + tally.totalNs, 0),
          },
          {
            key: "longest",
            title: "longest wait",
            unit: "ns",
            value: tallies.reduce(
              (max, tally) => Math.max(max, tally.longestNs),
              0,
            ),
          },
          {
            key: "notEnded",
            title: "waits without end",
            unit: "count",
            value: this.#waiting.size || undefined,
          },
        ],
      },
      {
        type: "table",
        key: "locks",
        title: "Waits by lock",
        columns: [
          { key: "lock", title: "lock" },
          { key: "count", title: "waits", unit: "count" },
          { key: "threads", title: "threads", unit: "count" },
          { key: "time", title: "time", unit: "ns" },
          { key: "mean", title: "mean", unit: "ns" },
          { key: "longest", title: "longest", unit: "ns" },
        ],
        rows: locks.slice(0, top).map(([lock, tally]) => [
          lock,
          tally.count,
          tally.threads.size,
          tally.totalNs,
          tally.totalNs / tally.count,
          tally.longestNs,
        ]),
        omittedRows: Math.max(locks.length - top, 0),
      },
    ];
  }

  #onStart(event: NettraceEvent): void {
    const payload = this.#payload.start(event);
    const isNative = payload.u8() === 1;
    payload.skip(2);
    const lock = event.version >= 2 ? payload.u64() : 0n;
    const name = lock !== 0n
      ? `0x${lock.toString(16)}`
      : isNative
      ? "native"
      : "managed";
    this.#waiting.set(event.threadId, {
      ns: this.#clock!.ns(event.time),
      lock: name,
    });
  }

  #onStop({ threadId, time }: NettraceEvent): void {
    const wait = this.#waiting.get(threadId);
    if (wait === undefined) return;
    this.#waiting.delete(threadId);
    const ns = Math.max(this.#clock!.ns(time) - wait.ns, 0);
    const name = this.#locks.has(wait.lock) || this.#locks.size < MAX_LOCKS
      ? wait.lock
      : "others";
    let tally = this.#locks.get(name);
    if (tally === undefined) {
      tally = { count: 0, totalNs: 0, longestNs: 0, threads: new Set() };
      this.#locks.set(name, tally);
    }
    tally.count++;
    tally.totalNs += ns;
    tally.longestNs = Math.max(tally.longestNs, ns);
    tally.threads.add(threadId);
  }
}
