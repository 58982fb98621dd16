import type { UnixNs } from "../base/time.ts";
import { formatUnixNs } from "../base/time.ts";
import { formatId128, type Id128 } from "../codec/id128.ts";
import { formatFrameType } from "./frame_type_table.ts";
import { mergeProfiles } from "./merge_profiles.ts";
import { OTLP_KEY, PROFILE_LABEL } from "./otlp_key_table.ts";
import { ProfileBuilder } from "./profile_builder.ts";
import type { ProcessMeta, SamplingFacts, TraceOrigin } from "./raw_trace.ts";
import type { Trace, TraceFrame } from "./trace.ts";
import type { TraceMeta, TraceReporter } from "./trace_reporter.ts";
import type { Label, Mapping, Profile, ValueType } from "./types.ts";

/** How a {@linkcode ProfileReporter} gathers. */
export interface ProfileReporterOptions {
  /** What a sample means, asked for when the first one comes. @default {a sample counts 1} */
  readonly facts?: SamplingFacts | (() => SamplingFacts) | undefined;
  /** Whether each sample keeps its time; else equal ones are summed. @default {true} */
  readonly timed?: boolean | undefined;
  /** Whether the times of samples are wall time. @default {true} */
  readonly isWallTime?: boolean | undefined;
  /** Whether samples of different processors are told apart. @default {false} */
  readonly perCpu?: boolean | undefined;
  /** Whether it wants each trace, rather than counts and frames once. @default {true} */
  readonly wantsEvents?: boolean | undefined;
  /** Most frames of a stack that are kept; deeper ones get a root that says so. @default {unlimited} */
  readonly maxDepth?: number | undefined;
}

/** When a profile was gathered, if not from its first sample to its last. */
export interface ProfileWindow {
  /** First moment. */
  readonly start?: UnixNs | undefined;
  /** Last moment. */
  readonly end?: UnixNs | undefined;
}

/** Named frames whose index is remembered. */
const MAX_KNOWN_FRAMES = 65_536;
/** Traces whose stack is remembered, where the very same comes again. */
const MAX_KNOWN_STACKS = 16_384;
/** Threads whose index is remembered. */
const MAX_KNOWN_THREADS = 16_384;
/** Traces whose frames are remembered for counts. */
const MAX_KNOWN_TRACES = 262_144;

/** Columns by origin; samples also have the time or amount that they stand for. */
const COLUMNS: Readonly<Record<TraceOrigin, readonly ValueType[]>> = {
  sampling: [{ type: "samples", unit: "count" }],
  "off_cpu": [
    { type: "events", unit: "count" },
    { type: "off_cpu", unit: "nanoseconds" },
  ],
  probe: [{ type: "events", unit: "count" }],
};

/**
 * Gathers named traces in a profile. Two samples are only taken for the same if
 * everything is: process (with its start), program, container, service, thread,
 * span, labels and each frame of the stack.
 *
 * @example One trace
 * ```ts
 * import type { UnixNs } from "../../src/base/time.ts";
 * import { ProfileReporter } from "../../src/profile/profile_reporter.ts";
 * import { assertEquals } from "@std/assert";
 *
 * const reporter = new ProfileReporter();
 * reporter.reportTraceEvent(
 *   {
 *     frames: [{
 *       type: 3, functionName: "main", functionOffset: 0, sourceFile: "",
 *       sourceLine: 0, sourceColumn: 0, address: 16n, mapping: undefined,
 *     }],
 *   },
 *   {
 *     timestamp: 1_700_000_000_000_000_000n as UnixNs, comm: "app", pid: 1,
 *     tid: 1, cpu: 0, apmServiceName: "", origin: "sampling", value: 0,
 *     labels: [], traceId: "", spanId: "", process: undefined,
 *   },
 * );
 * assertEquals(reporter.build().samples.length, 1);
 * ```
 */
export class ProfileReporter implements TraceReporter {
  readonly #options: ProfileReporterOptions;
  readonly #gatherers = new Map<TraceOrigin, Gatherer>();
  /** Frames of traces that are counted, by hash. */
  readonly #traces = new Map<string, Trace>();

  /** @param options What samples mean and what tells them apart. */
  constructor(options: ProfileReporterOptions = {}) {
    this.#options = options;
  }

  /** Samples so far, in all origins. */
  get sampleCount(): number {
    let count = 0;
    for (const gatherer of this.#gatherers.values()) {
      count += gatherer.sampleCount;
    }
    return count;
  }

  supportsReportTraceEvent(): boolean {
    return this.#options.wantsEvents ?? true;
  }

  reportTraceEvent(trace: Trace, meta: TraceMeta): void {
    this.#gatherer(meta.origin).add(trace, meta, 1);
  }

  reportCountForTrace(hash: Id128, count: number, meta: TraceMeta): void {
    const key = formatId128(hash);
    const gatherer = this.#gatherer(meta.origin);
    const trace = this.#traces.get(key);
    if (trace === undefined) gatherer.addPending(key, meta, count);
    else gatherer.add(trace, meta, count);
  }

  reportFramesForTrace(trace: Trace): void {
    if (trace.hash === undefined) return;
    const key = formatId128(trace.hash);
    // The oldest go: their next counts wait for frames that may not come.
    if (this.#traces.size >= MAX_KNOWN_TRACES) {
      this.#traces.delete(this.#traces.keys().next().value!);
    }
    this.#traces.set(key, trace);
    for (const gatherer of this.#gatherers.values()) {
      gatherer.settle(key, trace);
    }
  }

  /**
   * Makes the profile of all that was reported so far.
   *
   * @param window When it was gathered.
   * @returns The profile; with several origins it has the columns of all.
   */
  build(window: ProfileWindow = {}): Profile {
    const gatherers = this.#gatherers.size > 0
      ? [...this.#gatherers.values()]
      : [this.#gatherer("sampling")];
    return mergeProfiles(gatherers.map((gatherer) => gatherer.build(window)));
  }

  /**
   * Makes the profile and begins a new one.
   *
   * @param window When it was gathered.
   * @returns The profile.
   */
  take(window: ProfileWindow = {}): Profile {
    const profile = this.build(window);
    this.#gatherers.clear();
    return profile;
  }

  #gatherer(origin: TraceOrigin): Gatherer {
    let gatherer = this.#gatherers.get(origin);
    if (gatherer === undefined) {
      gatherer = new Gatherer(origin, this.#options);
      this.#gatherers.set(origin, gatherer);
    }
    return gatherer;
  }
}

/** What a thread was the last time. */
interface LastThread {
  readonly pid: number;
  readonly comm: string;
  readonly processName: string;
  readonly index: number;
}

interface Pending {
  readonly meta: TraceMeta;
  count: number;
}

/** Traces of one origin. */
class Gatherer {
  readonly #origin: TraceOrigin;
  readonly #options: ProfileReporterOptions;
  readonly #builder: ProfileBuilder;
  readonly #values: Float64Array;
  readonly #period: number;
  readonly #hasAmount: boolean;
  readonly #frames = new Map<TraceFrame, number>();
  readonly #stacks = new Map<Trace, number>();
  readonly #mappings = new WeakMap<Mapping, number>();
  readonly #threads = new Map<string, number>();
  readonly #lastThreads = new Map<number, LastThread>();
  readonly #resourceLabels = new Map<ProcessMeta, readonly Label[]>();
  readonly #plainLabels = new Map<ProcessMeta | undefined, number>();
  readonly #sample = { timeNs: 0, labels: 0 };
  #pending = new Map<string, Pending[]>();
  #baseNs: UnixNs | undefined;
  #firstNs = 0;
  #lastNs = 0;

  constructor(origin: TraceOrigin, options: ProfileReporterOptions) {
    this.#origin = origin;
    this.#options = options;
    const { timed = true } = options;
    const facts = typeof options.facts === "function"
      ? options.facts()
      : options.facts ?? { period: 0 };
    const valueTypes = [...COLUMNS[origin]];
    this.#period = facts.period;
    this.#hasAmount = origin === "sampling" && facts.valueType !== undefined;
    const amount = facts.valueType ?? facts.periodType;
    if (
      origin === "sampling" && amount !== undefined &&
      (this.#hasAmount || facts.period > 0)
    ) valueTypes.push(amount);
    this.#builder = new ProfileBuilder({ valueTypes, timed });
    this.#values = new Float64Array(valueTypes.length);
    if (origin === "sampling") {
      this.#builder.facts.periodType = facts.periodType;
      this.#builder.facts.period = facts.period;
    }
  }

  get sampleCount(): number {
    return this.#builder.sampleCount;
  }

  add(trace: Trace, meta: TraceMeta, count: number): void {
    this.#addSample(this.#stackOf(trace), meta, count);
  }

  addPending(key: string, meta: TraceMeta, count: number): void {
    const waiting = this.#pending.get(key);
    if (waiting === undefined) this.#pending.set(key, [{ meta, count }]);
    else waiting.push({ meta, count });
  }

  settle(key: string, trace: Trace): void {
    const waiting = this.#pending.get(key);
    if (waiting === undefined) return;
    this.#pending.delete(key);
    for (const { meta, count } of waiting) this.add(trace, meta, count);
  }

  build(window: ProfileWindow): Profile {
    for (const waiting of this.#pending.values()) {
      const frame = this.#builder.internFrame({
        function: this.#builder.internFunction({ name: "[unreported]" }),
      });
      const stack = this.#builder.internStack(-1, frame);
      for (const { meta, count } of waiting) {
        this.#addSample(stack, meta, count);
      }
    }
    this.#pending = new Map();
    return this.#inWindow(this.#builder.build(), window);
  }

  /** Times count from the start of the window, or the first sample. */
  #inWindow(profile: Profile, window: ProfileWindow): Profile {
    const base = this.#baseNs;
    const isWallTime = this.#options.isWallTime ?? true;
    const first = base === undefined
      ? window.start
      : (base + BigInt(this.#firstNs)) as UnixNs;
    if (first === undefined) return profile;
    const start = window.start !== undefined && window.start < first
      ? window.start
      : first;
    const last = base === undefined
      ? start
      : (base + BigInt(this.#lastNs)) as UnixNs;
    const end = window.end !== undefined && window.end > last
      ? window.end
      : last;
    const { timeNs } = profile.samples;
    const shiftNs = base === undefined ? 0 : Number(base - start);
    return {
      ...profile,
      startTime: isWallTime ? start : undefined,
      durationNs: Number(end - start),
      samples: {
        ...profile.samples,
        timeNs: shiftNs === 0 ? timeNs : timeNs?.map((time) => time + shiftNs),
      },
    };
  }

  #addSample(stack: number, meta: TraceMeta, count: number): void {
    const values = this.#values;
    values[0] = count;
    if (this.#origin === "off_cpu") values[1] = meta.value * count;
    else if (values.length > 1) {
      values[1] = count * (this.#hasAmount ? meta.value : this.#period);
    }
    this.#baseNs ??= meta.timestamp;
    const timeNs = Number(meta.timestamp - this.#baseNs);
    if (timeNs < this.#firstNs) this.#firstNs = timeNs;
    if (timeNs > this.#lastNs) this.#lastNs = timeNs;
    this.#sample.timeNs = timeNs;
    this.#sample.labels = this.#labelsOf(meta);
    this.#builder.addSample(stack, this.#threadOf(meta), values, this.#sample);
  }

  #stackOf(trace: Trace): number {
    let stack = this.#stacks.get(trace);
    if (stack === undefined) {
      stack = this.#internStack(trace);
      if (this.#stacks.size >= MAX_KNOWN_STACKS) this.#stacks.clear();
      this.#stacks.set(trace, stack);
    }
    return stack;
  }

  #internStack({ frames }: Trace): number {
    const { maxDepth = Infinity } = this.#options;
    let stack = -1;
    let start = frames.length - 1;
    if (frames.length > maxDepth) {
      start = maxDepth - 1;
      stack = this.#builder.internStack(
        stack,
        this.#builder.internFrame({
          function: this.#builder.internFunction({ name: "[truncated]" }),
        }),
      );
    }
    for (let at = start; at >= 0; at--) {
      stack = this.#builder.internStack(stack, this.#frameOf(frames[at]!));
    }
    return stack;
  }

  #frameOf(frame: TraceFrame): number {
    let index = this.#frames.get(frame);
    if (index !== undefined) return index;
    const { functionName, sourceFile, mapping } = frame;
    const hasFunction = functionName !== "" || sourceFile !== "";
    index = this.#builder.internFrame({
      function: hasFunction
        ? this.#builder.internFunction({
          name: functionName,
          fileName: sourceFile,
        })
        : undefined,
      mapping: mapping === undefined ? undefined : this.#mappingOf(mapping),
      address: frame.address,
      line: frame.sourceLine,
      column: frame.sourceColumn,
      kind: formatFrameType(frame.type),
      inlined: frame.inlined,
    });
    // Frames that a cache forgot come again as other objects.
    if (this.#frames.size >= MAX_KNOWN_FRAMES) this.#frames.clear();
    this.#frames.set(frame, index);
    return index;
  }

  #mappingOf(mapping: Mapping): number {
    let index = this.#mappings.get(mapping);
    if (index === undefined) {
      index = this.#builder.internMapping(mapping);
      this.#mappings.set(mapping, index);
    }
    return index;
  }

  #threadOf({ pid, tid, comm, process }: TraceMeta): number {
    const processName = process?.name ?? "";
    // Mostly the thread is called what it was called before.
    const last = this.#lastThreads.get(tid);
    if (
      last !== undefined && last.pid === pid && last.comm === comm &&
      last.processName === processName
    ) return last.index;
    const index = this.#internThread(pid, tid, comm, processName);
    if (this.#lastThreads.size >= MAX_KNOWN_THREADS) this.#lastThreads.clear();
    this.#lastThreads.set(tid, { pid, comm, processName, index });
    return index;
  }

  #internThread(
    pid: number,
    tid: number,
    comm: string,
    processName: string,
  ): number {
    const key = `${pid} ${tid} ${comm}\0${processName}`;
    let index = this.#threads.get(key);
    if (index === undefined) {
      index = this.#builder.internThread({ pid, tid, name: comm, processName });
      this.#threads.set(key, index);
    }
    return index;
  }

  #labelsOf(meta: TraceMeta): number {
    const { labels, traceId, spanId, cpu, apmServiceName, process } = meta;
    const hasCpu = this.#options.perCpu === true && cpu >= 0;
    const isPlain = labels.length === 0 && traceId === "" && spanId === "" &&
      !hasCpu && apmServiceName === "";
    if (isPlain) {
      const known = this.#plainLabels.get(process);
      if (known !== undefined) return known;
    }
    const all: Label[] = [
      ...labels,
      ...(process === undefined ? [] : this.#labelsOfProcess(process)),
    ];
    const add = (key: string, value: string | number) =>
      all.push({ key, value, unit: "" });
    if (traceId !== "") add(PROFILE_LABEL.traceId, traceId);
    if (spanId !== "") add(PROFILE_LABEL.spanId, spanId);
    if (apmServiceName !== "") add(OTLP_KEY.serviceName, apmServiceName);
    if (hasCpu) add(PROFILE_LABEL.cpu, cpu);
    const index = this.#builder.internLabels(all);
    if (isPlain) this.#plainLabels.set(process, index);
    return index;
  }

  #labelsOfProcess(process: ProcessMeta): readonly Label[] {
    let labels = this.#resourceLabels.get(process);
    if (labels === undefined) {
      const values = {
        [OTLP_KEY.processPath]: process.executablePath,
        [OTLP_KEY.containerId]: process.containerId,
        "process.creation.time": process.startTime === undefined
          ? ""
          : formatUnixNs(process.startTime),
        ...Object.fromEntries(
          Object.entries(process.environment ?? {}).map((
            [name, value],
          ) => [`process.environment_variable.${name}`, value]),
        ),
      };
      labels = Object.entries(values)
        .filter(([, value]) => value !== "")
        .map(([key, value]) => ({ key, value, unit: "" }));
      this.#resourceLabels.set(process, labels);
    }
    return labels;
  }
}
