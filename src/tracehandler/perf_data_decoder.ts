import type { DecodeStats } from "../base/decode_stats.ts";
import { FormatError, LimitError } from "../base/errors.ts";
import { type Limits, resolveLimits } from "../base/limits.ts";
import { ChunkQueue } from "../codec/chunk_queue.ts";
import { decodePerfAttr } from "./perf_attr_decoder.ts";
import {
  decodePerfDataEvents,
  decodePerfDataHeader,
  decodePerfDataStart,
  decodePerfIds,
  PERF_DATA_HEADER_BYTES,
  PERF_DATA_START_BYTES,
  type PerfDataHeader,
  type PerfEvent,
} from "./perf_data_header_decoder.ts";
import { PERF_RECORD } from "./perf_event_table.ts";

const SECTION_BYTES = 16;
const RECORD_HEADER_BYTES = 8;
const FORMAT = "perf.data";

/** A record of the kernel or of the recorder. */
export interface PerfRecordToken {
  readonly type: "record";
  readonly recordType: number;
  readonly misc: number;
  readonly view: DataView;
  readonly bytes: Uint8Array;
  /** Offset of the record's header in the bytes and the view. */
  readonly at: number;
  /** Size with the header. */
  readonly size: number;
  /** Absolute offset. */
  readonly offset: number;
}

/**
 * What comes next in a perf.data stream; a round is over when no record can come
 * that is older than the newest of the round before. Byte ranges stay valid
 * until the next is asked for.
 */
export type PerfDataToken =
  | { readonly type: "event"; readonly event: PerfEvent }
  | {
    readonly type: "feature";
    readonly id: number;
    readonly bytes: Uint8Array;
  }
  | PerfRecordToken
  | { readonly type: "round" }
  | {
    readonly type: "compressed";
    readonly bytes: Uint8Array;
    readonly offset: number;
  };

/** How a {@linkcode PerfDataDecoder} decodes. */
export interface PerfDataDecoderOptions {
  /** Counts what is wrong with the stream. */
  readonly stats: DecodeStats;
  /** Bounds; uses `maxRecordBytes` and `maxQueuedBytes`. */
  readonly limits?: Partial<Limits> | undefined;
}

type State = "start" | "header" | "records" | "features" | "end";

/** Cuts a perf.data file, or what `perf record` writes to a pipe, into its parts. */
export class PerfDataDecoder {
  #queue = new ChunkQueue();
  /** How many records of which kind were met so far. */
  readonly recordCounts: Map<number, number> = new Map();
  readonly #stats: DecodeStats;
  readonly #limits: Limits;
  #state: State = "start";
  #littleEndian = true;
  #isPipe = false;
  #isFinished = false;
  #header: PerfDataHeader | undefined;
  #dataEnd = Infinity;
  /** Bytes behind a record that are not looked at. */
  #skip = 0;
  #isDamaged = false;
  #pending: PerfDataToken[] = [];
  // One view over the buffer that records lie in, made anew when it changes.
  #view = new DataView(new ArrayBuffer(0));
  #viewBytes = new Uint8Array(this.#view.buffer);

  /** @param options Where faults are counted, and limits. */
  constructor(options: PerfDataDecoderOptions) {
    this.#stats = options.stats;
    this.#limits = resolveLimits(options.limits);
  }

  /** Whether the stream is what `perf record` writes to a pipe. */
  get isPipe(): boolean {
    return this.#isPipe;
  }

  /** Byte order, once the first bytes are known. */
  get littleEndian(): boolean {
    return this.#littleEndian;
  }

  /** Header of a file, once it and the events are read. */
  get header(): PerfDataHeader | undefined {
    return this.#header;
  }

  /**
   * Leaves the records out, for readers that can move in the file.
   *
   * @returns Offset of the bytes that are to be pushed next, or `undefined`
   * where nothing is known to follow the records.
   */
  skipData(): number | undefined {
    if (this.#dataEnd === Infinity) {
      this.#state = "end";
      return undefined;
    }
    this.#pending = [];
    this.#queue = new ChunkQueue(this.#dataEnd);
    this.#state = "features";
    return this.#dataEnd;
  }

  /** @param chunk The next bytes; kept until they are decoded. */
  push(chunk: Uint8Array): void {
    this.#queue.push(chunk);
  }

  /** Says that the stream is complete; {@linkcode PerfDataDecoder.next} gives what is left. */
  finish(): void {
    this.#isFinished = true;
  }

  /**
   * @returns The next part; `undefined` when more bytes are needed, or at the end.
   * @throws {FormatError} When the header cannot be read.
   * @throws {LimitError} When a part is larger than the limits allow.
   */
  next(): PerfDataToken | undefined {
    while (true) {
      const pending = this.#pending.shift();
      if (pending !== undefined) return pending;
      switch (this.#state) {
        case "start":
          if (!this.#readStart()) return undefined;
          break;
        case "header":
          if (!this.#readHeader()) return undefined;
          break;
        case "records": {
          const token = this.#readRecord();
          if (token !== undefined) return token;
          if (this.#state === "records") return undefined;
          break;
        }
        case "features":
          if (!this.#readFeatures()) return undefined;
          break;
        case "end":
          this.#queue.consume(this.#queue.available);
          return undefined;
      }
    }
  }

  #readStart(): boolean {
    const head = this.#queue.peek(PERF_DATA_START_BYTES);
    if (head === undefined) {
      if (!this.#isFinished) return false;
      throw this.#error(0, `it ends after ${this.#queue.available} bytes`);
    }
    const { littleEndian, isPipe } = decodePerfDataStart(head);
    this.#littleEndian = littleEndian;
    this.#isPipe = isPipe;
    if (isPipe) this.#queue.consume(PERF_DATA_START_BYTES);
    this.#state = isPipe ? "records" : "header";
    return true;
  }

  #readHeader(): boolean {
    const head = this.#queue.peek(PERF_DATA_HEADER_BYTES);
    if (head === undefined) {
      if (!this.#isFinished) return false;
      throw this.#error(this.#queue.available, "its header is truncated");
    }
    const header = decodePerfDataHeader(head, this.#littleEndian);
    const { offset, size } = header.data;
    if (offset > this.#limits.maxRecordBytes) {
      throw new LimitError(
        `Cannot read perf.data file: data begins at byte ${offset}, limit is ${this.#limits.maxRecordBytes}`,
        { limit: "maxRecordBytes", value: offset, offset: 40 },
      );
    }
    const start = this.#queue.peek(offset);
    if (start === undefined) {
      if (!this.#isFinished) return false;
      throw this.#error(
        this.#queue.available,
        `truncated before the data at byte ${offset}`,
      );
    }
    for (
      const event of decodePerfDataEvents(start, header, this.#littleEndian)
    ) this.#pending.push({ type: "event", event });
    if (size === 0) {
      this.#stats.count("perf_data_unfinished", "data_loss", {
        offset,
        detail:
          "the recorder did not write how much there is: it was ended before",
      });
    } else this.#dataEnd = offset + size;
    this.#header = header;
    this.#queue.consume(offset);
    this.#state = "records";
    return true;
  }

  /** @returns Nothing when more bytes are needed or the records are over. */
  #readRecord(): PerfDataToken | undefined {
    const queue = this.#queue;
    while (true) {
      if (this.#skip > 0) {
        const count = Math.min(this.#skip, queue.available);
        queue.consume(count);
        this.#skip -= count;
        if (this.#skip > 0) {
          if (this.#isFinished) this.#endRecords("extra bytes are truncated");
          return undefined;
        }
      }
      const left = this.#dataEnd - queue.offset;
      if (left <= 0) {
        this.#state = this.#isPipe ? "end" : "features";
        return undefined;
      }
      if (this.#isDamaged) {
        // What follows the records is at a known place.
        if (this.#dataEnd === Infinity) {
          this.#state = "end";
          return undefined;
        }
        this.#skip = left;
        continue;
      }
      const head = queue.peek(RECORD_HEADER_BYTES);
      if (head === undefined) {
        if (this.#isFinished) {
          this.#endRecords(
            queue.available === 0 && this.#dataEnd === Infinity
              ? undefined
              : "truncated",
          );
        }
        return undefined;
      }
      const { type, misc, size } = this.#recordHeader(head);
      if (size < RECORD_HEADER_BYTES || size > left) {
        this.#damage(
          left === Infinity
            ? `a record has ${size} bytes`
            : `a record has ${size} bytes, ${left} are left`,
        );
        continue;
      }
      const offset = queue.offset;
      const bytes = queue.peek(size);
      if (bytes === undefined) {
        if (this.#isFinished) {
          this.#endRecords(
            `the last record has ${queue.available} of ${size} bytes`,
          );
        }
        return undefined;
      }
      const token = this.#tokenOf(type, misc, bytes, offset);
      queue.consume(size);
      if (token !== undefined) return token;
    }
  }

  #recordHeader(
    bytes: Uint8Array,
  ): { type: number; misc: number; size: number } {
    this.#focus(bytes);
    const at = bytes.byteOffset;
    return {
      type: this.#view.getUint32(at, this.#littleEndian),
      misc: this.#view.getUint16(at + 4, this.#littleEndian),
      size: this.#view.getUint16(at + 6, this.#littleEndian),
    };
  }

  #tokenOf(
    type: number,
    misc: number,
    bytes: Uint8Array,
    offset: number,
  ): PerfDataToken | undefined {
    const counts = this.recordCounts;
    counts.set(type, (counts.get(type) ?? 0) + 1);
    switch (type) {
      case PERF_RECORD.headerAttr:
        return this.#eventOf(bytes, offset);
      case PERF_RECORD.feature:
        if (bytes.length < 16) return undefined;
        return {
          type: "feature",
          id: Number(this.#u64(bytes, 8)),
          bytes: bytes.subarray(16),
        };
      case PERF_RECORD.finishedRound:
        return { type: "round" };
      case PERF_RECORD.compressed:
        return {
          type: "compressed",
          bytes: bytes.subarray(RECORD_HEADER_BYTES),
          offset,
        };
      case PERF_RECORD.compressed2: {
        const size = bytes.length < 16 ? 0 : Number(this.#u64(bytes, 8));
        return {
          type: "compressed",
          bytes: bytes.subarray(16, 16 + size),
          offset,
        };
      }
      case PERF_RECORD.tracingData:
        if (bytes.length >= 12) this.#skipExtra(this.#u32(bytes, 8));
        return undefined;
      case PERF_RECORD.auxtrace:
        if (bytes.length >= 16) {
          const size = Number(this.#u64(bytes, 8));
          this.#skipExtra(size);
          this.#stats.count("perf_aux_data_skipped", "notice", {
            amount: size,
            offset,
            detail: "bytes of a processor's trace, which is not decoded",
          });
        }
        return undefined;
      default:
        this.#focus(bytes);
        return {
          type: "record",
          recordType: type,
          misc,
          view: this.#view,
          bytes: this.#viewBytes,
          at: bytes.byteOffset,
          size: bytes.length,
          offset,
        };
    }
  }

  /** Bytes behind a record that its size does not count; they are padded to 8. */
  #skipExtra(size: number): void {
    this.#skip = Math.ceil(size / 8) * 8;
  }

  #eventOf(bytes: Uint8Array, offset: number): PerfDataToken | undefined {
    const at = RECORD_HEADER_BYTES;
    const attrBytes = bytes.length < at + 8 ? 0 : this.#u32(bytes, at + 4);
    if (attrBytes < 64 || at + attrBytes > bytes.length) {
      this.#stats.count("perf_data_event_skipped", "data_loss", {
        offset,
        detail: `an event has ${attrBytes} of ${bytes.length - at} bytes`,
      });
      return undefined;
    }
    return {
      type: "event",
      event: {
        attr: decodePerfAttr(
          bytes.subarray(at, at + attrBytes),
          this.#littleEndian,
          offset + at,
        ),
        ids: decodePerfIds(bytes.subarray(at + attrBytes), this.#littleEndian),
      },
    };
  }

  /** One pair of offset and size per feature follows the data, then the features. */
  #readFeatures(): boolean {
    if (!this.#isFinished) {
      if (this.#queue.available > this.#limits.maxQueuedBytes) {
        this.#stats.count("perf_data_features_skipped", "notice", {
          offset: this.#queue.offset,
          detail: "the sections behind the data are too large",
        });
        this.#state = "end";
      }
      return this.#state === "end";
    }
    const base = this.#queue.offset;
    const bytes = this.#queue.peek(this.#queue.available)!;
    this.#state = "end";
    const features = this.#header?.features ?? [];
    const tableBytes = features.length * SECTION_BYTES;
    if (bytes.length < tableBytes) {
      this.#stats.count("perf_data_features_truncated", "data_loss", {
        offset: base,
        detail: "the table of sections behind the data is truncated",
      });
      return true;
    }
    for (const [index, id] of features.entries()) {
      const at = Number(this.#u64(bytes, index * SECTION_BYTES)) - base;
      const size = Number(this.#u64(bytes, index * SECTION_BYTES + 8));
      if (size === 0) continue;
      if (at < tableBytes || at + size > bytes.length) {
        this.#stats.count("perf_data_features_truncated", "data_loss", {
          offset: base + at,
          detail: `section ${id} of ${size} bytes lies outside of the file`,
        });
        continue;
      }
      this.#pending.push({
        type: "feature",
        id,
        bytes: bytes.slice(at, at + size),
      });
    }
    return true;
  }

  #endRecords(fault: string | undefined): void {
    if (fault !== undefined) {
      this.#stats.count("perf_data_truncated", "data_loss", {
        offset: this.#queue.offset,
        detail: fault,
      });
    }
    this.#state = "end";
  }

  #damage(detail: string): void {
    this.#isDamaged = true;
    this.#stats.count("perf_data_record_damaged", "error", {
      offset: this.#queue.offset,
      detail,
    });
  }

  /** Moves the view to the buffer that the bytes lie in. */
  #focus(bytes: Uint8Array): void {
    if (this.#view.buffer === bytes.buffer) return;
    this.#view = new DataView(bytes.buffer as ArrayBuffer);
    this.#viewBytes = new Uint8Array(bytes.buffer as ArrayBuffer);
  }

  #u32(bytes: Uint8Array, at: number): number {
    this.#focus(bytes);
    return this.#view.getUint32(bytes.byteOffset + at, this.#littleEndian);
  }

  #u64(bytes: Uint8Array, at: number): bigint {
    this.#focus(bytes);
    return this.#view.getBigUint64(bytes.byteOffset + at, this.#littleEndian);
  }

  #error(offset: number, state: string): FormatError {
    return new FormatError(
      `Cannot read perf.data file at byte ${offset}: ${state}`,
      { format: FORMAT, offset },
    );
  }
}
