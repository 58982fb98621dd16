import { DecodeStats } from "../../base/decode_stats.ts";
import type { Limits } from "../../base/limits.ts";
import type { KTime, UnixNs } from "../../base/time.ts";
import { FRAME_TYPE } from "../../profile/frame_type_table.ts";
import { rawFrameHeader } from "../../profile/raw_frames.ts";
import type {
  ConvertedFrame,
  FrameConverter,
  ProcessMeta,
  RawFrame,
  RawTrace,
  RawTraceSource,
  SamplingFacts,
  TraceClock,
} from "../../profile/raw_trace.ts";
import type { Label, Mapping } from "../../profile/types.ts";
import { collectNettrace } from "../collect_nettrace.ts";
import type { EventCollector, EventHandler } from "../event_collector.ts";
import { NettraceClock } from "../nettrace/nettrace_time.ts";
import type {
  NettraceEvent,
  NettraceHeader,
  NettraceMetadata,
} from "../nettrace/types.ts";
import { ProcessFacts } from "../process_facts.ts";
import { PROVIDER_NAME } from "../provider_name_table.ts";
import { CodeNames } from "../symbols/code_names.ts";
import { METHOD_SOURCE } from "../symbols/method_table.ts";
import { moduleMapping } from "../symbols/module_mapping.ts";
import type { FrameNameOptions } from "../symbols/name_method.ts";
import { SymbolCollector } from "../symbols/symbol_collector.ts";
import { TracedThreads } from "./traced_threads.ts";

/** How {@linkcode readNettraceTraces} reads. */
export interface ReadNettraceTracesOptions extends FrameNameOptions {
  /** Bounds on what is accepted. */
  readonly limits?: Partial<Limits> | undefined;
  /** Collects what was survived. */
  readonly stats?: DecodeStats | undefined;
  /** Ends the work. */
  readonly signal?: AbortSignal | undefined;
}

/** `Type` of a sample whose thread ran managed code. */
const MANAGED = 2;
const USUAL_PERIOD_NS = 1_000_000;
const BATCH_TRACES = 1024;
/** Addresses from here on are the kernel's, on the 64-bit systems that trace it. */
const KERNEL_START_HIGH = 0xffff_8000;
const STATE_KEY = "thread.state";
const MANAGED_LABELS: readonly Label[] = [
  { key: STATE_KEY, value: "managed", unit: "" },
];
const NATIVE_LABELS: readonly Label[] = [
  { key: STATE_KEY, value: "external", unit: "" },
];

/**
 * Reads the samples of a trace one by one, as raw traces for a trace handler:
 * each stands for the time up to the next one of its thread, which is wall time,
 * and has a label that tells whether the thread ran managed code. Names come
 * with a trace at its end, so all is read before the first batch.
 *
 * @param source The stream in pieces of any size.
 * @param options How frames are named; without module by default, which is the
 * mapping's.
 * @returns The source of raw traces, in order of time.
 * @throws {FormatError} When it is no nettrace stream or ends within its header.
 * @throws {LimitError} When a limit is exceeded.
 *
 * @example Through the handler
 * ```ts ignore
 * import { readNettraceTraces } from "@tracedeck/tracedeck/eventpipe";
 * import { profileTraces } from "@tracedeck/tracedeck/tracehandler";
 *
 * const file = await Deno.open("app.nettrace");
 * const { profile } = await profileTraces(
 *   await readNettraceTraces(file.readable),
 * );
 * ```
 */
export async function readNettraceTraces(
  source: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  options: ReadNettraceTracesOptions = {},
): Promise<RawTraceSource> {
  const { stats = new DecodeStats(), limits, signal } = options;
  const symbols = new SymbolCollector();
  const threads = new TracedThreads();
  const process = new ProcessFacts();
  const rows = new SampleRows(symbols, threads);
  const { header } = await collectNettrace(
    source,
    [rows, threads, process, symbols],
    { limits, stats, signal },
  );
  rows.finish();
  return new NettraceTraceSource(
    { symbols, threads, rows, header, name: process.programName },
    options,
  );
}

/** What a thread was seen to do. */
interface ThreadState {
  ns: number;
  node: number;
  isManaged: boolean;
}

/** Samples as columns; each has ended with the next one of its thread. */
class SampleRows implements EventCollector {
  readonly nodes: number[] = [];
  readonly threads: number[] = [];
  readonly startsNs: number[] = [];
  readonly lengthsNs: number[] = [];
  readonly areManaged: boolean[] = [];
  readonly #symbols: SymbolCollector;
  readonly #tracedThreads: TracedThreads;
  readonly #states: (ThreadState | undefined)[] = [];
  #clock: NettraceClock | undefined;

  constructor(symbols: SymbolCollector, threads: TracedThreads) {
    this.#symbols = symbols;
    this.#tracedThreads = threads;
  }

  onHeader(header: NettraceHeader): void {
    this.#clock = new NettraceClock(header);
  }

  handlerOf(metadata: NettraceMetadata): EventHandler | undefined {
    return metadata.providerName === PROVIDER_NAME.sampleProfiler &&
        metadata.eventId === 0
      ? (event) => this.#take(event)
      : undefined;
  }

  /** The last sample of each thread counts without time. */
  finish(): void {
    this.#states.forEach((state, thread) => {
      if (state !== undefined) this.#add(thread, state, state.ns);
    });
    this.#states.length = 0;
  }

  #take(event: NettraceEvent): void {
    if (event.payloadLength < 4) return;
    const isManaged = event.view.getInt32(event.payloadStart, true) === MANAGED;
    const thread = this.#tracedThreads.indexOf(event);
    const ns = this.#clock!.ns(event.time);
    const { stacks, spaces } = this.#symbols;
    const node = stacks.nodeOf(event, spaces.of(event));
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

  #add(thread: number, state: ThreadState, endNs: number): void {
    this.nodes.push(state.node);
    this.threads.push(thread);
    this.startsNs.push(state.ns);
    this.lengthsNs.push(Math.max(0, Math.round(endNs - state.ns)));
    this.areManaged.push(state.isManaged);
  }
}

interface TraceParts {
  readonly symbols: SymbolCollector;
  readonly threads: TracedThreads;
  readonly rows: SampleRows;
  readonly header: NettraceHeader;
  /** Name of the traced program. */
  readonly name: string;
}

class NettraceTraceSource implements RawTraceSource {
  readonly facts: SamplingFacts;
  readonly clock: TraceClock;
  readonly converter: FrameConverter;
  readonly #parts: TraceParts;
  readonly #process: ProcessMeta;
  /** Words of the stacks that were met, by their leaf. */
  readonly #frameData = new Map<number, Uint32Array>();

  constructor(parts: TraceParts, options: FrameNameOptions) {
    const { header, name } = parts;
    const wall = { type: "wall", unit: "nanoseconds" };
    const startNs = header.syncTime;
    this.#parts = parts;
    this.facts = {
      periodType: wall,
      period: header.samplingIntervalNs || USUAL_PERIOD_NS,
      valueType: wall,
    };
    this.clock = {
      isWallClock: startNs !== undefined,
      unixNs: (ktime) => ((startNs ?? 0n) + ktime) as UnixNs,
    };
    this.converter = new AddressConverter(parts.symbols, options);
    this.#process = { name, executablePath: "", containerId: "" };
  }

  processOf(): ProcessMeta {
    return this.#process;
  }

  async *batches(): AsyncGenerator<readonly RawTrace[]> {
    const { rows } = this.#parts;
    const { startsNs } = rows;
    const order = Uint32Array.from(startsNs.keys())
      .sort((a, b) => startsNs[a]! - startsNs[b]!);
    for (let at = 0; at < order.length; at += BATCH_TRACES) {
      yield Array.from(
        order.subarray(at, at + BATCH_TRACES),
        (row) => this.#traceOf(row),
      );
    }
  }

  #traceOf(row: number): RawTrace {
    const { rows, threads, header } = this.#parts;
    const thread = threads.get(rows.threads[row]!);
    return {
      ktime: BigInt(Math.round(rows.startsNs[row]!)) as KTime,
      pid: thread.processId ?? header.processId ?? 0,
      tid: thread.threadId ?? 0,
      comm: thread.name,
      cpu: -1,
      origin: "sampling",
      value: rows.lengthsNs[row]!,
      frameData: this.#wordsOf(rows.nodes[row]!),
      kernelFrameCount: 0,
      labels: rows.areManaged[row] === true ? MANAGED_LABELS : NATIVE_LABELS,
      traceId: "",
      spanId: "",
    };
  }

  /** A frame is the number of its address in the trace's table. */
  #wordsOf(node: number): Uint32Array {
    let words = this.#frameData.get(node);
    if (words !== undefined) return words;
    const { stacks } = this.#parts.symbols;
    const header = rawFrameHeader(FRAME_TYPE.dotnet, 0, 1);
    const data: number[] = [];
    for (let at = node; at >= 0; at = stacks.prefix(at)) {
      data.push(stacks.address(at), header);
    }
    words = Uint32Array.from(data);
    this.#frameData.set(node, words);
    return words;
  }
}

/** Names addresses by their numbers. */
class AddressConverter implements FrameConverter {
  readonly generation = 0;
  readonly #symbols: SymbolCollector;
  readonly #names: CodeNames;
  readonly #mappings = new Map<number, Mapping | undefined>();

  constructor(symbols: SymbolCollector, options: FrameNameOptions) {
    this.#symbols = symbols;
    this.#names = new CodeNames(symbols, { withModule: false, ...options });
  }

  convertFrame({ data }: RawFrame): ConvertedFrame {
    const { addresses, methods } = this.#symbols;
    const { resolved } = this.#names;
    const method = resolved.method[data]!;
    const module = resolved.module[data]!;
    const isManaged = method >= 0 &&
      (methods.source(method) !== METHOD_SOURCE.symbol || module < 0);
    return {
      frames: [{
        type: addresses.high(data) >= KERNEL_START_HIGH
          ? FRAME_TYPE.kernel
          : isManaged
          ? FRAME_TYPE.dotnet
          : FRAME_TYPE.native,
        functionName: method < 0
          ? ""
          : this.#names.ofMethod(method, module).name,
        functionOffset: 0,
        sourceFile: "",
        sourceLine: 0,
        sourceColumn: 0,
        address: method < 0 ? addresses.value(data) : 0n,
        mapping: this.#mappingOf(module),
      }],
      isCacheable: true,
    };
  }

  convertKernelAddress(): ConvertedFrame {
    return { frames: [], isCacheable: true };
  }

  #mappingOf(module: number): Mapping | undefined {
    if (module < 0) return undefined;
    if (!this.#mappings.has(module)) {
      const described = this.#symbols.modules.get(module);
      this.#mappings.set(
        module,
        described === undefined || described.path === ""
          ? undefined
          : moduleMapping(described),
      );
    }
    return this.#mappings.get(module);
  }
}
