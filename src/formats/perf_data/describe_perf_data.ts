import type { ReportSection } from "../../base/report.ts";
import type { KTime } from "../../base/time.ts";
import { choosePerfEvent } from "../../tracehandler/choose_perf_event.ts";
import {
  PERF_RECORD_NAMES,
  PERF_SAMPLE,
} from "../../tracehandler/perf_event_table.ts";
import { perfClock } from "../../tracehandler/perf_data_clock.ts";
import type {
  PerfRecordedEvent,
  PerfRecordReader,
} from "../../tracehandler/perf_record_reader.ts";
import type { FormatInfo } from "../types.ts";

/** Threads that are told apart. */
const MAX_THREADS = 100_000;
const MAX_EVENTS = 50;
/** Events whose reports are suggested. */
const MAX_SUGGESTED = 3;

/** What was found in the records. */
class Counts {
  readonly samples: number[] = [];
  readonly periods: number[] = [];
  readonly processes = new Set<number>();
  readonly threads = new Set<number>();
  lostRecords = 0;
  lostSamples = 0;
  withoutUserStack = 0;
  firstTime: bigint | undefined;
  lastTime: bigint | undefined;
}

/**
 * Reads a recording to its end and tells what is in it.
 *
 * @param reader The recording.
 * @returns What `info` tells.
 */
export async function describePerfData(
  reader: PerfRecordReader,
): Promise<FormatInfo> {
  const counts = await countRecords(reader);
  const { features } = reader;
  const clock = perfClock(features);
  const unixNs = (time: bigint | undefined) =>
    time === undefined || !clock.isWallClock
      ? undefined
      : clock.unixNs(time as KTime);
  const canMakeStacks = reader.events.some(({ attr }) =>
    (attr.sampleType & PERF_SAMPLE.callchain) !== 0
  );
  return {
    version: `2, ${reader.isPipe ? "pipe" : "file"}${
      reader.littleEndian ? "" : ", big-endian"
    }`,
    writer: features.version === undefined
      ? undefined
      : `perf ${features.version}`,
    startTime: unixNs(counts.firstTime),
    endTime: unixNs(counts.lastTime),
    sections: [
      recordingSection(reader, counts),
      eventSection(reader.events, counts),
      recordSection(reader),
    ],
    next: canMakeStacks
      ? [
        "report FILE",
        "report FILE --flame",
        ...otherEvents(reader.events, counts),
        "events FILE --stacks --limit 5",
        "convert FILE -o profile.pb.gz",
      ]
      : ["events FILE --limit 20"],
  };
}

/** Only the first event is reported, unless another one is asked for. */
function otherEvents(
  events: readonly PerfRecordedEvent[],
  { samples }: Counts,
): string[] {
  const chosen = choosePerfEvent(events);
  return events
    .filter((_, index) => index !== chosen && (samples[index] ?? 0) > 0)
    .slice(0, MAX_SUGGESTED)
    .map(({ name }) => `report FILE --event ${name}`);
}

async function countRecords(reader: PerfRecordReader): Promise<Counts> {
  const counts = new Counts();
  for await (const batch of reader.batches()) {
    for (const { record, event } of batch) {
      if (record.type === "lost") {
        if (record.isOfSamples) counts.lostSamples += record.count;
        else counts.lostRecords += record.count;
      }
      if (record.type !== "sample") continue;
      counts.samples[event] = (counts.samples[event] ?? 0) + 1;
      counts.periods[event] = (counts.periods[event] ?? 0) + record.period;
      if (record.lacksUserStack) counts.withoutUserStack++;
      counts.firstTime ??= record.time;
      counts.lastTime = record.time;
      if (counts.threads.size < MAX_THREADS) {
        counts.processes.add(record.pid);
        counts.threads.add(record.tid);
      }
    }
  }
  return counts;
}

function recordingSection(
  { features }: PerfRecordReader,
  counts: Counts,
): ReportSection {
  const { cpuCounts, commandLine, clockData, buildIds } = features;
  const { firstTime, lastTime } = counts;
  return {
    type: "facts",
    key: "recording",
    title: "Recording",
    facts: [
      { key: "host", title: "host", value: features.hostname },
      { key: "osRelease", title: "kernel", value: features.osRelease },
      { key: "arch", title: "architecture", value: features.arch },
      {
        key: "processor",
        title: "processor",
        value: features.cpuDescription,
      },
      {
        key: "processors",
        title: "processors",
        unit: "count",
        value: cpuCounts?.online,
      },
      {
        key: "memory",
        title: "memory",
        unit: "bytes",
        value: features.totalMemory,
      },
      {
        key: "commandLine",
        title: "command line",
        value: commandLine?.join(" "),
      },
      {
        key: "hasWallClock",
        title: "wall clock",
        value: clockData === undefined
          ? `no; record with "perf record -k monotonic"`
          : "yes",
      },
      {
        key: "durationNs",
        title: "from first to last sample",
        unit: "ns",
        value: firstTime === undefined
          ? undefined
          : Number(lastTime! - firstTime),
      },
      {
        key: "buildIds",
        title: "files with build id",
        unit: "count",
        value: buildIds?.length,
      },
      {
        key: "processes",
        title: "processes with samples",
        unit: "count",
        value: counts.processes.size,
      },
      {
        key: "threads",
        title: "threads with samples",
        unit: "count",
        value: counts.threads.size,
      },
      {
        key: "lostRecords",
        title: "records lost while recording",
        unit: "count",
        value: counts.lostRecords,
      },
      {
        key: "lostSamples",
        title: "samples lost while recording",
        unit: "count",
        value: counts.lostSamples,
      },
      {
        key: "withoutUserStack",
        title: "samples whose user stack is a copy of memory",
        unit: "count",
        value: counts.withoutUserStack,
      },
    ].filter(({ value }) => value !== undefined) as Extract<
      ReportSection,
      { type: "facts" }
    >["facts"],
  };
}

function eventSection(
  events: readonly PerfRecordedEvent[],
  { samples, periods }: Counts,
): ReportSection {
  return {
    type: "table",
    key: "events",
    title: "Events",
    columns: [
      { key: "name", title: "event" },
      { key: "samples", title: "samples", unit: "count" },
      { key: "total", title: "total", unit: "count" },
      { key: "rate", title: "taken" },
      { key: "callGraph", title: "user stacks" },
    ],
    rows: events.slice(0, MAX_EVENTS).map(({ name, attr }, index) => [
      name,
      samples[index] ?? 0,
      periods[index] ?? 0,
      attr.isFrequency
        ? `${attr.periodOrFrequency} per second`
        : `every ${attr.periodOrFrequency}`,
      attr.callGraph,
    ]),
    omittedRows: Math.max(0, events.length - MAX_EVENTS),
  };
}

function recordSection({ recordCounts }: PerfRecordReader): ReportSection {
  return {
    type: "table",
    key: "records",
    title: "Records",
    columns: [
      { key: "type", title: "type", unit: "count" },
      { key: "name", title: "name" },
      { key: "count", title: "count", unit: "count" },
    ],
    rows: [...recordCounts]
      .sort(([a], [b]) => a - b)
      .map(([type, count]) => [type, PERF_RECORD_NAMES[type] ?? "?", count]),
  };
}
