import type { ReportSection } from "../../base/report.ts";
import { NettraceClock } from "../nettrace/nettrace_time.ts";
import type { NettraceHeader, NettraceLoss } from "../nettrace/types.ts";
import type { ReportPart, ReportPartOptions } from "./report_part.ts";

const MAX_LOSSES = 10_000;

/** Tells which events the runtime dropped because its buffer was full, and when: such holes are no idle time. */
export class LossesPart implements ReportPart {
  readonly #losses: NettraceLoss[] = [];
  #total = 0;
  #clock: NettraceClock | undefined;

  onHeader(header: NettraceHeader): void {
    this.#clock = new NettraceClock(header);
  }

  handlerOf(): undefined {}

  onLoss(loss: NettraceLoss): void {
    this.#total += loss.count;
    if (this.#losses.length < MAX_LOSSES) this.#losses.push(loss);
  }

  /** Events that were dropped. */
  get total(): number {
    return this.#total;
  }

  sections({ top }: ReportPartOptions): ReportSection[] {
    if (this.#total === 0) return [];
    const ns = (time: number | undefined) =>
      time === undefined ? undefined : this.#clock!.ns(time);
    const losses = this.#losses.toSorted((a, b) => b.count - a.count);
    return [{
      type: "table",
      key: "lostEvents",
      title:
        `Lost events: ${this.#total}, because the runtime's buffer was full`,
      columns: [
        { key: "count", title: "count", unit: "count" },
        { key: "thread", title: "thread" },
        { key: "from", title: "from", unit: "ns" },
        { key: "to", title: "to", unit: "ns" },
        { key: "cause", title: "seen at" },
      ],
      rows: losses.slice(0, top).map((loss) => [
        loss.count,
        loss.captureThreadId < 0 ? undefined : String(loss.captureThreadId),
        ns(loss.afterTime),
        ns(loss.beforeTime),
        CAUSES[loss.cause],
      ]),
      omittedRows: Math.max(losses.length - top, 0),
    }];
  }
}

const CAUSES: Readonly<Record<NettraceLoss["cause"], string>> = {
  event: "a later event",
  sequencePoint: "a sequence point",
  removeThread: "the end of the thread",
};
