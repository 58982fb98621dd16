import type { KTime } from "../../base/time.ts";
import { FRAME_TYPE } from "../../profile/frame_type_table.ts";
import { rawFrameFlags, rawFrameHeader } from "../../profile/raw_frames.ts";
import type { RawTrace } from "../../profile/raw_trace.ts";
import type { Label } from "../../profile/types.ts";
import type { EventCollector, EventHandler } from "../event_collector.ts";
import { NettraceClock } from "../nettrace/nettrace_time.ts";
import type {
  NettraceEvent,
  NettraceHeader,
  NettraceMetadata,
} from "../nettrace/types.ts";
import { PROVIDER_NAME } from "../provider_name_table.ts";

/** `Type` of a sample whose thread ran managed code. */
const MANAGED = 2;
const USUAL_PERIOD_NS = 1_000_000;
/** A thread that was not seen for this long has ended, or nobody sampled. */
const LOST_NS = 1e9;
const SWEEP_NS = 2.5e8;
/** Label that tells where a thread was. */
const STATE_KEY = "thread.state";
const MANAGED_LABELS: readonly Label[] = [
  { key: STATE_KEY, value: "managed", unit: "" },
];
const NATIVE_LABELS: readonly Label[] = [
  { key: STATE_KEY, value: "external", unit: "" },
];

const NO_FRAMES = new Uint32Array(0);
const LEAF = flagsOf(false);
const CALLER = flagsOf(true);

interface ThreadState {
  ns: number;
  words: Uint32Array;
  isManaged: boolean;
}

/**
 * Makes raw traces of what the runtime's sample profiler sees. A trace stands
 * for the time up to the next one of its thread, which is wall time: it is there
 * as soon as that comes. A thread that is not seen for a second counts with one
 * period.
 */
export class StackTraces implements EventCollector {
  readonly #pid: (header: NettraceHeader) => number;
  readonly #threads = new Map<number, ThreadState>();
  readonly #stacks = new Map<number, Uint32Array>();
  #traces: RawTrace[] = [];
  #clock: NettraceClock | undefined;
  #processId = 0;
  #periodNs = USUAL_PERIOD_NS;
  #sweptNs = 0;

  /** @param pid Number of the process, as it is known here. */
  constructor(pid: (header: NettraceHeader) => number) {
    this.#pid = pid;
  }

  /** Nanoseconds between two samples. */
  get periodNs(): number {
    return this.#periodNs;
  }

  onHeader(header: NettraceHeader): void {
    this.#clock = new NettraceClock(header);
    this.#periodNs = header.samplingIntervalNs || USUAL_PERIOD_NS;
    this.#processId = this.#pid(header);
  }

  onSequencePoint(): void {
    this.#stacks.clear();
  }

  handlerOf(metadata: NettraceMetadata): EventHandler | undefined {
    return metadata.providerName === PROVIDER_NAME.sampleProfiler &&
        metadata.eventId === 0
      ? (event) => this.#take(event)
      : undefined;
  }

  /** @returns Traces that are complete; they are given once. */
  take(): RawTrace[] {
    const traces = this.#traces;
    this.#traces = [];
    return traces;
  }

  /** Ends the last trace of every thread with one period. */
  finish(): void {
    for (const [tid, state] of this.#threads) {
      this.#add(tid, state, state.ns + this.#periodNs);
    }
    this.#threads.clear();
  }

  #take(event: NettraceEvent): void {
    if (event.payloadLength < 4) return;
    const isManaged = event.view.getInt32(event.payloadStart, true) === MANAGED;
    const ns = this.#clock!.ns(event.time);
    const words = this.#wordsOf(event);
    if (ns - this.#sweptNs > SWEEP_NS) this.#sweep(ns);
    const state = this.#threads.get(event.threadId);
    if (state === undefined) {
      this.#threads.set(event.threadId, { ns, words, isManaged });
      return;
    }
    this.#add(event.threadId, state, Math.max(ns, state.ns));
    state.ns = ns;
    state.words = words;
    state.isManaged = isManaged;
  }

  #sweep(ns: number): void {
    this.#sweptNs = ns;
    for (const [tid, state] of this.#threads) {
      if (ns - state.ns <= LOST_NS) continue;
      this.#add(tid, state, state.ns + this.#periodNs);
      this.#threads.delete(tid);
    }
  }

  #add(tid: number, { ns, words, isManaged }: ThreadState, end: number): void {
    this.#traces.push({
      ktime: BigInt(Math.round(ns)) as KTime,
      pid: this.#processId,
      tid,
      comm: "",
      cpu: -1,
      origin: "sampling",
      value: Math.round(end - ns),
      frameData: words,
      kernelFrameCount: 0,
      labels: isManaged ? MANAGED_LABELS : NATIVE_LABELS,
      traceId: "",
      spanId: "",
    });
  }

  #wordsOf(event: NettraceEvent): Uint32Array {
    const { stackId } = event;
    if (stackId === 0) return NO_FRAMES;
    if (stackId === -1) return encode(event);
    let words = this.#stacks.get(stackId);
    if (words === undefined) {
      words = encode(event);
      this.#stacks.set(stackId, words);
    }
    return words;
  }
}

/** Addresses as raw frames; those above 52 bits have a word of their own. */
function encode({ stack }: NettraceEvent): Uint32Array {
  const { bytes, pointerSize } = stack;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const count = Math.floor(bytes.length / pointerSize);
  const words: number[] = [];
  for (let index = 0; index < count; index++) {
    const at = index * pointerSize;
    const low = view.getUint32(at, true);
    const high = pointerSize === 8 ? view.getUint32(at + 4, true) : 0;
    const flags = index === 0 ? LEAF : CALLER;
    if (high < 0x10_0000) {
      words.push(low, rawFrameHeader(FRAME_TYPE.dotnet, flags, 1) | high);
    } else {
      words.push(0, rawFrameHeader(FRAME_TYPE.dotnet, flags, 2), low, high);
    }
  }
  return Uint32Array.from(words);
}

function flagsOf(isReturnAddress: boolean): number {
  return rawFrameFlags({
    isError: false,
    isReturnAddress,
    isPidSpecific: true,
  });
}
