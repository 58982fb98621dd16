import type { KTime } from "../../base/time.ts";
import type { TraceClock } from "../../profile/raw_trace.ts";
import { traceFrameName } from "../../profile/trace_frame_name.ts";
import type { TimelineEvent } from "../../timeline/types.ts";
import { FrameCachingProcessor } from "../../tracehandler/frame_caching_processor.ts";
import { perfClock } from "../../tracehandler/perf_data_clock.ts";
import type { PerfDataSource } from "../../tracehandler/perf_data_source.ts";
import { PerfProcessTable } from "../../tracehandler/perf_process_table.ts";
import type { PerfRecordReader } from "../../tracehandler/perf_record_reader.ts";
import type {
  PerfRecord,
  PerfSampleRecord,
} from "../../tracehandler/perf_record_types.ts";

/** How {@linkcode perfDataEvents} tells records. */
export interface PerfDataEventsOptions {
  /** Makes and names stacks, of one event; without it none are told. */
  readonly source?: PerfDataSource | undefined;
  /** Index of the only event whose samples are told. @default {all} */
  readonly event?: number | undefined;
}

const PROVIDER = "perf";
const KERNEL_PID = -1;

/**
 * Tells the records of a recording in order of time: samples by the name of
 * their event, and what became of processes, threads and mappings.
 *
 * @param reader The recording.
 * @param options Which samples, and whether with stacks.
 * @returns Records in batches.
 */
export async function* perfDataEvents(
  reader: PerfRecordReader,
  options: PerfDataEventsOptions = {},
): AsyncGenerator<readonly TimelineEvent[]> {
  const { source, event: wanted } = options;
  const names = reader.events.map(({ name }) => name);
  const clock = perfClock(reader.features);
  const table = source?.table ??
    new PerfProcessTable({ clock, buildIdOf: () => "" });
  const processor = source === undefined
    ? undefined
    : new FrameCachingProcessor(source.converter);
  const timeline = new RecordTimes(clock);

  async function eventOfSample(
    sample: PerfSampleRecord,
    event: number,
  ): Promise<TimelineEvent> {
    const hasStack = processor !== undefined && event === source!.eventIndex;
    const trace = hasStack ? source!.traceOf(sample) : table.traceOf(sample);
    const frames = hasStack
      ? (await processor.convertTrace(trace)).frames
      : undefined;
    return {
      type: "event",
      ...timeline.of(sample.time),
      provider: PROVIDER,
      name: names[event]!,
      pid: sample.pid,
      tid: sample.tid,
      ...(trace.comm === "" ? {} : { threadName: trace.comm }),
      ...(sample.cpu < 0 ? {} : { cpu: sample.cpu }),
      fields: sample.period === 0 ? {} : { period: sample.period },
      ...(frames === undefined ? {} : { stack: frames.map(traceFrameName) }),
    };
  }

  for await (const records of reader.batches()) {
    const batch: TimelineEvent[] = [];
    for (const { record, event } of records) {
      if (record.type === "sample") {
        if (wanted !== undefined && wanted !== event) continue;
        batch.push(await eventOfSample(record, event));
      } else {
        table.apply(record);
        batch.push(eventOfOther(record, timeline));
      }
    }
    yield batch;
  }
}

/** Times from the first record that has one. */
class RecordTimes {
  readonly #clock: TraceClock;
  #first: bigint | undefined;

  constructor(clock: TraceClock) {
    this.#clock = clock;
  }

  of(time: bigint): Pick<TimelineEvent, "timestamp" | "relativeNs"> {
    // What the recorder found at its start has no time.
    if (time === 0n) return { timestamp: undefined, relativeNs: 0 };
    this.#first ??= time;
    return {
      timestamp: this.#clock.isWallClock
        ? this.#clock.unixNs(time as KTime)
        : undefined,
      relativeNs: Number(time - this.#first),
    };
  }
}

function eventOfOther(
  record: Exclude<PerfRecord, PerfSampleRecord>,
  timeline: RecordTimes,
): TimelineEvent {
  const base = {
    type: "event",
    ...timeline.of(BigInt(record.timeNs)),
    provider: PROVIDER,
    name: record.type,
  } as const;
  switch (record.type) {
    case "comm":
      return {
        ...base,
        name: record.isExec ? "exec" : "comm",
        pid: record.pid,
        tid: record.tid,
        threadName: record.comm,
        fields: { comm: record.comm },
      };
    case "mmap":
      return {
        ...base,
        ...(record.pid === KERNEL_PID
          ? {}
          : { pid: record.pid, tid: record.tid }),
        fields: {
          file: record.fileName,
          start: `0x${record.start.toString(16)}`,
          length: `0x${record.length.toString(16)}`,
          offset: `0x${record.pageOffset.toString(16)}`,
          ...(record.buildId === "" ? {} : { buildId: record.buildId }),
        },
      };
    case "fork":
    case "exit":
      return {
        ...base,
        pid: record.pid,
        tid: record.tid,
        fields: { parentPid: record.parentPid, parentTid: record.parentTid },
      };
    case "lost":
      return {
        ...base,
        name: record.isOfSamples ? "lost-samples" : "lost",
        fields: { count: record.count },
      };
    case "kernel-symbol":
      return {
        ...base,
        fields: {
          symbol: record.name,
          address: `0x${record.address.toString(16)}`,
          length: record.length,
          ...(record.isRemoved ? { removed: true } : {}),
        },
      };
    default:
      return { ...base, fields: {} };
  }
}
