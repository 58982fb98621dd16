import type { DecodeStats } from "../../base/decode_stats.ts";
import { LimitError } from "../../base/errors.ts";
import { DEFAULT_LIMITS } from "../../base/limits.ts";
import { ByteWriter } from "../../codec/byte_writer.ts";
import { BlobWriter, ZERO_GUID } from "./_blob_writer.ts";
import {
  writeMetadataRecord,
  writeMetadataRow,
  type WrittenMetadata,
} from "./_metadata_writer.ts";
import {
  type EncodableHeader,
  type StreamWriter,
  V4StreamWriter,
  V6StreamWriter,
} from "./_stream_writer.ts";
import {
  LabelTableWriter,
  StackTableWriter,
  ThreadTableWriter,
} from "./_table_writer.ts";
import { usesV6Types } from "./field_type_table.ts";
import { payloadSourceOf } from "./payload_reader.ts";
import type { PayloadSource } from "./payload_types.ts";
import type { NettraceEventRecord, NettraceMetadata } from "./types.ts";

export type { EncodableHeader } from "./_stream_writer.ts";

/** What {@linkcode NettraceEncoder.write} needs of an event: a decoder's event or a copy of one. */
export type EncodableEvent = Pick<
  NettraceEventRecord,
  | "metadata"
  | "threadId"
  | "captureThreadId"
  | "threadKey"
  | "captureThreadKey"
  | "thread"
  | "captureThread"
  | "processId"
  | "processor"
  | "stack"
  | "labels"
  | "activityId"
  | "relatedActivityId"
  | "opcode"
  | "keywords"
  | "level"
  | "version"
>;

/** The thread that wrote an event, for {@linkcode NettraceEncoder.noteLoss}. */
export type EncodableCaptureThread = Pick<
  NettraceEventRecord,
  "captureThreadId" | "captureThreadKey" | "captureThread" | "processId"
>;

/** How a {@linkcode NettraceEncoder} writes. */
export interface NettraceEncoderOptions {
  /** Version to write: 4, which all tools read, or 6, which holds several processes and labels. */
  readonly version: 4 | 6;
  /** Takes finished pieces of the stream; they are valid until it returns. */
  readonly onBytes: (bytes: Uint8Array) => void;
  /** Collects what the version cannot hold. */
  readonly stats?: DecodeStats | undefined;
}

/** What the output knows of a capturing thread. */
interface WrittenThread {
  readonly key: number | bigint;
  /** Number of its last event. */
  sequence: number;
}

/** A block is closed at this size; runtimes do it at 100 KiB. */
const BLOCK_BYTES = 96 * 1024;
/** Tables are written when this much of them waits. */
const TABLE_BYTES = 1024 * 1024;
/** Sequence points are written after this much, so that readers can let go of stacks. */
const INTERVAL_BYTES = 4 * 1024 * 1024;
const MAX_THREADS = DEFAULT_LIMITS.maxTableEntries;
/** What a blob takes at most beside its payload. */
const MAX_BLOB_BYTES = 128;

/**
 * Writes decoded events as a valid `.nettrace` stream of version 4 or 6.
 *
 * Events are to come in order of time as far as possible; one that is older than
 * one before is not marked as sorted. They are numbered anew for each capturing
 * thread, so that events that were left out on purpose do not look lost; what the
 * source lost is told by {@linkcode NettraceEncoder.noteLoss}. Memory is bounded
 * by a block, the kinds of events, the threads, and the stacks of the last few
 * megabytes.
 *
 * @example Copying a stream
 * ```ts ignore
 * const encoder = new NettraceEncoder(header, { version: 4, onBytes });
 * decodeNettrace(bytes, {
 *   onEvent: (event) => encoder.write(event, event, event.time),
 * }, { order: "time" });
 * encoder.finish();
 * ```
 */
export class NettraceEncoder {
  readonly #isV6: boolean;
  readonly #stats: DecodeStats | undefined;
  readonly #stream: StreamWriter;
  readonly #events: BlobWriter;
  readonly #definitions: BlobWriter;
  /** Version 6 has rows instead of blobs, behind an empty header of its own. */
  readonly #rows = new ByteWriter({ littleEndian: true });
  readonly #stacks = new StackTableWriter();
  readonly #labels = new LabelTableWriter();
  readonly #threadTable = new ThreadTableWriter();
  readonly #threads = new Map<number | bigint, WrittenThread>();
  /** Ids of kinds by what their events' labels override. */
  readonly #kinds = new Map<NettraceMetadata, Map<string, number>>();
  readonly #syncTicks: bigint;
  #kindCount = 0;
  #intervalStart = 0;
  #lastTime = -Infinity;
  #isFinished = false;

  /**
   * Writes the header.
   *
   * @param header What the stream says about the trace.
   * @param options Version and where to write.
   */
  constructor(header: EncodableHeader, options: NettraceEncoderOptions) {
    const { version, onBytes, stats } = options;
    const { syncTicks } = header;
    this.#isV6 = version === 6;
    this.#stats = stats;
    this.#syncTicks = syncTicks;
    this.#stream = this.#isV6
      ? new V6StreamWriter(onBytes)
      : new V4StreamWriter(onBytes);
    this.#events = new BlobWriter(syncTicks, this.#isV6, 2 * BLOCK_BYTES);
    this.#definitions = new BlobWriter(syncTicks, false, 4096);
    this.#stream.writeHeader(header);
  }

  /** Bytes written so far. */
  get length(): number {
    return this.#stream.offset;
  }

  /**
   * Writes an event.
   *
   * @param event The event.
   * @param payload Where its payload lies; a decoder's event says so itself.
   * @param time Ticks since the sync tick of the header that is written.
   * @throws {TypeError} When the stream is finished.
   * @throws {LimitError} When there are more than 2^20 threads.
   */
  write(event: EncodableEvent, payload: PayloadSource, time: number): void {
    if (this.#isFinished) {
      throw new TypeError("Cannot write nettrace event: stream is finished");
    }
    const isV6 = this.#isV6;
    const maxBytes = this.#stream.maxBlockBytes - BLOCK_BYTES - MAX_BLOB_BYTES;
    if (payload.payloadLength > maxBytes) {
      this.#stats?.count("nettrace_event_too_large", "data_loss", {
        detail: `payload of ${payload.payloadLength} bytes`,
      });
      return;
    }
    const { labels } = event;
    if (!isV6 && (labels.traceId ?? labels.spanId ?? labels.entries[0])) {
      this.#stats?.count("nettrace_labels_dropped", "notice");
    }
    const captureThread = this.#captureKeyOf(event);
    const thread = this.#threadOf(captureThread);
    thread.sequence = (thread.sequence + 1) >>> 0;
    this.#events.write({
      metadataId: this.#kindIdOf(event, time),
      sequence: thread.sequence,
      captureThread,
      processor: event.processor,
      thread: this.#threadKeyOf(event),
      stackId: this.#stackIdOf(event),
      time,
      isSorted: time >= this.#lastTime,
      activityId: isV6 ? ZERO_GUID : event.activityId ?? ZERO_GUID,
      relatedActivityId: isV6
        ? ZERO_GUID
        : event.relatedActivityId ?? ZERO_GUID,
      labels: isV6
        ? this.#labels.indexOf(
          labels,
          event.activityId,
          event.relatedActivityId,
        )
        : 0,
    }, payload);
    this.#lastTime = Math.max(this.#lastTime, time);
    const tableBytes = this.#stacks.length + this.#labels.length +
      this.#threadTable.length + this.#definitions.length + this.#rows.length;
    if (this.#events.length >= BLOCK_BYTES || tableBytes >= TABLE_BYTES) {
      this.flush();
      if (this.length - this.#intervalStart >= INTERVAL_BYTES) {
        this.#writeSequencePoint();
      }
    }
  }

  /**
   * Makes the output tell that events of a thread were lost before its next one.
   *
   * @param event The capturing thread, as its events have it.
   * @param count How many were lost.
   */
  noteLoss(event: EncodableCaptureThread, count: number): void {
    const thread = this.#threadOf(this.#captureKeyOf(event));
    if (!this.#isV6 && thread.sequence === 0) {
      // Readers of version 4 count nothing behind number 0 or before a thread's
      // first event; a sequence point makes them know the thread.
      thread.sequence = 1;
      this.#writeSequencePoint();
    }
    thread.sequence = (thread.sequence + count) >>> 0;
  }

  /** Writes what is held back to fill a block. */
  flush(): void {
    const stream = this.#stream;
    if (!this.#definitions.isEmpty) {
      this.#definitions.take((content) =>
        stream.writeBlock("MetadataBlock", content)
      );
    }
    if (this.#rows.length > 0) {
      stream.writeBlock("MetadataBlock", this.#rows.view());
      this.#rows.clear();
    }
    this.#threadTable.takeNew((content) =>
      stream.writeBlock("ThreadBlock", content)
    );
    this.#labels.takeNew((content) =>
      stream.writeBlock("LabelListBlock", content)
    );
    this.#stacks.takeNew((content) => stream.writeBlock("StackBlock", content));
    if (!this.#events.isEmpty) {
      this.#events.take((content) => stream.writeBlock("EventBlock", content));
    }
  }

  /** Writes what is held back and the end mark. */
  finish(): void {
    if (this.#isFinished) return;
    this.#isFinished = true;
    this.#writeSequencePoint();
    this.#stream.writeEnd();
  }

  #kindIdOf(event: EncodableEvent, time: number): number {
    const { metadata } = event;
    let ids = this.#kinds.get(metadata);
    if (ids === undefined) this.#kinds.set(metadata, ids = new Map());
    // Version 6 keeps overrides as labels; version 4 needs a kind for each.
    const { opcode, keywords, level, version } = event;
    const isOverridden = !this.#isV6 && event.labels.index !== 0 &&
      (opcode !== metadata.opcode || keywords !== metadata.keywords ||
        level !== metadata.level || version !== metadata.version);
    const key = isOverridden ? `${opcode} ${keywords} ${level} ${version}` : "";
    let id = ids.get(key);
    if (id === undefined) {
      id = ++this.#kindCount;
      ids.set(key, id);
      this.#define(
        id,
        isOverridden
          ? { ...metadata, opcode, keywords, level, version }
          : metadata,
        isOverridden || metadata.definitionForm !== "record"
          ? undefined
          : metadata.definition,
        time,
      );
    }
    return id;
  }

  #define(
    id: number,
    metadata: WrittenMetadata,
    definition: Uint8Array | undefined,
    time: number,
  ): void {
    if (this.#isV6) {
      if (this.#rows.length === 0) this.#rows.u16(0);
      if (!writeMetadataRow(this.#rows, id, metadata)) {
        this.#stats?.count("nettrace_fields_too_large", "notice", {
          detail: `${metadata.providerName} ${metadata.eventName}`,
        });
      }
      return;
    }
    if (metadata.fields !== undefined && usesV6Types(metadata.fields)) {
      this.#stats?.count("nettrace_fields_of_version_6", "notice", {
        detail: `${metadata.providerName} ${metadata.eventName}`,
      });
    }
    const record = new ByteWriter({ littleEndian: true });
    writeMetadataRecord(record, id, metadata, definition);
    this.#definitions.write({
      metadataId: 0,
      sequence: 0,
      captureThread: 0,
      processor: -1,
      thread: 0,
      stackId: 0,
      time,
      isSorted: false,
      activityId: ZERO_GUID,
      relatedActivityId: ZERO_GUID,
      labels: 0,
    }, payloadSourceOf(record.view()));
  }

  #stackIdOf(event: EncodableEvent): number {
    const { stack } = event;
    if (stack.bytes.length > this.#stream.maxBlockBytes - TABLE_BYTES) {
      this.#stats?.count("nettrace_stack_too_large", "data_loss");
      return 0;
    }
    return this.#stacks.idOf(stack);
  }

  #threadKeyOf(event: EncodableEvent): number | bigint {
    const { thread, threadId } = event;
    if (this.#isV6 && thread !== undefined) {
      return this.#threadTable.indexOf(thread);
    }
    // A thread without a number of the operating system keeps what it is called.
    const key = threadId >= 0 && Number.isSafeInteger(threadId)
      ? threadId
      : event.threadKey;
    return this.#isV6
      ? this.#threadTable.indexOfId(
        event.processId,
        key,
        threadId < 0 ? undefined : threadId,
      )
      : key;
  }

  #captureKeyOf(event: EncodableCaptureThread): number | bigint {
    const { captureThread, captureThreadId } = event;
    if (this.#isV6 && captureThread !== undefined) {
      return this.#threadTable.indexOf(captureThread);
    }
    const key = captureThreadId >= 0 && Number.isSafeInteger(captureThreadId)
      ? captureThreadId
      : event.captureThreadKey;
    return this.#isV6
      ? this.#threadTable.indexOfId(
        event.processId,
        key,
        captureThreadId < 0 ? undefined : captureThreadId,
      )
      : key;
  }

  #threadOf(key: number | bigint): WrittenThread {
    let thread = this.#threads.get(key);
    if (thread === undefined) {
      if (
        this.#threads.size >= MAX_THREADS ||
        this.#threadTable.count >= MAX_THREADS
      ) {
        throw new LimitError(
          `Cannot write nettrace event: ${this.#threads.size} threads are there, limit is ${MAX_THREADS}`,
          {
            limit: "maxTableEntries",
            value: this.#threads.size + 1,
            offset: this.length,
          },
        );
      }
      thread = { key, sequence: 0 };
      this.#threads.set(key, thread);
    }
    return thread;
  }

  #writeSequencePoint(): void {
    this.flush();
    const point = new ByteWriter({ littleEndian: true });
    const time = Number.isFinite(this.#lastTime) ? this.#lastTime : 0;
    point.u64(BigInt.asUintN(64, this.#syncTicks + BigInt(time)));
    if (this.#isV6) point.u32(0);
    point.u32(this.#threads.size);
    for (const { key, sequence } of this.#threads.values()) {
      if (this.#isV6) {
        point.varuint(key);
        point.varuint(sequence);
      } else {
        point.u64(BigInt(key));
        point.u32(sequence);
      }
    }
    this.#stream.writeBlock("SPBlock", point.view());
    this.#stacks.clear();
    this.#labels.clear();
    this.#intervalStart = this.length;
  }
}
