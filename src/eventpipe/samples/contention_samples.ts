import type { ValueType } from "../../profile/types.ts";
import type { EventHandler } from "../event_collector.ts";
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

const START = 81;
const STOP = 91;

/** Time that threads waited for locks, by the stack that asked for the lock. */
export class ContentionSamples implements SampleSource {
  readonly valueTypes: readonly ValueType[] = [
    { type: "contentions", unit: "count" },
    { type: "delay", unit: "nanoseconds" },
  ];
  readonly defaultValueType = 1;
  readonly periodType: ValueType = { type: "contentions", unit: "count" };
  readonly period = 1;
  readonly samples: RawSamples;
  readonly #context: SampleContext;
  readonly #sample: RawSample = { node: -1, thread: 0, labels: 0, timeNs: 0 };
  /** By thread: when it began to wait, and where. */
  readonly #waiting = new Map<number, { ns: number; node: number }>();
  #clock: NettraceClock | undefined;
  #unendedCount = 0;

  /** @param context Stacks, threads and filter. */
  constructor(context: SampleContext) {
    this.#context = context;
    this.samples = new RawSamples(2, context);
  }

  onHeader(header: NettraceHeader): void {
    this.#clock = new NettraceClock(header);
  }

  handlerOf(metadata: NettraceMetadata): EventHandler | undefined {
    if (metadata.providerName !== PROVIDER_NAME.runtime) return undefined;
    if (metadata.eventId === START) return (event) => this.#start(event);
    return metadata.eventId === STOP ? (event) => this.#stop(event) : undefined;
  }

  finish(): void {
    this.#unendedCount = this.#waiting.size;
  }

  remarks(): string[] {
    return this.#unendedCount > 0
      ? [`${this.#unendedCount} waits for locks have no end in the trace`]
      : [];
  }

  #start(event: NettraceEvent): void {
    const { symbols, threads, filter } = this.#context;
    if (!isThreadWanted(filter, event)) return;
    this.#waiting.set(threads.indexOf(event), {
      ns: this.#clock!.ns(event.time),
      node: symbols.stacks.nodeOf(event, symbols.spaces.of(event)),
    });
  }

  #stop(event: NettraceEvent): void {
    const { threads, filter } = this.#context;
    if (!isThreadWanted(filter, event)) return;
    const thread = threads.indexOf(event);
    const wait = this.#waiting.get(thread);
    if (wait === undefined) return;
    this.#waiting.delete(thread);
    const end = this.#clock!.ns(event.time);
    const { fromNs = -Infinity, toNs = Infinity } = filter;
    if (wait.ns < fromNs || wait.ns >= toNs) return;
    const sample = this.#sample;
    sample.node = wait.node;
    sample.thread = thread;
    sample.timeNs = wait.ns;
    this.samples.note(wait.ns);
    this.samples.note(end);
    this.samples.add(sample, 1, Math.max(end - wait.ns, 0));
  }
}
