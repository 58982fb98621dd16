import { DecodeStats } from "../../base/decode_stats.ts";
import type { ReportSection } from "../../base/report.ts";
import type { EventHandler } from "../event_collector.ts";
import { HeapCollector } from "../gcdump/heap_collector.ts";
import { heapReport } from "../gcdump/heap_report.ts";
import type { NettraceHeader, NettraceMetadata } from "../nettrace/types.ts";
import type { ReportPart, ReportPartOptions } from "./report_part.ts";

/** Tells what was on the heap when the runtime listed its objects. */
export class HeapPart implements ReportPart {
  readonly #heap = new HeapCollector();

  onHeader(header: NettraceHeader): void {
    this.#heap.onHeader(header);
  }

  handlerOf(metadata: NettraceMetadata): EventHandler | undefined {
    return this.#heap.handlerOf(metadata);
  }

  sections({ top }: ReportPartOptions): ReportSection[] {
    const stats = new DecodeStats();
    const dump = this.#heap.finish(stats);
    if (dump === undefined) return [];
    const missing = stats.entries().filter(({ severity }) =>
      severity === "data_loss"
    );
    const warnings: ReportSection[] = missing.length === 0 ? [] : [{
      type: "text",
      key: "heapLosses",
      title: "The heap dump is not complete",
      lines: missing.map(({ count, firstDetail, name }) =>
        `${firstDetail ?? name}${count > 1 ? ` (${count})` : ""}`
      ),
    }];
    return [...warnings, ...heapReport(dump, { top })];
  }
}
