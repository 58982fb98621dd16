import type { ValueType } from "../../profile/types.ts";
import type { EventHandler } from "../event_collector.ts";
import { EventPayload } from "../event_payload.ts";
import { NettraceClock } from "../nettrace/nettrace_time.ts";
import type {
  NettraceEvent,
  NettraceHeader,
  NettraceMetadata,
} from "../nettrace/types.ts";
import { PROVIDER_NAME } from "../provider_name_table.ts";
import { type RawSample, RawSamples } from "./raw_samples.ts";
import { isThreadWanted } from "./sample_filter.ts";
import type { SampleContext, SampleSource } from "./sample_source.ts";

/** Which events of `Universal.Events` are taken. */
export type UniversalSampleKind = "cpu" | "cswitch";

/**
 * Samples of a whole machine (version 6): `cpu` are samples of the processors,
 * weighed in sampling periods; `cswitch` tells at each switch to a thread where
 * it had blocked and for how long.
 */
export class UniversalSamples implements SampleSource {
  readonly valueTypes: readonly ValueType[];
  readonly defaultValueType = 1;
  readonly periodType: ValueType | undefined;
  readonly samples: RawSamples;
  readonly #kind: UniversalSampleKind;
  readonly #context: SampleContext;
  readonly #payload = new EventPayload();
  readonly #sample: RawSample = { node: -1, thread: 0, labels: 0, timeNs: 0 };
  #clock: NettraceClock | undefined;
  #period = 0;

  /**
   * @param kind Which events to take.
   * @param context Stacks, threads and filter.
   */
  constructor(kind: UniversalSampleKind, context: SampleContext) {
    this.#kind = kind;
    this.#context = context;
    this.samples = new RawSamples(2, context);
    const time: ValueType = {
      type: kind === "cpu" ? "cpu" : "off_cpu",
      unit: "nanoseconds",
    };
    this.valueTypes = [
      { type: kind === "cpu" ? "samples" : "switches", unit: "count" },
      time,
    ];
    this.periodType = kind === "cpu" ? time : undefined;
  }

  get period(): number {
    return this.#kind === "cpu" ? this.#period : 0;
  }

  onHeader(header: NettraceHeader): void {
    this.#clock = new NettraceClock(header);
    this.#period = header.samplingIntervalNs ?? 0;
  }

  handlerOf(metadata: NettraceMetadata): EventHandler | undefined {
    // Ids of this provider differ from machine to machine; the names do not.
    return metadata.providerName === PROVIDER_NAME.universalEvents &&
        metadata.eventName === this.#kind
      ? (event) => this.#take(event)
      : undefined;
  }

  finish(): void {}

  remarks(): string[] {
    return this.#kind === "cpu" && this.#period === 0 && this.samples.length > 0
      ? ["the trace does not tell its sampling interval: cpu time is 0"]
      : [];
  }

  #take(event: NettraceEvent): void {
    const { symbols, threads, filter } = this.#context;
    if (!isThreadWanted(filter, event)) return;
    const ns = this.#clock!.ns(event.time);
    const { fromNs = -Infinity, toNs = Infinity } = filter;
    if (ns < fromNs || ns >= toNs) return;
    const payload = this.#payload.start(event);
    const value = payload.varuint();
    if (payload.isShort) return;
    const sample = this.#sample;
    sample.node = symbols.stacks.nodeOf(event, symbols.spaces.of(event));
    sample.thread = threads.indexOf(event);
    sample.timeNs = ns;
    this.samples.note(ns);
    if (this.#kind === "cpu") {
      this.samples.add(sample, value, value * this.#period);
    } else {
      this.samples.add(sample, 1, this.#clock!.ns(value));
    }
  }
}
