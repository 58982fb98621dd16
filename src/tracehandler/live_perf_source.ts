import type { DecodeStats } from "../base/decode_stats.ts";
import type {
  FrameConverter,
  ProcessMeta,
  RawTrace,
  RawTraceSource,
  SamplingFacts,
  TraceClock,
} from "../profile/raw_trace.ts";
import type { LocalSymbolSource } from "./local_symbol_source.ts";
import { NativeFrameConverter } from "./native_frame_converter.ts";
import type { KernelSymbols } from "./kallsyms.ts";
import type { PerfEventAttr } from "./perf_attr_decoder.ts";
import type { PerfProcessTable } from "./perf_process_table.ts";
import { PerfRecordDecoder } from "./perf_record_decoder.ts";
import { PerfRecordSorter } from "./perf_record_sorter.ts";
import type { PerfRecord } from "./perf_record_types.ts";

/** A record that a {@linkcode PerfRings} holds; valid until the callback returns. */
export interface PerfRingBytes {
  readonly view: DataView;
  readonly bytes: Uint8Array;
  /** Offset of its header. */
  readonly at: number;
  /** Its size with the header. */
  readonly size: number;
  /** Its kind. */
  readonly type: number;
  /** Its flags. */
  readonly misc: number;
}

/** Rings into which the kernel writes; tests give others. */
export interface PerfRings {
  /** Reads what they hold. @returns How many bytes that was. */
  read(onRecord: (record: PerfRingBytes) => void): number;
  /** Waits until they fill, at most so many milliseconds. */
  wait(timeoutMs: number): Promise<void>;
  /** Ends the counting; what was recorded can still be read. */
  disable(): void;
}

/** What a {@linkcode LivePerfSource} needs. */
export interface LivePerfSourceOptions {
  /** Where records come from. */
  readonly rings: PerfRings;
  /** The event that they are of. */
  readonly attr: PerfEventAttr;
  /** What samples mean. */
  readonly facts: SamplingFacts;
  /** Time of the records. */
  readonly clock: TraceClock;
  /** Names of programs and of code compiled at run time. */
  readonly symbols: LocalSymbolSource;
  /** Who is followed; knows already what runs. */
  readonly processes: PerfProcessTable;
  /** Names of the kernel. */
  readonly kernelSymbols: () => KernelSymbols | undefined;
  /** @returns Whether recording is to end. Asked once a round. */
  readonly isOver: () => boolean;
  /** Process that is left out, as it is the recorder itself. */
  readonly ownPid?: number | undefined;
  /** Names of threads that are wanted. @default {all} */
  readonly comms?: readonly string[] | undefined;
  /** @returns Longest time until the next round, in milliseconds. Asked once a round. */
  readonly waitMs: () => number;
  /** Most addresses of a call chain; a longer one was cut. @default {unlimited} */
  readonly maxStack?: number | undefined;
  /** Counts records that cannot be decoded. */
  readonly stats?: DecodeStats | undefined;
}

/** What a {@linkcode LivePerfSource} has met so far. */
export interface LivePerfCounts {
  /** Samples, those left out not among them. */
  readonly samples: number;
  /** Samples for which there was no room. */
  readonly lost: number;
  /** How often the kernel slowed sampling down. */
  readonly throttled: number;
  /** Samples whose stacks were too deep. */
  readonly truncated: number;
}

const BATCH = 1024;
const DRAIN_MS = 100;
/** Halves of words of a frame. */
const FRAME_HALVES = 4;

/**
 * Raw traces as the kernel takes them. In every round the rings are read, their
 * records brought into order of time, and programs followed through them.
 */
export class LivePerfSource implements RawTraceSource {
  readonly facts: SamplingFacts;
  readonly clock: TraceClock;
  readonly converter: FrameConverter;
  readonly #options: LivePerfSourceOptions;
  readonly #decoder: PerfRecordDecoder;
  readonly #sorter: PerfRecordSorter<PerfRecord>;
  readonly #comms: ReadonlySet<string> | undefined;
  /** Processes that ended in the last round, and before it. */
  #ended: number[] = [];
  /** Records that the sorter could not hold back any longer. */
  #early: PerfRecord[] = [];
  #samples = 0;
  #lost = 0;
  #throttled = 0;
  #truncated = 0;

  /** @param options Where records come from, and names. */
  constructor(options: LivePerfSourceOptions) {
    const { facts, clock, attr, symbols, processes, stats, comms } = options;
    this.#options = options;
    this.facts = facts;
    this.clock = clock;
    this.#decoder = new PerfRecordDecoder(attr, true);
    this.#sorter = new PerfRecordSorter({ stats });
    this.#comms = comms === undefined ? undefined : new Set(comms);
    this.converter = new NativeFrameConverter({
      symbols,
      spaceOf: (pid) => processes.spaceOf(pid),
      kernelSpace: processes.kernelSpace,
      kernelSymbols: options.kernelSymbols,
      stats,
    });
  }

  /** What was met so far. */
  get counts(): LivePerfCounts {
    return {
      samples: this.#samples,
      lost: this.#lost,
      throttled: this.#throttled,
      truncated: this.#truncated,
    };
  }

  processOf(trace: RawTrace): ProcessMeta | undefined {
    return this.#options.processes.metaOf(trace.pid);
  }

  async *batches(): AsyncGenerator<readonly RawTrace[], void, undefined> {
    const { rings, isOver, waitMs } = this.#options;
    while (true) {
      const isLast = isOver();
      if (isLast) rings.disable();
      this.#drain();
      const inOrder = isLast ? this.#sorter.finish() : this.#sorter.endRound();
      // What was held back for too long comes first.
      const records = this.#early.length === 0
        ? inOrder
        : [...this.#early, ...inOrder];
      this.#early = [];
      if (records.length > 0) yield* this.#name(records);
      if (isLast) return;
      await rings.wait(waitMs());
    }
  }

  async *#name(
    records: readonly PerfRecord[],
  ): AsyncGenerator<readonly RawTrace[], void, undefined> {
    // Files of symbols take their time to be read; the rings must not fill up.
    const timer = setInterval(() => this.#drain(), DRAIN_MS);
    try {
      this.#refreshNames();
      yield* this.#deliver(records);
    } finally {
      clearInterval(timer);
    }
  }

  #drain(): void {
    this.#options.rings.read((record) => this.#take(record));
  }

  #take(bytes: PerfRingBytes): void {
    const record = this.#decoder.decode(bytes, bytes.type, bytes.misc);
    if (record === undefined) return;
    switch (record.type) {
      case "fault":
        this.#options.stats?.count("perf_record_not_decoded", "data_loss", {
          detail: record.detail,
        });
        return;
      case "lost":
        this.#lost += record.count;
        return;
      case "throttle":
        this.#throttled++;
        return;
      case "unthrottle":
        return;
      case "sample":
        if (record.pid === this.#options.ownPid) return;
    }
    for (const early of this.#sorter.add(record)) this.#early.push(early);
  }

  /** Code that was compiled since the last round may lie where other code lay. */
  #refreshNames(): void {
    const { symbols, processes } = this.#options;
    for (const pid of this.#ended) symbols.forget(pid);
    this.#ended = [];
    for (const pid of symbols.refreshPerfMaps()) {
      processes.spaceOf(pid)?.invalidate();
    }
  }

  /** Frames are named as they are delivered, so what changes their meaning must wait. */
  *#deliver(
    records: readonly PerfRecord[],
  ): Generator<readonly RawTrace[], void, undefined> {
    const { processes, maxStack = Infinity } = this.#options;
    let batch: RawTrace[] = [];
    let pids = new Set<number>();
    const flush = () => {
      const full = batch;
      batch = [];
      pids = new Set();
      return full;
    };
    for (const record of records) {
      if (record.type === "sample") {
        const trace = processes.traceOf(record);
        if (this.#comms?.has(trace.comm) === false) continue;
        this.#samples++;
        // With a limit of 1 nobody wants more than the place.
        if (
          maxStack > 1 && record.frameData.length >= maxStack * FRAME_HALVES
        ) {
          this.#truncated++;
        }
        pids.add(record.pid);
        batch.push(trace);
        if (batch.length >= BATCH) yield flush();
        continue;
      }
      if (batch.length > 0 && this.#concerns(record, pids)) yield flush();
      processes.apply(record);
      if (record.type === "exit" && record.pid === record.tid) {
        this.#ended.push(record.pid);
      } else if (
        (record.type === "comm" && record.isExec) ||
        (record.type === "fork" && record.pid === record.tid)
      ) this.#options.symbols.forget(record.pid);
    }
    if (batch.length > 0) yield flush();
  }

  #concerns(record: PerfRecord, pids: ReadonlySet<number>): boolean {
    if (!this.#options.processes.changesAddresses(record)) return false;
    return !("pid" in record) || record.pid < 0 || pids.has(record.pid);
  }
}
