import type { TimelineEvent, TimelineSpan } from "../../timeline/types.ts";
import { CounterReader } from "../counters/counter_reader.ts";
import { InstrumentPreference } from "../counters/prefer_instruments.ts";
import type { CounterSample } from "../counters/counter_reader.ts";
import type { EventCollector, EventHandler } from "../event_collector.ts";
import type { NettraceHeader, NettraceMetadata } from "../nettrace/types.ts";
import { PROVIDER_NAME } from "../provider_name_table.ts";
import { ActivitiesPart } from "../reports/activities_part.ts";
import { GcPart, gcReasonName, gcTypeName } from "../reports/gc_part.ts";
import { JitPart } from "../reports/jit_part.ts";

/** Spans and counter values that are kept; what is beyond is left out. */
const MAX_RECORDS = 1_000_000;

/**
 * Collects what lasted in a trace beside its samples, and its counters: pauses
 * of the garbage collector, collections, compilations, activities. Times are in
 * ns since the sync point.
 */
export class TraceSpans implements EventCollector {
  readonly #gc = new GcPart();
  readonly #records: TimelineEvent[] = [];
  readonly #preference = new InstrumentPreference();
  readonly #parts: readonly EventCollector[];
  #processId: number | undefined;
  #omitted = 0;

  constructor() {
    const jit = new JitPart((each) => {
      if (each.startNs === undefined) return;
      this.#add(this.#span({
        provider: PROVIDER_NAME.runtime,
        name: `JIT ${each.method}`,
        startNs: each.startNs,
        durationNs: each.durationNs,
        tid: each.threadId,
        fields: {
          tier: each.tier,
          ilBytes: each.ilBytes,
          nativeBytes: each.nativeBytes,
        },
      }));
    });
    const activities = new ActivitiesPart((each) => {
      this.#add(this.#span({
        provider: each.provider,
        name: each.name,
        startNs: each.startNs,
        durationNs: each.durationNs,
        tid: each.threadId,
        fields: { activity: each.path },
      }));
    });
    const counters = new CounterReader((sample) =>
      this.#preference.add(sample).forEach((each) => this.#addCounter(each))
    );
    this.#parts = [this.#gc, jit, activities, counters];
  }

  /** Records that were left out because there were too many. */
  get omitted(): number {
    return this.#omitted;
  }

  onHeader(header: NettraceHeader): void {
    this.#processId = header.processId;
    for (const part of this.#parts) part.onHeader?.(header);
  }

  handlerOf(metadata: NettraceMetadata): EventHandler | undefined {
    const handlers = this.#parts.flatMap((part) =>
      part.handlerOf(metadata) ?? []
    );
    return handlers.length < 2 ? handlers[0] : (event) => {
      for (const handle of handlers) handle(event);
    };
  }

  /** @returns All records in order of their start; call it at the end of the stream. */
  records(): readonly TimelineEvent[] {
    this.#preference.finish().forEach((each) => this.#addCounter(each));
    for (const { startNs, endNs, threadId, collection } of this.#gc.pauses) {
      this.#add(this.#span({
        provider: PROVIDER_NAME.runtime,
        name: collection === undefined
          ? "GC pause"
          : `GC pause (generation ${collection.generation})`,
        startNs,
        durationNs: endNs - startNs,
        tid: threadId,
        fields: collection === undefined ? {} : {
          number: collection.number,
          generation: collection.generation,
          reason: gcReasonName(collection.reason),
          type: gcTypeName(collection.type),
          promotedBytes: collection.promotedBytes,
          heapBytes: collection.heapBytes,
        },
      }));
    }
    return this.#records.toSorted((a, b) => a.relativeNs! - b.relativeNs!);
  }

  #addCounter(sample: CounterSample): void {
    const { provider, name, unit, ns, value, rate, tags } = sample;
    const measured = value ?? rate ?? sample.sum;
    if (measured === undefined) return;
    this.#add({
      type: "counter",
      timestamp: undefined,
      relativeNs: ns,
      provider,
      name: tags === "" || sample.source === "eventCounter"
        ? name
        : `${name}{${tags}}`,
      pid: sample.processId ?? this.#processId,
      fields: {},
      value: measured,
      unit,
    });
  }

  #span(
    { startNs, ...span }: {
      readonly provider: string;
      readonly name: string;
      readonly startNs: number;
      readonly durationNs: number;
      readonly tid: number;
      readonly fields: Readonly<Record<string, unknown>>;
    },
  ): TimelineSpan {
    return {
      type: "span",
      timestamp: undefined,
      relativeNs: startNs,
      pid: this.#processId,
      ...span,
    };
  }

  #add(record: TimelineEvent): void {
    if (this.#records.length < MAX_RECORDS) this.#records.push(record);
    else this.#omitted++;
  }
}
