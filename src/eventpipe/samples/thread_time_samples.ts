import { formatDurationNs } from "../../base/duration.ts";
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

/** A longer time without a sample may not be the thread's: the sampler itself may have stood still. */
const GAP_PERIODS = 20;
const USUAL_PERIOD_NS = 1_000_000;
/** `Type` of a sample whose thread ran managed code. */
const MANAGED = 2;

/** Options of {@linkcode ThreadTimeSamples}. */
export interface ThreadTimeOptions {
  /**
   * Whether a gap of more than 20 sampling periods counts as one period, and
   * the rest as not sampled.
   *
   * @default {false}
   */
  readonly cutGaps?: boolean | undefined;
  /** Whether time outside managed code is left out. @default {false} */
  readonly managedOnly?: boolean | undefined;
}

/** What was seen last of a thread. */
interface ThreadState {
  ns: number;
  node: number;
  isManaged: boolean;
}

/**
 * Time by stack from the runtime's sample profiler. It says of every managed
 * thread once per period where it is, running or not; so the time from one
 * sample of a thread to its next is charged to the stack at its beginning, and
 * is wall time. The last sample of a thread counts as a sample without time.
 */
export class ThreadTimeSamples implements SampleSource {
  readonly valueTypes: readonly ValueType[] = [
    { type: "samples", unit: "count" },
    { type: "wall", unit: "nanoseconds" },
    { type: "managed", unit: "nanoseconds" },
  ];
  readonly defaultValueType = 1;
  readonly periodType: ValueType = { type: "wall", unit: "nanoseconds" };
  readonly samples: RawSamples;
  readonly #context: SampleContext;
  readonly #cutGaps: boolean;
  readonly #managedOnly: boolean;
  readonly #fromNs: number;
  readonly #toNs: number;
  readonly #states: (ThreadState | undefined)[] = [];
  readonly #sample: RawSample = { node: -1, thread: 0, labels: 0, timeNs: 0 };
  #clock: NettraceClock | undefined;
  #period = USUAL_PERIOD_NS;
  #notSampledNs = 0;
  #stacklessCount = 0;
  #backwardCount = 0;

  /**
   * @param context Stacks, threads and filter.
   * @param options Gaps and kinds of code.
   */
  constructor(context: SampleContext, options: ThreadTimeOptions = {}) {
    const { cutGaps = false, managedOnly = false } = options;
    this.#context = context;
    this.#cutGaps = cutGaps;
    this.#managedOnly = managedOnly;
    this.#fromNs = context.filter.fromNs ?? -Infinity;
    this.#toNs = context.filter.toNs ?? Infinity;
    this.samples = new RawSamples(3, {
      isTimed: context.isTimed,
      lengthAt: 1,
    });
  }

  get period(): number {
    return this.#period;
  }

  /** Time that gaps were cut by, in ns. */
  get notSampledNs(): number {
    return this.#notSampledNs;
  }

  onHeader(header: NettraceHeader): void {
    this.#clock = new NettraceClock(header);
    this.#period = header.samplingIntervalNs || USUAL_PERIOD_NS;
  }

  handlerOf(metadata: NettraceMetadata): EventHandler | undefined {
    return metadata.providerName === PROVIDER_NAME.sampleProfiler &&
        metadata.eventId === 0
      ? (event) => this.#take(event)
      : undefined;
  }

  finish(): void {
    this.#states.forEach((state, thread) => {
      if (state !== undefined) this.#add(thread, state, state.ns);
    });
    this.#states.length = 0;
  }

  remarks(): string[] {
    const remarks: string[] = [];
    if (this.#notSampledNs > 0) {
      remarks.push(
        `not sampled: ${
          formatDurationNs(this.#notSampledNs)
        } in gaps of more than ${GAP_PERIODS} periods`,
      );
    }
    if (this.#stacklessCount > 0) {
      remarks.push(`${this.#stacklessCount} samples have no stack`);
    }
    if (this.#backwardCount > 0) {
      remarks.push(
        `${this.#backwardCount} samples are older than the one before them`,
      );
    }
    return remarks;
  }

  #take(event: NettraceEvent): void {
    const { symbols, threads, filter } = this.#context;
    if (event.payloadLength < 4 || !isThreadWanted(filter, event)) return;
    const isManaged = event.view.getInt32(event.payloadStart, true) === MANAGED;
    const thread = threads.indexOf(event);
    const ns = this.#clock!.ns(event.time);
    const node = symbols.stacks.nodeOf(event, symbols.spaces.of(event));
    if (node < 0) this.#stacklessCount++;
    const state = this.#states[thread];
    if (state === undefined) {
      this.#states[thread] = { ns, node, isManaged };
      return;
    }
    this.#add(thread, state, ns);
    state.ns = ns;
    state.node = node;
    state.isManaged = isManaged;
  }

  /** Adds the time from what was seen last up to a moment. */
  #add(thread: number, state: ThreadState, endNs: number): void {
    if (endNs < state.ns) this.#backwardCount++;
    const start = Math.max(state.ns, this.#fromNs);
    let length = Math.max(Math.min(endNs, this.#toNs) - start, 0);
    if (this.#cutGaps && endNs - state.ns > GAP_PERIODS * this.#period) {
      const kept = Math.min(length, this.#period);
      this.#notSampledNs += length - kept;
      length = kept;
    }
    const isInside = state.ns >= this.#fromNs && state.ns < this.#toNs;
    if (!isInside && length === 0) return;
    if (this.#managedOnly && !state.isManaged) return;
    const sample = this.#sample;
    sample.node = state.node;
    sample.thread = thread;
    sample.timeNs = start;
    this.samples.note(start);
    this.samples.note(start + length);
    this.samples.add(
      sample,
      isInside ? 1 : 0,
      length,
      state.isManaged ? length : 0,
    );
  }
}
