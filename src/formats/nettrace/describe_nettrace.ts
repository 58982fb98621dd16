import type { ReportSection } from "../../base/report.ts";
import type { UnixNs } from "../../base/time.ts";
import { collectNettrace } from "../../eventpipe/collect_nettrace.ts";
import { PROVIDER_NAME } from "../../eventpipe/provider_name_table.ts";
import type { NettraceHeader } from "../../eventpipe/nettrace/types.ts";
import { ProcessFacts } from "../../eventpipe/process_facts.ts";
import { EventCounts } from "../../eventpipe/reports/event_counts.ts";
import type { EventCount } from "../../eventpipe/reports/event_counts.ts";
import { LossesPart } from "../../eventpipe/reports/losses_part.ts";
import type { FormatInfo, FormatInput } from "../types.ts";

/** Most providers and losses that are listed. */
const MAX_ROWS = 30;

/**
 * Tells what a trace is: version, runtime, process, time, providers, health,
 * and what to do with it.
 *
 * @param input The trace.
 * @returns What `info` shows.
 */
export async function describeNettrace(
  input: FormatInput,
): Promise<FormatInfo> {
  const counts = new EventCounts();
  const losses = new LossesPart();
  const process = new ProcessFacts();
  const { header, outcome, eventCount, lostEventCount } = await collectNettrace(
    input.open(),
    [counts, losses, process],
    {
      limits: input.limits,
      stats: input.stats,
      signal: input.signal,
    },
  );
  const { firstNs, lastNs } = counts;
  const kinds = counts.counts();
  const has = new KindsPresent(kinds);
  const runtime = `${process.runtimeName} ${process.runtimeVersion}`.trim();
  return {
    version: versionText(header),
    writer: runtime || undefined,
    startTime: wallTime(header, firstNs),
    endTime: wallTime(header, lastNs),
    sections: [
      {
        type: "facts",
        key: "trace",
        title: "Trace",
        facts: [
          {
            key: "process",
            title: "process",
            value: header.processId === undefined
              ? undefined
              : String(header.processId),
          },
          {
            key: "commandLine",
            title: "command line",
            value: process.commandLine || undefined,
          },
          {
            key: "system",
            title: "system",
            value: [process.operatingSystem, process.architecture]
              .filter((text) => text !== "").join(", ") || undefined,
          },
          {
            key: "pointerSize",
            title: "address size",
            unit: "bytes",
            value: header.pointerSize,
          },
          {
            key: "processors",
            title: "processors",
            unit: "count",
            value: header.processorCount,
          },
          {
            key: "samplingInterval",
            title: "sampling interval",
            unit: "ns",
            value: header.samplingIntervalNs,
          },
          {
            key: "events",
            title: "events",
            unit: "count",
            value: eventCount,
          },
          {
            key: "lostEvents",
            title: "events lost",
            unit: "count",
            value: lostEventCount,
          },
          {
            key: "end",
            title: "end of the stream",
            value: outcome.type === "complete"
              ? undefined
              : `${outcome.type} at byte ${outcome.offset}`,
          },
          ...header.properties.map(([key, value]) => ({
            key: `property${key}`,
            title: key,
            value,
          })),
        ],
      },
      ...counts.sections({ top: 0, durationNs: 0 })
        .filter(({ key }) => key === "providers"),
      ...losses.sections({ top: MAX_ROWS, durationNs: 0 }),
      ...hintSections(has),
    ],
    next: has.nextCommands(),
  };
}

function versionText({ version, minorVersion }: NettraceHeader): string {
  switch (version) {
    case 1:
    case 2:
      return `${version} (.NET Core 2.0)`;
    case 3:
      return "3 (.NET Core 2.1 and 2.2)";
    case 4:
      return "4 (.NET Core 3.0 and later)";
    case 6:
      return `6.${minorVersion}`;
  }
}

function wallTime(
  { syncTime }: NettraceHeader,
  ns: number | undefined,
): UnixNs | undefined {
  return syncTime === undefined || ns === undefined
    ? undefined
    : (syncTime + BigInt(ns)) as UnixNs;
}

function hintSections(has: KindsPresent): ReportSection[] {
  const lines = has.hints();
  return lines.length === 0
    ? []
    : [{ type: "text", key: "hints", title: "Hints", lines }];
}

/** What a trace has, and what can be made of it. */
class KindsPresent {
  readonly #kinds: readonly EventCount[];

  constructor(kinds: readonly EventCount[]) {
    this.#kinds = kinds;
  }

  hints(): string[] {
    const hints: string[] = [];
    if (this.#kinds.length === 0) return ["the trace has no events"];
    if (!this.#hasSamples) {
      const providers = [
        ...new Set(this.#kinds.map(({ provider }) => provider)),
      ];
      hints.push(
        `no CPU samples: providers in the trace are ${providers.join(", ")}`,
      );
    } else if (!this.#hasSymbols) {
      hints.push(
        "no rundown: methods of the samples have no names; collect with rundown (the default of eventpipe collect)",
      );
    }
    return hints;
  }

  nextCommands(): string[] {
    const next: string[] = [];
    if (this.#hasSamples) {
      next.push("report FILE", "convert FILE -o profile.speedscope.json");
    } else if (this.#kinds.length > 0) {
      next.push("report FILE");
    }
    if (this.#hasEvent(PROVIDER_NAME.runtime, 10, 303)) {
      next.push("report FILE --kind allocations");
    }
    if (this.#hasEvent(PROVIDER_NAME.runtime, 81)) {
      next.push("report FILE --kind contention");
    }
    if (this.#hasEvent(PROVIDER_NAME.runtime, 80)) {
      next.push("report FILE --kind exceptions");
    }
    if (this.#hasCounters) next.push("convert FILE --to counters-csv");
    if (this.#hasEvent(PROVIDER_NAME.runtime, 18)) {
      next.push("convert FILE -o heap.gcdump");
    }
    if (this.#kinds.length > 0) next.push("events FILE --limit 20");
    return next;
  }

  get #hasSamples(): boolean {
    return this.#hasEvent(PROVIDER_NAME.sampleProfiler, 0) ||
      this.#kinds.some(({ provider, name }) =>
        provider === PROVIDER_NAME.universalEvents && name === "cpu"
      );
  }

  get #hasSymbols(): boolean {
    return this.#hasEvent(PROVIDER_NAME.rundown, 142, 143, 144) ||
      this.#hasEvent(PROVIDER_NAME.universalSystem, 4);
  }

  get #hasCounters(): boolean {
    return this.#hasEvent(PROVIDER_NAME.metrics, 4, 5, 6, 16) ||
      this.#kinds.some(({ name }) => name === "EventCounters");
  }

  #hasEvent(provider: string, ...ids: readonly number[]): boolean {
    return this.#kinds.some((kind) =>
      kind.provider === provider && ids.includes(kind.id)
    );
  }
}
