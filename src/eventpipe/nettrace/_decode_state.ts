import type { DecodeStats } from "../../base/decode_stats.ts";
import { FormatError, LimitError } from "../../base/errors.ts";
import { type Limits, resolveLimits } from "../../base/limits.ts";
import type { QpcTicks } from "../../base/time.ts";
import { BlockDamage } from "./_block_damage.ts";
import type { ByteWindow } from "./_byte_window.ts";
import { EventQueue } from "./_event_queue.ts";
import { EventView } from "./_event_view.ts";
import { LabelTable } from "./_label_table.ts";
import type { MetadataDefinition } from "./_metadata_reader.ts";
import { type FoundLoss, SequenceTracker } from "./_sequence_tracker.ts";
import { StackTable } from "./_stack_table.ts";
import { MAX_TABLE_BYTES } from "./_table_bytes.ts";
import { ThreadTable } from "./_thread_table.ts";
import type { NettraceDecodeOptions } from "./nettrace_decode_options.ts";
import type {
  NettraceBlockKind,
  NettraceHeader,
  NettraceMetadata,
  NettraceSequencePoint,
  NettraceSink,
} from "./types.ts";

/** A kind of event and whether the sink wants its events. */
export interface MetadataEntry {
  readonly metadata: NettraceMetadata;
  readonly isWanted: boolean;
}

/** What all parts of a decoder share from the header on. */
export class DecodeState {
  readonly header: NettraceHeader;
  readonly sink: NettraceSink;
  readonly stats: DecodeStats;
  readonly limits: Limits;
  readonly stacks: StackTable;
  readonly labels: LabelTable;
  readonly threads: ThreadTable;
  readonly tracker: SequenceTracker;
  /** Holds events back; absent when they are delivered as they come. */
  readonly queue: EventQueue | undefined;
  /** The event of decoders that hold none back. */
  readonly event: EventView;
  /** Takes an event that is next in order. */
  readonly deliver: (event: EventView) => void;
  /** Events met so far, wanted or not. */
  eventCount = 0;

  readonly #wants: ((metadata: NettraceMetadata) => boolean) | undefined;
  readonly #strict: boolean;
  #metadata = new Map<number, MetadataEntry>();
  #metadataCount = 0;
  #metadataBytes = 0;

  constructor(
    header: NettraceHeader,
    sink: NettraceSink,
    stats: DecodeStats,
    options: NettraceDecodeOptions,
  ) {
    this.header = header;
    this.sink = sink;
    this.stats = stats;
    this.limits = resolveLimits(options.limits);
    this.#wants = options.wants;
    this.#strict = options.strict ?? false;
    const { maxTableEntries } = this.limits;
    this.stacks = new StackTable({
      pointerSize: header.pointerSize,
      maxStacks: maxTableEntries,
      stats,
      onStack: sink.onStack?.bind(sink),
    });
    this.labels = new LabelTable(maxTableEntries);
    this.threads = new ThreadTable({
      maxThreads: maxTableEntries,
      stats,
      onThread: (thread) => {
        sink.onThread?.(thread);
      },
      onRemoved: (index, sequence, thread, offset) => {
        this.tracker.removeThread(index, sequence, offset);
        if (thread !== undefined) sink.onThreadRemoved?.(thread);
      },
    });
    this.tracker = new SequenceTracker({
      isV6: header.version === 6,
      maxThreads: maxTableEntries,
      stats,
      onLoss: (loss, key) => this.#reportLoss(loss, key),
    });
    this.event = this.createEvent();
    this.deliver = sink.onEvent === undefined
      ? () => {}
      : (event) => sink.onEvent!(event);
    this.queue = options.order === "time"
      ? new EventQueue(() => this.createEvent(), this.deliver)
      : undefined;
  }

  createEvent(): EventView {
    return new EventView(this.header, this.stacks.none);
  }

  metadata(id: number): MetadataEntry | undefined {
    return this.#metadata.get(id);
  }

  /** Puts a definition into the table. */
  define(definition: MetadataDefinition): void {
    const { id, offset } = definition;
    const known = this.#metadata.get(id);
    if (known !== undefined) {
      if (isSame(known.metadata.definition, definition.definition)) return;
      this.stats.count("nettrace_metadata_redefined", "notice", {
        offset,
        detail: `metadata id ${id}`,
      });
    }
    this.#metadataBytes += definition.definition.length;
    if (this.#metadataBytes > MAX_TABLE_BYTES) {
      throw new LimitError(
        `Cannot keep nettrace metadata at byte ${offset}: definitions take ${this.#metadataBytes} bytes, limit is ${MAX_TABLE_BYTES}`,
        { limit: "tableBytes", value: this.#metadataBytes, offset },
      );
    }
    const { maxTableEntries } = this.limits;
    if (this.#metadataCount >= maxTableEntries) {
      throw new LimitError(
        `Cannot keep nettrace metadata at byte ${offset}: ${this.#metadataCount} definitions are there, limit is ${maxTableEntries}`,
        {
          limit: "maxTableEntries",
          value: this.#metadataCount + 1,
          offset,
        },
      );
    }
    const metadata: NettraceMetadata = {
      index: this.#metadataCount++,
      ...definition,
    };
    this.sink.onMetadata?.(metadata);
    this.#metadata.set(id, {
      metadata,
      isWanted: this.sink.onEvent !== undefined &&
        (this.#wants === undefined || this.#wants(metadata)),
    });
  }

  /** Makes sure that events waiting for their turn stay within the limits. */
  checkQueue(queue: EventQueue, offset: number): void {
    const { maxQueuedRecords, maxQueuedBytes } = this.limits;
    if (
      queue.eventCount < maxQueuedRecords && queue.heldBytes < maxQueuedBytes
    ) return;
    this.stats.count("nettrace_order_limit", "notice", {
      offset,
      detail:
        `${queue.eventCount} events were held back, order of time may be broken`,
    });
    queue.deliverAll();
  }

  /** Acts on a sequence point. */
  sequencePoint(
    point: Omit<NettraceSequencePoint, "time" | "threads">,
    threads: readonly (readonly [key: number | bigint, sequence: number])[],
  ): void {
    const time = Number(point.ticks - this.header.syncTicks);
    this.queue?.deliverAll();
    if (this.header.version === 6) {
      for (const [key] of threads) {
        if (this.threads.get(key) !== undefined) continue;
        this.stats.count("nettrace_thread_unknown", "notice", {
          offset: point.offset,
          detail: `thread index ${key} of a sequence point`,
        });
      }
    }
    this.tracker.sequencePoint(threads, time, point.offset);
    this.sink.onSequencePoint?.({
      ...point,
      time,
      threads: threads.map(([key, sequence]) =>
        [BigInt(key), sequence] as const
      ),
    });
    this.stacks.clear();
    this.labels.clear();
    if (point.clearsThreads) {
      this.threads.clear();
      this.tracker.clear();
    }
    if (point.clearsMetadata) this.#metadata.clear();
  }

  /**
   * Runs the decoding of one block's content; damage in it is counted and the
   * rest of the block left out.
   */
  readBlock(
    kind: NettraceBlockKind,
    window: ByteWindow,
    read: () => void,
  ): void {
    try {
      read();
    } catch (error) {
      if (!(error instanceof BlockDamage) || this.#strict) throw error;
      this.stats.count("nettrace_block_damaged", "error", {
        offset: error.offset,
        detail: error.message,
      });
      this.stats.count("nettrace_bytes_skipped", "data_loss", {
        amount: Math.max(0, window.base + window.end - error.offset),
        offset: error.offset,
        detail: `rest of ${kind}`,
      });
    }
  }

  /** Runs the reading of one definition; a broken one is counted and left out. */
  readDefinition(offset: number, read: () => MetadataDefinition): void {
    let definition: MetadataDefinition;
    try {
      definition = read();
    } catch (error) {
      if (!(error instanceof FormatError) || this.#strict) throw error;
      this.stats.count("nettrace_metadata_damaged", "error", {
        offset,
        detail: error.message,
      });
      return;
    }
    this.define(definition);
  }

  /** Ends the delivery of events. */
  finish(): void {
    this.queue?.deliverAll();
  }

  #reportLoss(loss: FoundLoss, key: number | bigint): void {
    const captureThread = this.threads.get(key);
    this.sink.onLoss?.({
      ...loss,
      captureThread,
      captureThreadId: this.header.version === 6
        ? captureThread?.threadId ?? -1
        : Number(key),
    });
  }
}

/** @returns Ticks since the sync tick, rounded beyond 2^53. */
export function relativeTicks(
  ticks: bigint,
  header: NettraceHeader,
): { time: number; wideTicks: bigint | undefined } {
  const relative = ticks - header.syncTicks;
  const time = Number(relative);
  return {
    time,
    wideTicks: Number.isSafeInteger(time) ? undefined : ticks as QpcTicks,
  };
}

function isSame(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, index) => byte === b[index]);
}
