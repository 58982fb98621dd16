import { DecodeStats } from "../base/decode_stats.ts";
import { FormatError } from "../base/errors.ts";
import { type Limits, resolveLimits } from "../base/limits.ts";
import { ChunkQueue } from "../codec/chunk_queue.ts";
import { LineSplitter } from "../container/line_splitter.ts";
import type {
  ProcessMeta,
  RawTrace,
  RawTraceSource,
  SamplingFacts,
  TraceClock,
} from "../profile/raw_trace.ts";
import { RawRecordConverter } from "./raw_record_converter.ts";
import {
  decodeRawTrace2024,
  type RawTrace2024,
  rawTraceFrom2024,
} from "./raw_trace_2024_decoder.ts";
import {
  decodeRawTrace2026,
  type RawTrace2026,
  rawTraceFrom2026,
} from "./raw_trace_2026_decoder.ts";
import {
  guessRawTraceLayout,
  isRawTraceText,
  type RawTraceLayout,
} from "./sniff_raw_traces.ts";
import { CLOCKLESS } from "./trace_clock.ts";

/** How {@linkcode readRawTraces} reads. */
export interface ReadRawTracesOptions {
  /** Layout of the records; by default the first one tells. */
  readonly layout?: RawTraceLayout | undefined;
  /** Looks up a stack of the kernel by the number that records of 2024 have. */
  readonly kernelStack?:
    | ((id: number) => readonly bigint[] | undefined)
    | undefined;
  /** Turns times of the records into wall time. @default {they are taken as they are} */
  readonly clock?: TraceClock | undefined;
  /** Counts records that are left out. */
  readonly stats?: DecodeStats | undefined;
  /** Bounds; uses `maxRecordBytes`. */
  readonly limits?: Partial<Limits> | undefined;
  /** Ends the work. */
  readonly signal?: AbortSignal | undefined;
}

const FORMAT = "raw traces";
const PREFIX_BYTES = 4;
/** One record with its layout. */
export type RawRecord =
  | { readonly layout: "2024-10"; readonly record: RawTrace2024 }
  | { readonly layout: "2026-08"; readonly record: RawTrace2026 };

/**
 * Reads raw records as they were captured by somebody else's profiler: each
 * behind its length as 32-bit number, lowest byte first, or each in
 * hexadecimal on a line of JSON, as a string or as member `record` of an
 * object. A damaged record is counted and left out.
 *
 * @param source The file in pieces.
 * @param options Layout, limits, where to count.
 * @returns Records in the order of the file, in batches.
 * @throws {FormatError} When the layout cannot be told by the first record.
 */
export async function* readRawRecords(
  source: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  options: ReadRawTracesOptions = {},
): AsyncGenerator<readonly RawRecord[], void, undefined> {
  const { stats = new DecodeStats(), signal } = options;
  const { maxRecordBytes } = resolveLimits(options.limits);
  let batch: RawRecord[] = [];
  let layout = options.layout;
  let index = 0;

  function take(bytes: Uint8Array, offset: number): void {
    const place = { offset, index: index++ };
    layout ??= guessRawTraceLayout(bytes, bytes.length);
    if (layout === undefined) {
      throw new FormatError(
        `Cannot read ${FORMAT} at byte ${offset}: the record of ${bytes.length} bytes has neither known layout`,
        { format: FORMAT, offset },
      );
    }
    try {
      batch.push(
        layout === "2024-10"
          ? { layout, record: decodeRawTrace2024(bytes, place) }
          : { layout, record: decodeRawTrace2026(bytes, place) },
      );
    } catch (error) {
      if (!(error instanceof FormatError)) throw error;
      stats.count("raw_record_refused", "data_loss", {
        offset: error.offset,
        detail: error.message,
      });
    }
  }

  const records = new FramedRecords(take, maxRecordBytes, stats);
  const lines = new RecordLines(take, maxRecordBytes, stats);
  let sink: FramedRecords | RecordLines | undefined;
  for await (const chunk of source) {
    signal?.throwIfAborted();
    if (chunk.length === 0) continue;
    sink ??= isRawTraceText(chunk) ? lines : records;
    sink.push(chunk);
    if (batch.length > 0) {
      yield batch;
      batch = [];
    }
  }
  sink?.finish();
  if (batch.length > 0) yield batch;
}

/**
 * Makes a source of traces of a file of raw records. Records whose origin is
 * not known are counted and left out.
 *
 * @param source The file in pieces.
 * @param options Layout, clock, limits, where to count.
 * @returns The source; it can be read once.
 */
export function readRawTraces(
  source: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  options: ReadRawTracesOptions = {},
): RawTraceSource {
  const { stats = new DecodeStats(), clock = CLOCKLESS } = options;
  const facts: SamplingFacts = { period: 0 };
  return {
    facts,
    clock,
    converter: new RawRecordConverter(stats),
    processOf: (): ProcessMeta | undefined => undefined,
    async *batches() {
      const batches = readRawRecords(source, { ...options, stats });
      for await (const batch of batches) {
        const traces: RawTrace[] = [];
        for (const record of batch) {
          const trace = traceOf(record, options, stats);
          if (trace !== undefined) traces.push(trace);
        }
        yield traces;
      }
    },
  };
}

function traceOf(
  raw: RawRecord,
  { kernelStack }: ReadRawTracesOptions,
  stats: DecodeStats,
): RawTrace | undefined {
  if (raw.layout === "2024-10") {
    const { kernelStackId, hash } = raw.record;
    const stack = kernelStackId < 0 ? [] : kernelStack?.(kernelStackId);
    if (stack === undefined) {
      stats.count("raw_kernel_stack_missing", "notice", {
        detail: `stack ${kernelStackId} of trace ${
          hash.toString(16).padStart(16, "0")
        }`,
      });
    }
    return rawTraceFrom2024(raw.record, { kernelStack: () => stack });
  }
  const { droppedLabels, origin, ktime } = raw.record;
  countDropped(stats, "raw_label_without_name", droppedLabels.invalidName);
  countDropped(stats, "raw_label_without_value", droppedLabels.invalidValue);
  const trace = rawTraceFrom2026(raw.record);
  if (trace === undefined) {
    stats.count("raw_unknown_origin", "data_loss", {
      detail: `origin ${origin} of the record at ${ktime} ns`,
    });
  }
  return trace;
}

function countDropped(stats: DecodeStats, name: string, amount: number): void {
  if (amount > 0) stats.count(name, "notice", { amount });
}

/** Takes records in hexadecimal from lines of JSON. */
class RecordLines {
  readonly #splitter: LineSplitter;
  readonly #take: (bytes: Uint8Array, offset: number) => void;
  readonly #stats: DecodeStats;
  #lineNumber = 0;

  constructor(
    take: (bytes: Uint8Array, offset: number) => void,
    maxRecordBytes: number,
    stats: DecodeStats,
  ) {
    this.#splitter = new LineSplitter({
      maxLineCharacters: maxRecordBytes * 2 + 1024,
    });
    this.#take = take;
    this.#stats = stats;
  }

  push(chunk: Uint8Array): void {
    for (const line of this.#splitter.push(chunk)) this.#takeLine(line);
  }

  finish(): void {
    for (const line of this.#splitter.finish()) this.#takeLine(line);
  }

  #takeLine(line: string): void {
    this.#lineNumber++;
    if (line.trim() === "") return;
    const bytes = hexOfLine(line);
    if (bytes === undefined) {
      this.#stats.count("raw_bad_line", "data_loss", {
        detail: `line ${this.#lineNumber} holds no record in hexadecimal`,
      });
      return;
    }
    this.#take(bytes, 0);
  }
}

function hexOfLine(line: string): Uint8Array | undefined {
  try {
    const value: unknown = JSON.parse(line);
    const hex = typeof value === "object" && value !== null && "record" in value
      ? value.record
      : value;
    return typeof hex === "string" ? Uint8Array.fromHex(hex) : undefined;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

/** Cuts a stream into records by their lengths. */
class FramedRecords {
  readonly #queue = new ChunkQueue();
  readonly #take: (bytes: Uint8Array, offset: number) => void;
  readonly #maxRecordBytes: number;
  readonly #stats: DecodeStats;
  #isLost = false;

  constructor(
    take: (bytes: Uint8Array, offset: number) => void,
    maxRecordBytes: number,
    stats: DecodeStats,
  ) {
    this.#take = take;
    this.#maxRecordBytes = maxRecordBytes;
    this.#stats = stats;
  }

  push(chunk: Uint8Array): void {
    if (this.#isLost) return;
    const queue = this.#queue;
    queue.push(chunk);
    while (true) {
      const prefix = queue.peek(PREFIX_BYTES);
      if (prefix === undefined) return;
      const size = new DataView(prefix.buffer, prefix.byteOffset)
        .getUint32(0, true);
      if (size > this.#maxRecordBytes) {
        this.#lose(
          `a record has ${size} bytes, limit is ${this.#maxRecordBytes}`,
        );
        return;
      }
      if (queue.available < PREFIX_BYTES + size) return;
      queue.consume(PREFIX_BYTES);
      const { offset } = queue;
      const record = queue.take(size)!;
      this.#take(record, offset);
    }
  }

  finish(): void {
    const { available } = this.#queue;
    if (!this.#isLost && available > 0) {
      this.#lose(`the last record has ${available} bytes of a longer one`);
    }
  }

  #lose(detail: string): void {
    this.#isLost = true;
    this.#stats.count("raw_framing_lost", "error", {
      offset: this.#queue.offset,
      detail,
    });
  }
}
