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

const STARVATION = 6;
/** Missing in the tables of the runtime: added later. */
const COOPERATIVE_BLOCKING = 8;
const MAX_ADJUSTMENTS = 100_000;

interface Adjustment {
  readonly ns: number;
  readonly workers: number;
  readonly reason: number;
  readonly throughput: number;
}

/** Tells how the thread pool grew and shrank, and whether it starved. */
export class ThreadPoolPart implements ReportPart {
  readonly #payload = new EventPayload();
  readonly #adjustments: Adjustment[] = [];
  readonly #reasons = new Map<number, number>();
  #clock: NettraceClock | undefined;
  #mostActive = 0;
  #starts = 0;
  #stops = 0;
  #samples = 0;
  #enqueued = 0;
  #dequeued = 0;
  #limits: readonly number[] | undefined;

  onHeader(header: NettraceHeader): void {
    this.#clock = new NettraceClock(header);
  }

  handlerOf(metadata: NettraceMetadata): EventHandler | undefined {
    if (metadata.providerName !== PROVIDER_NAME.runtime) return undefined;
    switch (metadata.eventId) {
      case 50:
        return (event) => {
          this.#starts++;
          this.#noteActive(event);
        };
      case 51:
        return (event) => {
          this.#stops++;
          this.#noteActive(event);
        };
      case 57:
        return (event) => this.#noteActive(event);
      case 54:
        return () => {
          this.#samples++;
        };
      case 55:
        return (event) => this.#onAdjustment(event);
      case 59:
        return (event) => {
          const payload = this.#payload.start(event);
          const limits = [
            payload.u16(),
            payload.u16(),
            payload.u16(),
            payload.u16(),
          ];
          if (!payload.isShort) this.#limits = limits;
        };
      case 61:
        return () => {
          this.#enqueued++;
        };
      case 62:
        return () => {
          this.#dequeued++;
        };
      default:
        return undefined;
    }
  }

  sections({ top }: ReportPartOptions): ReportSection[] {
    const adjusted = [...this.#reasons.values()].reduce((a, b) => a + b, 0);
    if (
      this.#starts + this.#samples + adjusted + this.#enqueued +
          this.#dequeued === 0
    ) return [];
    const [minWorkers, maxWorkers] = this.#limits ?? [];
    const starved = this.#reasons.get(STARVATION) ?? 0;
    const sections: ReportSection[] = [{
      type: "facts",
      key: "threadPool",
      title: "Thread pool",
      facts: [
        {
          key: "started",
          title: "workers started",
          unit: "count",
          value: this.#starts,
        },
        {
          key: "stopped",
          title: "workers stopped",
          unit: "count",
          value: this.#stops,
        },
        {
          key: "mostActive",
          title: "most workers at one time",
          unit: "count",
          value: this.#mostActive,
        },
        {
          key: "minWorkers",
          title: "configured minimum",
          unit: "count",
          value: minWorkers,
        },
        {
          key: "maxWorkers",
          title: "configured maximum",
          unit: "count",
          value: maxWorkers,
        },
        {
          key: "adjustments",
          title: "adjustments",
          unit: "count",
          value: adjusted,
        },
        {
          key: "starvation",
          title: "of them because work waited too long (starvation)",
          unit: "count",
          value: starved,
        },
        {
          key: "enqueued",
          title: "work items queued",
          unit: "count",
          value: this.#enqueued || undefined,
        },
        {
          key: "dequeued",
          title: "work items begun",
          unit: "count",
          value: this.#dequeued || undefined,
        },
      ],
    }];
    if (this.#adjustments.length > 0) {
      sections.push({
        type: "table",
        key: "threadPoolAdjustments",
        title: "Adjustments of the thread pool",
        columns: [
          { key: "time", title: "at", unit: "ns" },
          { key: "workers", title: "workers", unit: "count" },
          { key: "reason", title: "reason" },
          { key: "throughput", title: "items per second" },
        ],
        rows: this.#adjustments.slice(0, top).map((each) => [
          each.ns,
          each.workers,
          reasonName(each.reason),
          Number(each.throughput.toPrecision(4)),
        ]),
        omittedRows: Math.max(adjusted - top, 0),
      });
    }
    return sections;
  }

  #noteActive(event: NettraceEvent): void {
    const active = this.#payload.start(event).u32();
    if (active > this.#mostActive) this.#mostActive = active;
  }

  #onAdjustment(event: NettraceEvent): void {
    const payload = this.#payload.start(event);
    const throughput = payload.f64();
    const workers = payload.u32();
    const reason = payload.u32();
    if (payload.isShort) return;
    this.#reasons.set(reason, (this.#reasons.get(reason) ?? 0) + 1);
    if (this.#adjustments.length < MAX_ADJUSTMENTS) {
      this.#adjustments.push({
        ns: this.#clock!.ns(event.time),
        workers,
        reason,
        throughput,
      });
    }
  }
}

function reasonName(reason: number): string {
  if (reason === COOPERATIVE_BLOCKING) return "CooperativeBlocking";
  const map = findClrEvent(PROVIDER_NAME.runtime, 55, 0)?.fields
    .find(({ name }) => name === "Reason")?.map;
  return map === undefined ? String(reason) : valueName(map, reason);
}
