import { DecodeStats } from "../base/decode_stats.ts";
import { FormatError } from "../base/errors.ts";
import type {
  FrameConverter,
  ProcessMeta,
  RawTrace,
  RawTraceSource,
  SamplingFacts,
  TraceClock,
} from "../profile/raw_trace.ts";
import { choosePerfEvent, listPerfEvents } from "./choose_perf_event.ts";
import type { KernelSymbols } from "./kallsyms.ts";
import { KERNEL_FILE_NAME } from "./kernel_mapping.ts";
import { NativeFrameConverter } from "./native_frame_converter.ts";
import { PERF_SAMPLE, PERF_TYPE } from "./perf_event_table.ts";
import { perfClock } from "./perf_data_clock.ts";
import { PerfProcessTable } from "./perf_process_table.ts";
import type {
  PerfRecordedEvent,
  PerfRecordedRecord,
  PerfRecordReader,
} from "./perf_record_reader.ts";
import type { RecordedKernel } from "./recorded_kernel_symbols.ts";
import type { PerfSampleRecord } from "./perf_record_types.ts";
import { NO_SYMBOLS, type SymbolSource } from "./symbol_source.ts";

/** How a {@linkcode PerfDataSource} makes traces. */
export interface PerfDataSourceOptions {
  /** Name of the event whose samples are taken. @default {the first one} */
  readonly event?: string | undefined;
  /** Names of mapped files. @default {none} */
  readonly symbols?: SymbolSource | undefined;
  /** Reads the names of the kernel that was recorded, when they are needed first. @default {none} */
  readonly kernelSymbols?:
    | ((kernel: RecordedKernel) => Promise<KernelSymbols | undefined>)
    | undefined;
  /** Counts what is wrong with the recording. */
  readonly stats?: DecodeStats | undefined;
}

const BATCH = 4096;
const SECOND_NS = 1_000_000_000;
/** Events of software that count nanoseconds: cpu-clock and task-clock. */
const CLOCK_CONFIGS: ReadonlySet<bigint> = new Set([0n, 1n]);

/** Makes raw traces of the samples of one event of a recording. */
export class PerfDataSource implements RawTraceSource {
  readonly facts: SamplingFacts;
  readonly clock: TraceClock;
  readonly converter: FrameConverter;
  /** The event whose samples are taken. */
  readonly event: PerfRecordedEvent;
  /** Its index. */
  readonly eventIndex: number;
  /** Processes, threads and mappings as of the last record. */
  readonly table: PerfProcessTable;
  readonly #reader: PerfRecordReader;
  readonly #stats: DecodeStats;
  readonly #readKernelSymbols: PerfDataSourceOptions["kernelSymbols"];
  #kernel: { readonly symbols: KernelSymbols | undefined } | undefined;
  #others = 0;

  /**
   * @param reader The recording; it is read once.
   * @param options Which event, and where names come from.
   * @throws {RangeError} When there is no such event.
   * @throws {FormatError} When its samples have no call chains or threads.
   */
  constructor(reader: PerfRecordReader, options: PerfDataSourceOptions = {}) {
    const { symbols = NO_SYMBOLS, stats = new DecodeStats() } = options;
    this.#reader = reader;
    this.#readKernelSymbols = options.kernelSymbols;
    this.#stats = stats;
    this.eventIndex = choosePerfEvent(reader.events, options.event);
    this.event = reader.events[this.eventIndex]!;
    const { name, attr } = this.event;
    for (const [bit, what] of REQUIRED_FIELDS) {
      if ((attr.sampleType & bit) === 0) {
        throw new FormatError(
          `Cannot make stacks of perf.data: samples of event "${name}" have no ${what}; record them with "perf record -g"`,
          { format: "perf.data", offset: 0 },
        );
      }
    }
    this.clock = perfClock(reader.features);
    this.facts = samplingFacts(this.event);
    const buildIds = new Map<string, string>();
    for (const { fileName, buildId } of reader.features.buildIds ?? []) {
      buildIds.set(fileName, buildId);
    }
    this.table = new PerfProcessTable({
      clock: this.clock,
      buildIdOf: (_, path) => buildIds.get(path) ?? "",
    });
    this.converter = new NativeFrameConverter({
      symbols,
      spaceOf: (pid) => this.table.spaceOf(pid),
      kernelSpace: this.table.kernelSpace,
      kernelSymbols: () => this.#kernelSymbols(buildIds),
      stats,
    });
  }

  /** Samples of other events, which were left out so far. */
  get otherSamples(): number {
    return this.#others;
  }

  processOf({ pid }: RawTrace): ProcessMeta | undefined {
    return this.table.metaOf(pid);
  }

  #kernelSymbols(
    buildIds: ReadonlyMap<string, string>,
  ): KernelSymbols | undefined | Promise<KernelSymbols | undefined> {
    if (this.#kernel !== undefined) return this.#kernel.symbols;
    const reading = this.#readKernelSymbols?.({
      buildId: buildIds.get(KERNEL_FILE_NAME) ?? "",
      osRelease: this.#reader.features.osRelease,
      reference: this.table.kernelReference,
    });
    return reading?.then((symbols) => {
      this.#kernel = { symbols };
      return symbols;
    });
  }

  async *batches(): AsyncGenerator<readonly RawTrace[], void, undefined> {
    for await (const records of this.#reader.batches()) {
      yield* this.tracesOf(records);
    }
    if (this.#others > 0) {
      this.#stats.count("perf_samples_of_other_events", "notice", {
        amount: this.#others,
        detail: `taken are those of "${this.event.name}"; there are ${
          listPerfEvents(this.#reader.events)
        }`,
      });
    }
  }

  /**
   * Makes the trace of a sample, by the state of the table.
   *
   * @param sample A sample of the event.
   * @returns The trace.
   */
  traceOf(sample: PerfSampleRecord): RawTrace {
    if (sample.lacksUserStack) {
      this.#stats.count("perf_user_stack_not_unwound", "data_loss", {
        detail:
          "it was recorded as a copy of memory, of which only the innermost frame is told; record with --call-graph fp",
      });
    }
    return this.table.traceOf(sample);
  }

  /**
   * Makes traces of records, which must be given in the order of the recording.
   * A batch must be converted before the next one is asked for.
   *
   * @param records Records of all events.
   * @returns Traces in batches, one for every state of the mappings.
   */
  *tracesOf(
    records: readonly PerfRecordedRecord[],
  ): Generator<readonly RawTrace[], void, undefined> {
    const table = this.table;
    let traces: RawTrace[] = [];
    for (const { record, event } of records) {
      if (record.type === "sample") {
        if (event !== this.eventIndex) {
          this.#others++;
          continue;
        }
        traces.push(this.traceOf(record));
      } else if (traces.length === 0 || !table.changesAddresses(record)) {
        table.apply(record);
        continue;
      }
      const isFull = traces.length >= BATCH;
      if (record.type === "sample" && !isFull) continue;
      yield traces;
      traces = [];
      if (record.type !== "sample") table.apply(record);
    }
    if (traces.length > 0) yield traces;
  }
}

const REQUIRED_FIELDS = [
  [PERF_SAMPLE.tid, "threads"],
  [PERF_SAMPLE.callchain, "call chains"],
] as const;

function samplingFacts({ name, attr }: PerfRecordedEvent): SamplingFacts {
  const isClock = attr.type === PERF_TYPE.software &&
    CLOCK_CONFIGS.has(attr.config);
  const valueType = isClock
    ? { type: "cpu", unit: "nanoseconds" }
    : { type: name.replace(/:[a-zA-Z]+$/, ""), unit: "count" };
  const amount = Number(attr.periodOrFrequency);
  const period = !attr.isFrequency
    ? amount
    : isClock && amount > 0
    ? Math.round(SECOND_NS / amount)
    : 0;
  const hasValues = !attr.isFrequency ||
    (attr.sampleType & PERF_SAMPLE.period) !== 0;
  return {
    periodType: valueType,
    period,
    ...(hasValues ? { valueType } : {}),
  };
}
