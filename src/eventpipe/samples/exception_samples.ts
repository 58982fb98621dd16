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

const EXCEPTION_THROWN = 80;

/** Exceptions by the stack that threw them, and type. */
export class ExceptionSamples implements SampleSource {
  readonly valueTypes: readonly ValueType[] = [
    { type: "exceptions", unit: "count" },
  ];
  readonly defaultValueType = 0;
  readonly periodType: ValueType = { type: "exceptions", unit: "count" };
  readonly period = 1;
  readonly samples: RawSamples;
  readonly #context: SampleContext;
  readonly #payload = new EventPayload();
  readonly #sample: RawSample = { node: -1, thread: 0, labels: 0, timeNs: 0 };
  #clock: NettraceClock | undefined;

  /** @param context Stacks, threads and filter. */
  constructor(context: SampleContext) {
    this.#context = context;
    this.samples = new RawSamples(1, context);
  }

  onHeader(header: NettraceHeader): void {
    this.#clock = new NettraceClock(header);
  }

  handlerOf(metadata: NettraceMetadata): EventHandler | undefined {
    return metadata.providerName === PROVIDER_NAME.runtime &&
        metadata.eventId === EXCEPTION_THROWN
      ? (event) => this.#take(event)
      : undefined;
  }

  finish(): void {}

  remarks(): string[] {
    return [];
  }

  #take(event: NettraceEvent): void {
    const { symbols, threads, filter } = this.#context;
    if (!isThreadWanted(filter, event)) return;
    const ns = this.#clock!.ns(event.time);
    const { fromNs = -Infinity, toNs = Infinity } = filter;
    if (ns < fromNs || ns >= toNs) return;
    const type = this.#payload.start(event).utf16z();
    const sample = this.#sample;
    sample.node = symbols.stacks.nodeOf(event, symbols.spaces.of(event));
    sample.thread = threads.indexOf(event);
    sample.labels = type === "" ? 0 : this.samples.labelOf("type", type);
    sample.timeNs = ns;
    this.samples.note(ns);
    this.samples.add(sample, 1);
  }
}
