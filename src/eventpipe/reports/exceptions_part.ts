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

/** Distinct types and messages that are kept apart. */
const MAX_KINDS = 10_000;
const NS_PER_SECOND = 1e9;

interface ExceptionTally {
  readonly type: string;
  readonly message: string;
  count: number;
  readonly firstNs: number;
  lastNs: number;
}

/** Tells which exceptions were thrown, how often, with which messages. */
export class ExceptionsPart implements ReportPart {
  readonly #payload = new EventPayload();
  readonly #kinds = new Map<string, ExceptionTally>();
  #count = 0;
  #beyond = 0;
  #clock: NettraceClock | undefined;

  onHeader(header: NettraceHeader): void {
    this.#clock = new NettraceClock(header);
  }

  handlerOf(metadata: NettraceMetadata): EventHandler | undefined {
    return metadata.providerName === PROVIDER_NAME.runtime &&
        metadata.eventId === 80
      ? (event) => this.#onThrown(event)
      : undefined;
  }

  sections({ top, durationNs }: ReportPartOptions): ReportSection[] {
    if (this.#count === 0) return [];
    const kinds = [...this.#kinds.values()].toSorted((a, b) =>
      b.count - a.count || a.firstNs - b.firstNs
    );
    const types = new Map<string, number>();
    for (const { type, count } of kinds) {
      types.set(type, (types.get(type) ?? 0) + count);
    }
    return [
      {
        type: "facts",
        key: "exceptions",
        title: "Exceptions",
        facts: [
          { key: "count", title: "thrown", unit: "count", value: this.#count },
          {
            key: "perSecond",
            title: "per second",
            value: durationNs > 0
              ? Number(
                (this.#count / durationNs * NS_PER_SECOND).toPrecision(3),
              )
              : undefined,
          },
          { key: "types", title: "types", unit: "count", value: types.size },
          {
            key: "notListed",
            title: "beyond the kinds that are kept apart",
            unit: "count",
            value: this.#beyond || undefined,
          },
        ],
      },
      {
        type: "table",
        key: "exceptionTypes",
        title: "Exceptions by type",
        columns: [
          { key: "type", title: "type" },
          { key: "count", title: "count", unit: "count" },
          { key: "share", title: "share", unit: "percent" },
        ],
        rows: [...types].toSorted((a, b) => b[1] - a[1]).slice(0, top)
          .map(([type, count]) => [type, count, count / this.#count * 100]),
        omittedRows: Math.max(types.size - top, 0),
      },
      {
        type: "table",
        key: "exceptionMessages",
        title: "Exceptions by message",
        columns: [
          { key: "count", title: "count", unit: "count" },
          { key: "first", title: "first", unit: "ns" },
          { key: "last", title: "last", unit: "ns" },
          { key: "type", title: "type" },
          { key: "message", title: "message" },
        ],
        rows: kinds.slice(0, top).map((each) => [
          each.count,
          each.firstNs,
          each.lastNs,
          each.type,
          each.message,
        ]),
        omittedRows: Math.max(kinds.length - top, 0),
      },
    ];
  }

  #onThrown(event: NettraceEvent): void {
    this.#count++;
    const payload = this.#payload.start(event);
    const type = payload.utf16z();
    const message = payload.utf16z();
    const key = `${type}\0${message}`;
    const ns = this.#clock!.ns(event.time);
    const known = this.#kinds.get(key);
    if (known !== undefined) {
      known.count++;
      known.lastNs = ns;
    } else if (this.#kinds.size < MAX_KINDS) {
      this.#kinds.set(key, {
        type,
        message,
        count: 1,
        firstNs: ns,
        lastNs: ns,
      });
    } else {
      this.#beyond++;
    }
  }
}
