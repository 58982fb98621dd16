import type { ReportSection } from "../../base/report.ts";
import type { EventCollector } from "../event_collector.ts";

/** How much a {@linkcode ReportPart} tells. */
export interface ReportPartOptions {
  /** Most rows of a table. */
  readonly top: number;
  /** Length of the trace in ns, for rates. */
  readonly durationNs: number;
}

/** Collects what one part of a report tells; what a trace has nothing of makes no section. */
export interface ReportPart extends EventCollector {
  /**
   * Makes the sections; call it at the end of the stream.
   *
   * @param options How much to tell.
   * @returns Sections in reading order.
   */
  sections(options: ReportPartOptions): ReportSection[];
}
