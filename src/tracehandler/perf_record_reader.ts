import { DecodeStats } from "../base/decode_stats.ts";
import { FormatError, LimitError } from "../base/errors.ts";
import { type Limits, resolveLimits } from "../base/limits.ts";
import { PerfRecordCutter } from "./_perf_record_cutter.ts";
import { PerfUnpacker } from "./_perf_unpacker.ts";
import type { PerfEventAttr } from "./perf_attr_decoder.ts";
import {
  PerfDataDecoder,
  type PerfDataToken,
  type PerfRecordToken,
} from "./perf_data_decoder.ts";
import type { PerfEvent } from "./perf_data_header_decoder.ts";
import {
  PERF_FEATURE,
  PERF_RECORD,
  PERF_RECORD_NAMES,
} from "./perf_event_table.ts";
import {
  decodePerfFeature,
  type PerfFeatures,
} from "./perf_features_decoder.ts";
import { PerfRecordDecoder } from "./perf_record_decoder.ts";
import { PerfRecordSorter } from "./perf_record_sorter.ts";
import type { PerfRecord } from "./perf_record_types.ts";

/** A record of a recording. */
export interface PerfRecordedRecord {
  /** When, in ns; 0 where the record has no time. */
  readonly timeNs: number;
  /** Index of its event. */
  readonly event: number;
  readonly record: PerfRecord;
}

/** An event of a recording. */
export interface PerfRecordedEvent {
  readonly name: string;
  readonly attr: PerfEventAttr;
}

/** How {@linkcode openPerfRecords} reads. */
export interface OpenPerfRecordsOptions {
  /** What the recorder tells at the end of a file, where that was read before. */
  readonly features?: PerfFeatures | undefined;
  /** Counts what is wrong with the recording. */
  readonly stats?: DecodeStats | undefined;
  /** Bounds; uses `maxRecordBytes`, `maxQueuedBytes` and those of compression. */
  readonly limits?: Partial<Limits> | undefined;
  /** Ends the work. */
  readonly signal?: AbortSignal | undefined;
}

const BATCH = 1024;
/** Memory of a record beside its frames, about. */
const RECORD_BYTES = 256;
const EVENT_NAME_UPDATE = 2n;

/**
 * Opens what `perf record` wrote: a file, or what it wrote to a pipe. Reads as
 * far as to the first record, so that events, and of a pipe what the recorder
 * says of itself, are known.
 *
 * @param source The recording in pieces.
 * @param options What is known of it, limits, where to count.
 * @returns A reader of its records.
 * @throws {FormatError} When it is no recording.
 *
 * @example What was recorded, and its stacks as a profile
 * ```ts
 * import {
 *   openPerfRecords,
 *   PerfDataSource,
 *   profileTraces,
 *   readPerfDataFeatures,
 *   RecordedSymbolSource,
 * } from "@tracedeck/tracedeck/tracehandler";
 * import { assertEquals } from "@std/assert";
 *
 * const folder = "tests/fixtures/tracehandler/perf";
 * const path = `${folder}/workload.perf.data`;
 * const features = await readPerfDataFeatures(path);
 * const file = await Deno.open(path);
 * const reader = await openPerfRecords(file.readable, { features });
 * assertEquals(reader.events[0]?.name, "cpu-clock");
 * const source = new PerfDataSource(reader, {
 *   symbols: new RecordedSymbolSource({ roots: [folder] }),
 * });
 * const { profile } = await profileTraces(source);
 * assertEquals(profile.samples.length, 844);
 * ```
 */
export async function openPerfRecords(
  source: AsyncIterable<Uint8Array>,
  options: OpenPerfRecordsOptions = {},
): Promise<PerfRecordReader> {
  const reader = new PerfRecordReader(source, options);
  try {
    await reader.start();
    return reader;
  } catch (error) {
    await reader[Symbol.asyncDispose]();
    throw error;
  }
}

/**
 * Reads the records of a recording in order of time. It closes the recording
 * when all are read; dispose it if they are not.
 */
export class PerfRecordReader implements AsyncDisposable {
  readonly #chunks: AsyncIterator<Uint8Array>;
  readonly #decoder: PerfDataDecoder;
  readonly #stats: DecodeStats;
  readonly #limits: Limits;
  readonly #signal: AbortSignal | undefined;
  readonly #sorter: PerfRecordSorter<PerfRecordedRecord>;
  readonly #events: PerfEvent[] = [];
  readonly #decoders: PerfRecordDecoder[] = [];
  readonly #indexById = new Map<bigint, number>();
  readonly #updatedNames = new Map<number, string>();
  readonly #unpackedCounts = new Map<number, number>();
  #features: PerfFeatures;
  #unpacker: PerfUnpacker | undefined;
  #cutter: PerfRecordCutter | undefined;
  #isFinished = false;
  #held: PerfDataToken | undefined;

  /**
   * @param source The recording in pieces.
   * @param options See {@linkcode openPerfRecords}.
   */
  constructor(
    source: AsyncIterable<Uint8Array>,
    options: OpenPerfRecordsOptions = {},
  ) {
    const { stats = new DecodeStats(), features = {}, signal } = options;
    this.#chunks = source[Symbol.asyncIterator]();
    this.#stats = stats;
    this.#limits = resolveLimits(options.limits);
    this.#signal = signal;
    this.#features = features;
    this.#decoder = new PerfDataDecoder({ stats, limits: options.limits });
    this.#sorter = new PerfRecordSorter({ stats });
  }

  /** Whether the recording was written to a pipe. */
  get isPipe(): boolean {
    return this.#decoder.isPipe;
  }

  /** Byte order of the machine that recorded. */
  get littleEndian(): boolean {
    return this.#decoder.littleEndian;
  }

  /** What the recorder says of itself; of a file it is known at the end. */
  get features(): PerfFeatures {
    return this.#features;
  }

  /** Events, in the order of the recording. */
  get events(): readonly PerfRecordedEvent[] {
    const descriptions = this.#features.eventDescriptions ?? [];
    return this.#events.map(({ attr, ids }, index) => {
      const description = descriptions.find((description) =>
        description.ids.some((id) =>
          ids.includes(id)
        )
      ) ?? (descriptions.length === this.#events.length
        ? descriptions[index]
        : undefined);
      return {
        attr,
        name: description?.name || this.#updatedNames.get(index) || attr.name,
      };
    });
  }

  /** How many records of which kind were read so far. */
  get recordCounts(): ReadonlyMap<number, number> {
    const counts = new Map(this.#decoder.recordCounts);
    for (const [type, count] of this.#unpackedCounts) {
      counts.set(type, (counts.get(type) ?? 0) + count);
    }
    return counts;
  }

  /**
   * Reads up to the first record of the kernel.
   *
   * @throws {FormatError} When it is no recording.
   */
  async start(): Promise<void> {
    while (true) {
      const token = this.#decoder.next();
      if (token === undefined) {
        if (!(await this.#pull())) break;
      } else if (
        token.type === "event" || token.type === "feature" ||
        (token.type === "record" && token.recordType >= PERF_RECORD.headerAttr)
      ) {
        this.#take(token, []);
      } else {
        this.#held = token;
        break;
      }
    }
    if (this.#events.length === 0) {
      throw new FormatError(
        "Cannot read perf.data: it describes no event before its records",
        { format: "perf.data", offset: 0 },
      );
    }
  }

  /**
   * Reads all records. The recording is closed when the caller ends early.
   *
   * @returns Records in order of time, in batches.
   */
  async *batches(): AsyncGenerator<
    readonly PerfRecordedRecord[],
    void,
    undefined
  > {
    try {
      let batch: PerfRecordedRecord[] = [];
      do {
        this.#signal?.throwIfAborted();
        for (
          let token = this.#held ?? this.#decoder.next();
          token !== undefined;
          token = this.#decoder.next()
        ) {
          this.#held = undefined;
          if (token.type === "compressed") await this.#unpack(token, batch);
          else this.#take(token, batch);
          if (batch.length < BATCH) continue;
          yield* inPieces(batch);
          batch = [];
        }
        if (batch.length > 0) yield batch;
        batch = [];
      } while (await this.#pull());
      yield* inPieces(this.#sorter.finish());
    } finally {
      await this[Symbol.asyncDispose]();
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isFinished = true;
    await this.#unpacker?.[Symbol.asyncDispose]();
    await this.#chunks.return?.();
  }

  /** @returns Whether there may be more to decode. */
  async #pull(): Promise<boolean> {
    if (this.#isFinished) return false;
    const { done, value } = await this.#chunks.next();
    if (done === true) {
      this.#isFinished = true;
      this.#decoder.finish();
      if ((this.#cutter?.rest ?? 0) > 0) {
        this.#stats.count("perf_data_truncated", "data_loss", {
          detail: "the last record that was unpacked is not complete",
        });
      }
    } else this.#decoder.push(value);
    return true;
  }

  #take(token: PerfDataToken, batch: PerfRecordedRecord[]): void {
    switch (token.type) {
      case "event":
        return this.#addEvent(token.event);
      case "feature":
        return this.#addFeature(token.id, token.bytes);
      case "round":
        return addAll(batch, this.#sorter.endRound());
      case "record":
        return this.#decodeRecord(token, batch);
    }
  }

  #addEvent(event: PerfEvent): void {
    const index = this.#events.length;
    if (index >= this.#limits.maxTableEntries) {
      throw new LimitError(
        `Cannot read perf.data: it has more than ${index} events`,
        { limit: "maxTableEntries", value: index + 1, offset: 0 },
      );
    }
    this.#events.push(event);
    this.#decoders.push(
      new PerfRecordDecoder(event.attr, this.#decoder.littleEndian),
    );
    for (const id of event.ids) this.#indexById.set(id, index);
  }

  #addFeature(id: number, bytes: Uint8Array): void {
    try {
      const feature = decodePerfFeature(
        id,
        bytes,
        this.#decoder.littleEndian,
      );
      this.#features = { ...this.#features, ...feature };
    } catch (error) {
      if (!(error instanceof FormatError || error instanceof LimitError)) {
        throw error;
      }
      this.#stats.count("perf_data_feature_damaged", "data_loss", {
        detail: `section ${id}: ${error.message}`,
      });
    }
    if (id === PERF_FEATURE.directory) {
      this.#stats.count("perf_data_directory", "data_loss", {
        detail:
          "it belongs to a folder, and the records in the other files are not read",
      });
    }
  }

  #decodeRecord(token: PerfRecordToken, batch: PerfRecordedRecord[]): void {
    const { recordType, misc, offset } = token;
    if (recordType === PERF_RECORD.eventUpdate) return this.#rename(token);
    const isSample = recordType === PERF_RECORD.sample;
    const event = this.#eventOf(token, isSample);
    if (event < 0) return;
    const record = this.#decoders[event]!.decode(token, recordType, misc);
    if (record === undefined) return;
    if (record.type === "fault") {
      const name = PERF_RECORD_NAMES[recordType] ?? `${recordType}`;
      this.#stats.count(
        isSample ? "perf_sample_refused" : "perf_record_refused",
        "data_loss",
        { offset, detail: `${name}: ${record.detail}` },
      );
      return;
    }
    if (record.type === "lost") {
      this.#stats.count(
        record.isOfSamples ? "perf_samples_lost" : "perf_records_lost",
        "data_loss",
        {
          amount: record.count,
          offset,
          detail: "the kernel could not write them while recording",
        },
      );
    } else if (record.type === "throttle") {
      this.#stats.count("perf_sampling_throttled", "notice", {
        offset,
        detail: "the kernel slowed sampling down",
      });
    }
    const bytes = record.type === "sample"
      ? record.frameData.byteLength + RECORD_BYTES
      : RECORD_BYTES;
    addAll(
      batch,
      this.#sorter.add({ timeNs: record.timeNs, event, record }, bytes),
    );
  }

  /** @returns Index of the event of a record, negative where it cannot be told. */
  #eventOf(token: PerfRecordToken, isSample: boolean): number {
    const first = this.#decoders[0];
    if (first === undefined) {
      this.#stats.count("perf_record_without_event", "data_loss", {
        offset: token.offset,
        detail: "it comes before the first event is described",
      });
      return -1;
    }
    if (this.#decoders.length === 1) return 0;
    // All events put the id at the same place, or it could not be found.
    const id = isSample ? first.idOfSample(token) : first.idOfOther(token);
    const index = id === undefined ? undefined : this.#indexById.get(id);
    if (index !== undefined) return index;
    // What the recorder adds by itself has no id.
    if (!isSample) return 0;
    this.#stats.count("perf_sample_of_unknown_event", "data_loss", {
      offset: token.offset,
      detail: id === undefined
        ? "samples do not tell of which of several events they are"
        : `no event has the id ${id}`,
    });
    return -1;
  }

  /** Takes the name of an event: u64 what is told, u64 id, then the name. */
  #rename({ view, bytes, at, size }: PerfRecordToken): void {
    const order = this.#decoder.littleEndian;
    if (size < 25 || view.getBigUint64(at + 8, order) !== EVENT_NAME_UPDATE) {
      return;
    }
    const index = this.#indexById.get(view.getBigUint64(at + 16, order));
    if (index === undefined) return;
    const text = bytes.subarray(at + 24, at + size);
    const end = text.indexOf(0);
    this.#updatedNames.set(
      index,
      utf8.decode(end < 0 ? text : text.subarray(0, end)),
    );
  }

  async #unpack(
    { bytes, offset }: Extract<PerfDataToken, { type: "compressed" }>,
    batch: PerfRecordedRecord[],
  ): Promise<void> {
    const unpacker = this.#unpacker ??= new PerfUnpacker(this.#limits);
    if (unpacker.isDamaged) {
      this.#stats.count("perf_compressed_record_skipped", "data_loss", {
        offset,
        detail: "what it continues is damaged",
      });
      return;
    }
    const cutter = this.#cutter ??= new PerfRecordCutter(
      this.#decoder.littleEndian,
    );
    try {
      for (const piece of await unpacker.unpack(bytes)) cutter.push(piece);
      for (let token = cutter.next(); token; token = cutter.next()) {
        const { recordType } = token;
        this.#unpackedCounts.set(
          recordType,
          (this.#unpackedCounts.get(recordType) ?? 0) + 1,
        );
        this.#decodeRecord(token, batch);
      }
    } catch (error) {
      if (!(error instanceof FormatError)) throw error;
      await unpacker[Symbol.asyncDispose]();
      this.#stats.count("perf_compressed_record_damaged", "error", {
        offset,
        detail: error.message,
      });
    }
  }
}

/** A round can be long, and what is made of its records larger than they are. */
function* inPieces(
  records: readonly PerfRecordedRecord[],
): Generator<readonly PerfRecordedRecord[]> {
  for (let at = 0; at < records.length; at += BATCH) {
    yield records.slice(at, at + BATCH);
  }
}

function addAll(
  batch: PerfRecordedRecord[],
  records: readonly PerfRecordedRecord[],
): void {
  for (const record of records) batch.push(record);
}

const utf8 = new TextDecoder("utf-8", { ignoreBOM: true });
