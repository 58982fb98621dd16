import type { DecodeStats } from "../../base/decode_stats.ts";
import type { TimelineEvent } from "../../timeline/types.ts";
import { CounterReader } from "../counters/counter_reader.ts";
import type { CounterSample } from "../counters/counter_reader.ts";
import { joinTags } from "../counters/counter_rows.ts";
import type { EventCollector, EventHandler } from "../event_collector.ts";
import { activityPath } from "../nettrace/activity_path.ts";
import { displayKeywords, displayName } from "../nettrace/display_name.ts";
import { EVENT_COUNTERS_EVENT } from "../nettrace/event_counter.ts";
import { NettraceClock } from "../nettrace/nettrace_time.ts";
import { PayloadReaders } from "../nettrace/payload_reader.ts";
import type {
  NettraceEvent,
  NettraceHeader,
  NettraceMetadata,
  NettraceThread,
} from "../nettrace/types.ts";
import { LEVEL_NAMES } from "../level_name_table.ts";
import { PROVIDER_NAME } from "../provider_name_table.ts";

/** Events of `System.Diagnostics.Metrics` that carry values. */
const METRIC_VALUE_IDS: ReadonlySet<number> = new Set([4, 5, 6, 16]);

const MAX_THREAD_NAMES = 100_000;

/** Options of {@linkcode TimelineMaker}. */
export interface TimelineMakerOptions {
  /** Gives an event its frames, leaf first. */
  readonly stackOf?:
    | ((event: NettraceEvent) => readonly string[] | undefined)
    | undefined;
  /** Whether id, version, opcode, keywords and capturing thread are among the fields. @default {false} */
  readonly full?: boolean | undefined;
  /** Interval in s whose counter values are taken. */
  readonly counterIntervalSec?: number | undefined;
  /** Whether events of a provider and name are wanted; counters always come. @default {all are} */
  readonly isWanted?:
    | ((provider: string, name: string) => boolean)
    | undefined;
  /** Counts payloads that end early. */
  readonly stats?: DecodeStats | undefined;
}

/** Makes records of a timeline out of the events of a stream. */
export class TimelineMaker implements EventCollector {
  readonly #options: TimelineMakerOptions;
  readonly #counters: CounterReader;
  readonly #threadNames = new Map<number, string>();
  #records: TimelineEvent[] = [];
  #clock: NettraceClock | undefined;
  #readers: PayloadReaders | undefined;
  #processId = 0;
  #hasOwnOpcodes = false;
  /** The event whose counter values are being read. */
  #current: NettraceEvent | undefined;

  /** @param options Stacks and details. */
  constructor(options: TimelineMakerOptions = {}) {
    this.#options = options;
    this.#counters = new CounterReader((sample) => this.#addCounter(sample), {
      intervalSec: options.counterIntervalSec,
    });
  }

  onHeader(header: NettraceHeader): void {
    this.#clock = new NettraceClock(header);
    this.#readers = new PayloadReaders(header.pointerSize);
    this.#processId = header.processId ?? 0;
    this.#hasOwnOpcodes = header.version >= 6;
    this.#counters.onHeader(header);
  }

  onThread({ name, processId, threadId }: NettraceThread): void {
    if (threadId === undefined) return;
    const key = threadKey(processId, threadId);
    // Numbers of threads are used again: the latest name counts.
    if (name === undefined || name === "") this.#threadNames.delete(key);
    else if (
      this.#threadNames.has(key) || this.#threadNames.size < MAX_THREAD_NAMES
    ) this.#threadNames.set(key, name);
  }

  handlerOf(metadata: NettraceMetadata): EventHandler | undefined {
    const { providerName, eventId, eventName } = metadata;
    const readCounter = this.#counters.handlerOf(metadata);
    const isValue = eventName === EVENT_COUNTERS_EVENT ||
      (providerName === PROVIDER_NAME.metrics && METRIC_VALUE_IDS.has(eventId));
    const ownName = displayName(metadata);
    const { isWanted } = this.#options;
    const isKindWanted = isWanted?.(providerName, ownName) ?? true;
    if (!isKindWanted && !this.#hasOwnOpcodes && readCounter === undefined) {
      return undefined;
    }
    return (event) => {
      this.#current = event;
      readCounter?.(event);
      if (isValue) return;
      const isUsual = metadata.opcode === event.opcode;
      const name = isUsual ? ownName : displayName(metadata, event.opcode);
      if (isUsual ? isKindWanted : isWanted?.(providerName, name) ?? true) {
        this.#addEvent(event, name);
      }
    };
  }

  /** @returns The records since the last call. */
  take(): readonly TimelineEvent[] {
    const records = this.#records;
    this.#records = [];
    return records;
  }

  #addEvent(event: NettraceEvent, name: string): void {
    const { metadata } = event;
    const reader = this.#readers!.of(event);
    const { fields, faults } = reader.read(event, { useValueNames: true });
    if (faults.length > 0) {
      this.#options.stats?.count("nettrace_payload_damaged", "notice", {
        offset: event.offset,
        detail: `${metadata.providerName} ${name}, field ${faults[0]!.field}`,
      });
    }
    // A fresh object for every event.
    const all = fields as Record<string, unknown>;
    // Some runtimes declare no field at all for events that have arrays.
    if (reader.schema.fields.length === 0 && event.payloadLength > 0) {
      all["$payload"] = event.payload().slice();
    }
    this.#addDetails(event, all);
    const { threadId, processId, processor } = event;
    this.#records.push({
      type: "event",
      timestamp: this.#clock!.unixNs(event.time),
      relativeNs: this.#clock!.ns(event.time),
      provider: metadata.providerName,
      name,
      level: LEVEL_NAMES[event.level] ?? String(event.level),
      pid: processId,
      tid: threadId < 0 ? undefined : threadId,
      threadName: this.#threadName(event),
      cpu: processor < 0 ? undefined : processor,
      fields: all,
      stack: this.#stackOf(event),
    });
  }

  #addCounter(sample: CounterSample): void {
    const event = this.#current!;
    const { provider, name, unit, kind, value, rate } = sample;
    const tags = sample.source === "meter"
      ? joinTags(sample.meterTags, sample.instrumentTags, sample.tags)
      : sample.tags;
    const fields: Record<string, unknown> = { kind };
    if (sample.displayName !== name) fields["displayName"] = sample.displayName;
    if (tags !== "") fields["tags"] = tags;
    const add = (
      counter: string,
      measured: number,
      more: Readonly<Record<string, unknown>> = {},
      measuredUnit = unit,
    ) => {
      this.#records.push({
        type: "counter",
        ...this.#record(event),
        provider,
        name: counter,
        fields: { ...fields, ...more },
        value: measured,
        unit: measuredUnit,
      });
    };
    if (kind === "histogram") {
      for (const [quantile, measured] of sample.quantiles) {
        add(name, measured, { percentile: quantile * 100 });
      }
      if (sample.count !== undefined) {
        add(`${name} count`, sample.count, {}, "count");
      }
      if (sample.sum !== undefined) add(`${name} sum`, sample.sum);
      return;
    }
    const more: Record<string, unknown> = {};
    if (value !== undefined && rate !== undefined) more["rate"] = rate;
    if (kind === "mean") {
      const { min, max, standardDeviation, count } = sample;
      Object.assign(more, { min, max, standardDeviation, count });
    }
    if (sample.intervalSec > 0) more["intervalSec"] = sample.intervalSec;
    const measured = value ?? rate;
    if (measured !== undefined) add(name, measured, more);
  }

  #record(event: NettraceEvent): {
    readonly timestamp: TimelineEvent["timestamp"];
    readonly relativeNs: number;
    readonly pid: number | undefined;
    readonly tid: number | undefined;
    readonly threadName: string | undefined;
    readonly cpu: number | undefined;
    readonly stack: readonly string[] | undefined;
  } {
    const { threadId, processId, processor } = event;
    return {
      timestamp: this.#clock!.unixNs(event.time),
      relativeNs: this.#clock!.ns(event.time),
      pid: processId,
      tid: threadId < 0 ? undefined : threadId,
      threadName: this.#threadName(event),
      cpu: processor < 0 ? undefined : processor,
      stack: this.#stackOf(event),
    };
  }

  #threadName({ processId, threadId }: NettraceEvent): string | undefined {
    return this.#threadNames.size === 0
      ? undefined
      : this.#threadNames.get(threadKey(processId, threadId));
  }

  #stackOf(event: NettraceEvent): readonly string[] | undefined {
    const { stackOf } = this.#options;
    return stackOf !== undefined && hasOwnStack(event.metadata)
      ? stackOf(event)
      : undefined;
  }

  #addDetails(event: NettraceEvent, fields: Record<string, unknown>): void {
    const { activityId, relatedActivityId, labels } = event;
    const processId = event.processId ?? this.#processId;
    if (activityId !== undefined) {
      fields["$activity"] = activityPath(activityId, processId);
    }
    if (relatedActivityId !== undefined) {
      fields["$relatedActivity"] = activityPath(relatedActivityId, processId);
    }
    if (labels.traceId !== undefined) fields["$traceId"] = labels.traceId;
    if (labels.spanId !== undefined) {
      fields["$spanId"] = labels.spanId.toString(16).padStart(16, "0");
    }
    if (labels.entries.length > 0) {
      fields["$labels"] = Object.fromEntries(labels.entries);
    }
    if (this.#options.full !== true) return;
    fields["$id"] = event.metadata.eventId;
    fields["$version"] = event.version;
    if (event.opcode !== undefined) fields["$opcode"] = event.opcode;
    fields["$keywords"] = `0x${displayKeywords(event.keywords).toString(16)}`;
    if (event.captureThreadId !== event.threadId) {
      fields["$captureThread"] = event.captureThreadId;
    }
  }
}

function threadKey(processId: number | undefined, threadId: number): number {
  return (processId ?? 0) * 2 ** 32 + threadId;
}

/** Events about methods carry the stack of whoever writes them, which says nothing about the method. */
function hasOwnStack({ providerName, eventId }: NettraceMetadata): boolean {
  return providerName !== PROVIDER_NAME.rundown &&
    !(providerName === PROVIDER_NAME.runtime &&
      (eventId >= 140 && eventId <= 144 || eventId === 190));
}
