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

/** Bytes between two sampled allocations, on average. */
const SAMPLING_BYTES = 102_400;

/** One allocation that stands for many. */
export interface WeighedAllocation {
  /** Name of the type, empty where unknown. */
  readonly typeName: string;
  /** Bytes that it stands for. */
  readonly bytes: number;
  /** Objects that it stands for. */
  readonly objects: number;
  /** 0 small, 1 large, 2 pinned object heap. */
  readonly heap: number;
}

const ALLOCATION_TICK = 10;
const ALLOCATION_SAMPLED = 303;

/**
 * Says whether a kind of event samples allocations.
 *
 * @param metadata The kind.
 * @returns Whether {@linkcode weighAllocation} understands it.
 */
export function isAllocationKind(metadata: NettraceMetadata): boolean {
  return metadata.providerName === PROVIDER_NAME.runtime &&
    (metadata.eventId === ALLOCATION_TICK ||
      metadata.eventId === ALLOCATION_SAMPLED);
}

/**
 * Reads an event that samples allocations.
 *
 * A tick comes once per 100 kB or so and stands for all bytes since the one
 * before; of its objects nothing is known but the size of the last, so the
 * bytes are taken to be of such objects. A sampled allocation was chosen with a
 * probability that grows with its size; it stands for the inverse of that.
 *
 * @param payload A reader to use.
 * @param event An event of a kind that {@linkcode isAllocationKind} knows.
 * @param pointerSize Bytes of an address in the trace.
 * @returns What it stands for, `undefined` when the payload is damaged.
 */
export function weighAllocation(
  payload: EventPayload,
  event: NettraceEvent,
  pointerSize: 4 | 8,
): WeighedAllocation | undefined {
  payload.start(event);
  if (event.metadata.eventId === ALLOCATION_SAMPLED) {
    const heap = payload.u32();
    payload.skip(2 + pointerSize);
    const typeName = payload.utf16z();
    payload.skip(pointerSize);
    const size = payload.u64AsNumber();
    if (payload.isShort) return undefined;
    const probability = -Math.expm1(-size / SAMPLING_BYTES);
    const objects = probability > 0 ? 1 / probability : 1;
    return { typeName, bytes: size * objects, objects, heap };
  }
  const amount = payload.u32();
  const heap = payload.u32();
  if (payload.isShort) return undefined;
  if (event.version < 2) {
    return { typeName: "", bytes: amount, objects: 1, heap };
  }
  payload.skip(2);
  const bytes = payload.u64AsNumber();
  payload.skip(pointerSize);
  const typeName = payload.utf16z();
  if (payload.isShort) return undefined;
  let size = 0;
  if (event.version >= 4) {
    payload.skip(4 + pointerSize);
    size = payload.u64AsNumber();
  }
  return { typeName, bytes, objects: size > 0 ? bytes / size : 1, heap };
}

/** Allocated bytes and objects by stack and type. */
export class AllocationSamples implements SampleSource {
  readonly valueTypes: readonly ValueType[] = [
    { type: "alloc_objects", unit: "count" },
    { type: "alloc_space", unit: "bytes" },
  ];
  readonly defaultValueType = 1;
  readonly periodType: ValueType = { type: "space", unit: "bytes" };
  readonly period: number = SAMPLING_BYTES;
  readonly #context: SampleContext;
  readonly #payload = new EventPayload();
  readonly #sample: RawSample = { node: -1, thread: 0, labels: 0, timeNs: 0 };
  readonly #ticks: RawSamples;
  readonly #sampled: RawSamples;
  #clock: NettraceClock | undefined;
  #pointerSize: 4 | 8 = 8;

  /** @param context Stacks, threads and filter. */
  constructor(context: SampleContext) {
    this.#context = context;
    this.#ticks = new RawSamples(2, context);
    this.#sampled = new RawSamples(2, context);
  }

  /** Those chosen by chance where the trace has them, else the ticks: both tell of the same allocations. */
  get samples(): RawSamples {
    return this.#sampled.length > 0 ? this.#sampled : this.#ticks;
  }

  onHeader(header: NettraceHeader): void {
    this.#clock = new NettraceClock(header);
    this.#pointerSize = header.pointerSize;
  }

  handlerOf(metadata: NettraceMetadata): EventHandler | undefined {
    if (!isAllocationKind(metadata)) return undefined;
    const samples = metadata.eventId === ALLOCATION_TICK
      ? this.#ticks
      : this.#sampled;
    return (event) => this.#take(event, samples);
  }

  finish(): void {}

  remarks(): string[] {
    return [];
  }

  #take(event: NettraceEvent, samples: RawSamples): void {
    const { symbols, threads, filter } = this.#context;
    if (!isThreadWanted(filter, event)) return;
    const ns = this.#clock!.ns(event.time);
    const { fromNs = -Infinity, toNs = Infinity } = filter;
    if (ns < fromNs || ns >= toNs) return;
    const weighed = weighAllocation(this.#payload, event, this.#pointerSize);
    if (weighed === undefined) return;
    const sample = this.#sample;
    sample.node = symbols.stacks.nodeOf(event, symbols.spaces.of(event));
    sample.thread = threads.indexOf(event);
    sample.labels = weighed.typeName === ""
      ? 0
      : samples.labelOf("type", weighed.typeName);
    sample.timeNs = ns;
    samples.note(ns);
    samples.add(sample, weighed.objects, weighed.bytes);
  }
}
