import { DecodeStats } from "../../base/decode_stats.ts";
import type { Limits } from "../../base/limits.ts";
import type { Report, ReportSection } from "../../base/report.ts";
import { collectNettrace } from "../collect_nettrace.ts";
import type { CollectNettraceResult } from "../collect_nettrace.ts";
import type { EventCollector } from "../event_collector.ts";
import { ProcessFacts } from "../process_facts.ts";
import { ActivitiesPart } from "./activities_part.ts";
import { AllocationsPart } from "./allocations_part.ts";
import { ContentionPart } from "./contention_part.ts";
import { CountersPart } from "./counters_part.ts";
import { EventCounts } from "./event_counts.ts";
import { ExceptionsPart } from "./exceptions_part.ts";
import { GcPart } from "./gc_part.ts";
import { HeapPart } from "./heap_part.ts";
import { JitPart } from "./jit_part.ts";
import { LoaderPart } from "./loader_part.ts";
import { LossesPart } from "./losses_part.ts";
import type { ReportPart } from "./report_part.ts";
import { ThreadPoolPart } from "./thread_pool_part.ts";
import { ThreadsPart } from "./threads_part.ts";

/** Options of {@linkcode readNettraceReport}. */
export interface ReadNettraceReportOptions {
  /** Most rows of a table. @default {20} */
  readonly top?: number | undefined;
  /** Bounds on what is accepted. */
  readonly limits?: Partial<Limits> | undefined;
  /** Collects what was survived. */
  readonly stats?: DecodeStats | undefined;
  /** Ends the work. */
  readonly signal?: AbortSignal | undefined;
}

/** The parts of a report on a trace while its stream goes by. */
export class NettraceReport {
  readonly #process = new ProcessFacts();
  readonly #counts = new EventCounts();
  readonly #losses = new LossesPart();
  readonly #parts: readonly ReportPart[] = [
    this.#counts,
    this.#losses,
    new ThreadsPart(),
    new GcPart(),
    new HeapPart(),
    new AllocationsPart(),
    new JitPart(),
    new LoaderPart(),
    new ExceptionsPart(),
    new ContentionPart(),
    new ThreadPoolPart(),
    new CountersPart(),
    new ActivitiesPart(),
  ];

  /** What must see the stream, in order of time. */
  get collectors(): readonly EventCollector[] {
    return [this.#process, ...this.#parts];
  }

  /** What the trace says of its process. */
  get process(): ProcessFacts {
    return this.#process;
  }

  /** Which events it has. */
  get counts(): EventCounts {
    return this.#counts;
  }

  /** Which events were dropped. */
  get losses(): LossesPart {
    return this.#losses;
  }

  /**
   * Makes the sections; call it at the end of the stream.
   *
   * @param top Most rows of a table.
   * @returns Sections in reading order.
   */
  sections(top: number): ReportSection[] {
    const { firstNs = 0, lastNs = 0 } = this.#counts;
    const options = { top, durationNs: lastNs - firstNs };
    return [
      ...this.#processSections(),
      ...this.#parts.flatMap((part) => part.sections(options)),
    ];
  }

  #processSections(): ReportSection[] {
    const { commandLine, operatingSystem, architecture } = this.#process;
    const { runtimeName, runtimeVersion } = this.#process;
    const runtime = `${runtimeName} ${runtimeVersion}`.trim();
    if (commandLine === "" && runtime === "") return [];
    return [{
      type: "facts",
      key: "process",
      title: "Process",
      facts: [
        {
          key: "commandLine",
          title: "command line",
          value: commandLine || undefined,
        },
        { key: "runtime", title: "runtime", value: runtime || undefined },
        {
          key: "operatingSystem",
          title: "operating system",
          value: operatingSystem || undefined,
        },
        {
          key: "architecture",
          title: "processor",
          value: architecture || undefined,
        },
      ],
    }];
  }
}

/** What {@linkcode readNettraceReport} found. */
export interface NettraceReportResult {
  readonly report: Report;
  /** How the pass over the stream went. */
  readonly result: CollectNettraceResult;
}

/**
 * Tells what a trace holds beside its samples: events by kind, losses, threads,
 * garbage collections, the heap, allocations, compilation, modules, exceptions, locks,
 * the thread pool, counters, activities. What it has nothing of is left out.
 *
 * @param source The stream in pieces of any size.
 * @param options How much to tell.
 * @returns The report.
 * @throws {FormatError} When it is no nettrace stream or ends within its header.
 * @throws {LimitError} When a limit is exceeded.
 */
export async function readNettraceReport(
  source: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  options: ReadNettraceReportOptions = {},
): Promise<NettraceReportResult> {
  const { top = 20, limits, signal, stats = new DecodeStats() } = options;
  const report = new NettraceReport();
  const result = await collectNettrace(source, report.collectors, {
    order: "time",
    limits,
    stats,
    signal,
  });
  return {
    report: { title: "Trace", sections: report.sections(top) },
    result,
  };
}
