import { BlockDamage } from "./_block_damage.ts";
import { type ByteWindow, dataViewOf } from "./_byte_window.ts";
import {
  type DecodeState,
  type MetadataEntry,
  relativeTicks,
} from "./_decode_state.ts";
import {
  ABSENT,
  type EventView,
  type HeldBlock,
  NO_LABELS,
} from "./_event_view.ts";
import { readMetadataRecord } from "./_metadata_reader.ts";
import type { TrackedThread } from "./_sequence_tracker.ts";
import { threadKeyOf } from "./_thread_table.ts";

// Compressed event blob of versions 4 to 6: a byte of flags, then
//
// | flag     | content                                                          |
// | -------- | ---------------------------------------------------------------- |
// | 0x01     | metadata id: varuint32                                           |
// | 0x02     | number step: varuint32 d (number += d + 1), capturing thread:    |
// |          | varuint64, processor: varuint32; without it and unless the       |
// |          | metadata id is 0: number += 1                                    |
// | 0x04     | thread: varuint64                                                |
// | 0x08     | stack id: varuint32                                              |
// | always   | time step: varuint64, modulo 2^64                                |
// | 0x10     | activity id: GUID; in version 6 label list index: varuint32      |
// | 0x20     | related activity id: GUID; unused in version 6                   |
// | 0x40     | sorted, not sticky                                               |
// | 0x80     | payload size: varuint32                                          |
// | always   | payload                                                          |
//
// What is absent is as in the blob before; everything is 0 at a block's start.
const FLAG = {
  metadataId: 0x01,
  sequence: 0x02,
  thread: 0x04,
  stack: 0x08,
  activityOrLabels: 0x10,
  relatedActivity: 0x20,
  sorted: 0x40,
  payloadSize: 0x80,
} as const;

const HEADER_BYTES = 20;
const FLAG_COMPRESSED = 1;
const NOT_SORTED = 0x8000_0000;
const TWO_32 = 0x1_0000_0000;

/** Which block is read. */
export type EventBlockKind = "EventBlock" | "MetadataBlock";

/** Reads the blocks of versions 4 to 6 that consist of event blobs. */
export class EventBlockReader {
  readonly #state: DecodeState;
  readonly #isV6: boolean;
  #isSalvaging = false;
  /** Index behind the number that was read last. */
  #next = 0;
  /** The number that was read last, if it is beyond 2^53. */
  #wide: bigint | undefined;
  /** Copy of the current block for events that wait. */
  #held: HeldBlock | undefined;

  constructor(state: DecodeState) {
    this.#state = state;
    this.#isV6 = state.header.version === 6;
  }

  /**
   * Reads a block of 16-bit header size, 16-bit flags, two timestamps and blobs.
   *
   * @param window The block's content.
   * @param isSalvaging Whether the end of the stream cuts the block.
   * @throws {BlockDamage} When it cannot be read to its end.
   */
  read(window: ByteWindow, kind: EventBlockKind, isSalvaging = false): void {
    const { view, start, end, base } = window;
    if (end - start < HEADER_BYTES) {
      throw new BlockDamage(
        kind,
        `${end - start} of ${HEADER_BYTES} header bytes are there`,
        base + start,
      );
    }
    const headerSize = view.getUint16(start, true);
    if (headerSize < HEADER_BYTES || start + headerSize > end) {
      throw new BlockDamage(
        kind,
        `header of ${headerSize} bytes in a block of ${end - start}`,
        base + start,
      );
    }
    const flags = view.getUint16(start + 2, true);
    if ((flags & ~FLAG_COMPRESSED) !== 0) {
      this.#state.stats.count("nettrace_block_flags_unknown", "info", {
        offset: base + start + 2,
        detail: `flags 0x${flags.toString(16)}`,
      });
    }
    this.#held = undefined;
    this.#isSalvaging = isSalvaging;
    const content = { ...window, start: start + headerSize };
    if ((flags & FLAG_COMPRESSED) !== 0) this.#readCompressed(content, kind);
    else this.#readUncompressed(content, kind);
    this.#held = undefined;
  }

  #readCompressed(window: ByteWindow, kind: EventBlockKind): void {
    const { bytes, view, end, base } = window;
    const state = this.#state;
    const { tracker, stacks, threads } = state;
    const isV6 = this.#isV6;
    const isMetadata = kind === "MetadataBlock";
    const { syncTicks } = state.header;
    let at = window.start;
    let metadataId = 0;
    let entry: MetadataEntry | undefined;
    let sequence = 0;
    let capture = 0;
    let wideCapture: bigint | undefined;
    let captureThread = isV6 ? threads.get(0) : undefined;
    let processor = 0;
    let thread = 0;
    let wideThread: bigint | undefined;
    let aboutThread = captureThread;
    let stackId = 0;
    let stack = stacks.none;
    let isStackKnown = true;
    let labels = NO_LABELS;
    let areLabelsKnown = true;
    let activityStart = ABSENT;
    let relatedStart = ABSENT;
    let payloadSize = 0;
    // The clock starts at tick 0, which may be out of reach of the sync tick.
    let time = 0;
    let wideTicks: bigint | undefined = 0n;
    let tracked: TrackedThread | undefined;

    while (at < end) {
      const blobStart = at;
      const flags = bytes[at++]!;
      if ((flags & FLAG.metadataId) !== 0) {
        metadataId = bytes[at]!;
        if (metadataId < 0x80) at++;
        else {
          metadataId = this.#varuint32(bytes, at, end, base);
          at = this.#next;
        }
        entry = state.metadata(metadataId);
      }
      if ((flags & FLAG.sequence) !== 0) {
        let step = bytes[at]!;
        if (step < 0x80) at++;
        else {
          step = this.#varuint32(bytes, at, end, base);
          at = this.#next;
        }
        sequence = (sequence + step + 1) >>> 0;
        capture = this.#varuint64(bytes, at, end, base);
        at = this.#next;
        wideCapture = this.#wide;
        processor = bytes[at]!;
        if (processor < 0x80) at++;
        else {
          processor = this.#varuint32(bytes, at, end, base) | 0;
          at = this.#next;
        }
        tracked = undefined;
        if (isV6) captureThread = threads.get(wideCapture ?? capture);
      } else if (metadataId !== 0) {
        sequence = (sequence + 1) >>> 0;
      }
      if ((flags & FLAG.thread) !== 0) {
        thread = this.#varuint64(bytes, at, end, base);
        at = this.#next;
        wideThread = this.#wide;
        if (isV6) aboutThread = threads.get(wideThread ?? thread);
      }
      if ((flags & FLAG.stack) !== 0) {
        stackId = bytes[at]!;
        if (stackId < 0x80) at++;
        else {
          stackId = this.#varuint32(bytes, at, end, base);
          at = this.#next;
        }
        const found = stackId === 0 ? stacks.none : stacks.get(stackId);
        isStackKnown = found !== undefined;
        stack = found ?? stacks.none;
      }
      const step = this.#varuint64(bytes, at, end, base);
      at = this.#next;
      if (
        wideTicks === undefined && this.#wide === undefined &&
        time + step <= Number.MAX_SAFE_INTEGER
      ) {
        time += step;
      } else {
        const ticks = BigInt.asIntN(
          64,
          (wideTicks ?? syncTicks + BigInt(time)) +
            (this.#wide ?? BigInt(step)),
        );
        ({ time, wideTicks } = relativeTicks(ticks, state.header));
      }
      if ((flags & FLAG.activityOrLabels) !== 0) {
        if (isV6) {
          const index = this.#varuint32(bytes, at, end, base);
          at = this.#next;
          const found = state.labels.get(index);
          areLabelsKnown = found !== undefined;
          labels = found ?? NO_LABELS;
        } else {
          activityStart = at;
          at += 16;
        }
      }
      if ((flags & FLAG.relatedActivity) !== 0 && !isV6) {
        relatedStart = at;
        at += 16;
      }
      if ((flags & FLAG.payloadSize) !== 0) {
        payloadSize = bytes[at]!;
        if (payloadSize < 0x80) at++;
        else {
          payloadSize = this.#varuint32(bytes, at, end, base);
          at = this.#next;
        }
      }
      const payloadStart = at;
      at += payloadSize;
      if (!(at <= end)) {
        throw new BlockDamage(
          kind,
          `event of ${at - blobStart} bytes has ${end - blobStart} left`,
          base + blobStart,
        );
      }

      if (metadataId === 0) {
        if (isMetadata) this.#define(window, payloadStart, at);
        else this.#countUndefined(metadataId, base + blobStart);
        continue;
      }
      if (isMetadata) {
        this.#countMisplaced(metadataId, base + blobStart);
        continue;
      }
      const index = state.eventCount++;
      if (tracked === undefined) {
        tracked = tracker.event(
          wideCapture ?? capture,
          sequence,
          time,
          base + blobStart,
        );
      } else {
        tracked.last = sequence;
        tracked.lastTime = time;
      }
      if (entry === undefined) {
        this.#countUndefined(metadataId, base + blobStart);
        continue;
      }
      if (!entry.isWanted) continue;
      if (!isStackKnown) this.#countUnknownStack(stackId, base + blobStart);

      const event = state.queue === undefined
        ? state.event
        : state.queue.take();
      event.metadata = entry.metadata;
      event.index = index;
      event.offset = base + blobStart;
      event.time = time;
      event.wideTicks = wideTicks;
      event.sequenceNumber = sequence;
      event.rawThread = thread;
      event.wideThread = wideThread;
      event.rawCaptureThread = capture;
      event.wideCaptureThread = wideCapture;
      event.processor = processor;
      event.isSorted = (flags & FLAG.sorted) !== 0;
      event.isSalvaged = this.#isSalvaging;
      event.stackId = stackId;
      event.tableStack = stack;
      event.bytes = bytes;
      event.view = view;
      event.payloadStart = payloadStart;
      event.payloadLength = payloadSize;
      event.activityStart = activityStart;
      event.relatedActivityStart = relatedStart;
      if (isV6) {
        event.labels = labels;
        event.thread = aboutThread;
        event.captureThread = captureThread;
        event.threadId = aboutThread?.threadId ?? -1;
        event.captureThreadId = captureThread?.threadId ?? -1;
        if (!areLabelsKnown) this.#countUnknownLabels(event.offset);
        if (aboutThread === undefined) this.#countUnknownThread(event);
      } else {
        event.threadId = thread;
        event.captureThreadId = capture;
      }
      this.#emit(event, window);
    }
  }

  // Uncompressed event blob:
  //
  // | at (v4) | at (v6) | type | field                                       |
  // | ------- | ------- | ---- | ------------------------------------------- |
  // | 0       | 0       | i32  | size without this field                     |
  // | 4       | 4       | u32  | metadata id; bit 31: not sorted             |
  // | 8       | 8       | u32  | number                                      |
  // | 12      | 12      | u64  | thread                                      |
  // | 20      | 20      | u64  | capturing thread                            |
  // | 28      | 28      | i32  | processor                                   |
  // | 32      | 32      | u32  | stack id                                    |
  // | 36      | 36      | i64  | time                                        |
  // | 44      | -       | GUID | activity id                                 |
  // | 60      | -       | GUID | related activity id                         |
  // | -       | 44      | u32  | label list index                            |
  // | 76      | 48      | u32  | payload size                                |
  // | 80      | 52      |      | payload, then padding up to the size        |
  #readUncompressed(window: ByteWindow, kind: EventBlockKind): void {
    const { bytes, view, end, base } = window;
    const state = this.#state;
    const isV6 = this.#isV6;
    const payloadAt = isV6 ? 52 : 80;
    let at = window.start;
    while (at < end) {
      const blobStart = at;
      if (end - at < 4 && isZero(bytes, at, end)) return;
      const size = end - at < 4 ? -1 : view.getUint32(at, true);
      const blobEnd = at + 4 + size;
      if (size < payloadAt - 4 || blobEnd > end) {
        throw new BlockDamage(
          kind,
          `event of ${size} bytes has ${end - at - 4} left`,
          base + at,
        );
      }
      const idAndOrder = view.getUint32(at + 4, true);
      const metadataId = idAndOrder & 0x7fff_ffff;
      const payloadSize = view.getUint32(at + payloadAt - 4, true);
      const payloadStart = at + payloadAt;
      if (payloadStart + payloadSize > blobEnd) {
        throw new BlockDamage(
          kind,
          `payload of ${payloadSize} bytes in an event of ${size}`,
          base + at,
        );
      }
      at = blobEnd;
      if (metadataId === 0) {
        if (kind === "MetadataBlock") {
          this.#define(window, payloadStart, payloadStart + payloadSize);
        } else this.#countUndefined(metadataId, base + blobStart);
        continue;
      }
      if (kind === "MetadataBlock") {
        this.#countMisplaced(metadataId, base + blobStart);
        continue;
      }
      const index = state.eventCount++;
      const sequence = view.getUint32(blobStart + 8, true);
      const { time, wideTicks } = relativeTicks(
        view.getBigInt64(blobStart + 36, true),
        state.header,
      );
      const capture = readThreadKey(view, blobStart + 20);
      state.tracker.event(capture, sequence, time, base + blobStart);
      const entry = state.metadata(metadataId);
      if (entry === undefined) {
        this.#countUndefined(metadataId, base + blobStart);
        continue;
      }
      if (!entry.isWanted) continue;

      const event = state.queue?.take() ?? state.event;
      event.metadata = entry.metadata;
      event.index = index;
      event.offset = base + blobStart;
      event.time = time;
      event.wideTicks = wideTicks;
      event.sequenceNumber = sequence;
      const thread = readThreadKey(view, blobStart + 12);
      event.rawThread = Number(thread);
      event.wideThread = typeof thread === "bigint" ? thread : undefined;
      event.rawCaptureThread = Number(capture);
      event.wideCaptureThread = typeof capture === "bigint"
        ? capture
        : undefined;
      event.processor = view.getInt32(blobStart + 28, true);
      event.isSorted = idAndOrder < NOT_SORTED;
      event.isSalvaged = this.#isSalvaging;
      const stackId = view.getUint32(blobStart + 32, true);
      const stack = stackId === 0
        ? state.stacks.none
        : state.stacks.get(stackId);
      event.stackId = stackId;
      event.tableStack = stack ?? state.stacks.none;
      event.bytes = bytes;
      event.view = view;
      event.payloadStart = payloadStart;
      event.payloadLength = payloadSize;
      if (stack === undefined) this.#countUnknownStack(stackId, event.offset);
      if (isV6) {
        event.activityStart = ABSENT;
        event.relatedActivityStart = ABSENT;
        const labels = state.labels.get(view.getUint32(blobStart + 44, true));
        if (labels === undefined) this.#countUnknownLabels(event.offset);
        event.labels = labels ?? NO_LABELS;
        event.thread = state.threads.get(thread);
        event.captureThread = state.threads.get(capture);
        event.threadId = event.thread?.threadId ?? -1;
        event.captureThreadId = event.captureThread?.threadId ?? -1;
        if (event.thread === undefined) this.#countUnknownThread(event);
      } else {
        event.activityStart = blobStart + 44;
        event.relatedActivityStart = blobStart + 60;
        event.threadId = event.rawThread;
        event.captureThreadId = event.rawCaptureThread;
      }
      this.#emit(event, window);
    }
  }

  #emit(event: EventView, window: ByteWindow): void {
    const { queue, deliver } = this.#state;
    if (queue === undefined) {
      deliver(event);
      return;
    }
    if (event.isSorted) {
      queue.deliverBefore(event.time);
      deliver(event);
      queue.recycle(event);
      return;
    }
    // The event outlives the memory that it was read from.
    const shift = window.start;
    this.#held ??= holdBlock(window.bytes.slice(shift, window.end));
    event.block = this.#held;
    event.bytes = this.#held.bytes;
    event.view = this.#held.view;
    event.payloadStart -= shift;
    if (event.activityStart !== ABSENT) event.activityStart -= shift;
    if (event.relatedActivityStart !== ABSENT) {
      event.relatedActivityStart -= shift;
    }
    queue.add(event);
    this.#state.checkQueue(queue, event.offset);
  }

  #define(window: ByteWindow, start: number, end: number): void {
    const state = this.#state;
    state.readDefinition(
      window.base + start,
      () =>
        readMetadataRecord({ ...window, start, end }, {
          maxDepth: state.limits.maxDepth,
          stats: state.stats,
        }),
    );
  }

  #countUndefined(id: number, offset: number): void {
    this.#state.stats.count("nettrace_event_unknown_metadata", "data_loss", {
      offset,
      detail: `metadata id ${id}`,
    });
  }

  #countMisplaced(id: number, offset: number): void {
    this.#state.stats.count("nettrace_event_misplaced", "data_loss", {
      offset,
      detail: `event of metadata id ${id} in a metadata block`,
    });
  }

  #countUnknownStack(id: number, offset: number): void {
    this.#state.stats.count("nettrace_stack_unknown", "data_loss", {
      offset,
      detail: `stack id ${id}`,
    });
  }

  #countUnknownLabels(offset: number): void {
    this.#state.stats.count("nettrace_labels_unknown", "data_loss", { offset });
  }

  #countUnknownThread(event: EventView): void {
    this.#state.stats.count("nettrace_thread_unknown", "notice", {
      offset: event.offset,
      detail: `thread index ${event.threadKey}`,
    });
  }

  #varuint32(
    bytes: Uint8Array,
    at: number,
    end: number,
    base: number,
  ): number {
    const start = at;
    let value = 0;
    for (let scale = 1; scale <= 0x1000_0000; scale *= 0x80) {
      if (at >= end) throw cutNumber(base + start);
      const byte = bytes[at++]!;
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) {
        if (value >= TWO_32) break;
        this.#next = at;
        return value;
      }
    }
    throw new BlockDamage("number", "it exceeds 32 bits", base + start);
  }

  /** Sets `#wide` when the number is not exact. */
  #varuint64(
    bytes: Uint8Array,
    at: number,
    end: number,
    base: number,
  ): number {
    this.#wide = undefined;
    const first = bytes[at]!;
    if (first < 0x80) {
      this.#next = at + 1;
      return first;
    }
    const second = bytes[at + 1]!;
    if (second < 0x80) {
      this.#next = at + 2;
      return first - 0x80 + second * 0x80;
    }
    const third = bytes[at + 2]!;
    if (third < 0x80) {
      this.#next = at + 3;
      return first - 0x80 + (second - 0x80) * 0x80 + third * 0x4000;
    }
    return this.#longVaruint64(bytes, at, end, base);
  }

  #longVaruint64(
    bytes: Uint8Array,
    at: number,
    end: number,
    base: number,
  ): number {
    const start = at;
    let low = 0;
    let scale = 1;
    // Seven groups are 49 bits, which a double holds exactly.
    for (let group = 0; group < 7; group++) {
      if (at >= end) throw cutNumber(base + start);
      const byte = bytes[at++]!;
      low += (byte & 0x7f) * scale;
      scale *= 0x80;
      if (byte < 0x80) {
        this.#next = at;
        return low;
      }
    }
    let high = 0;
    for (let group = 7; group < 10; group++) {
      if (at >= end) throw cutNumber(base + start);
      const byte = bytes[at++]!;
      high += (byte & 0x7f) * 0x80 ** (group - 7);
      if (byte < 0x80) {
        if (high >= 0x8000) break;
        this.#next = at;
        const value = high * scale + low;
        if (value > Number.MAX_SAFE_INTEGER) {
          this.#wide = (BigInt(high) << 49n) | BigInt(low);
        }
        return value;
      }
    }
    throw new BlockDamage("number", "it exceeds 64 bits", base + start);
  }
}

function cutNumber(offset: number): BlockDamage {
  return new BlockDamage("number", "the block ends in it", offset);
}

function readThreadKey(view: DataView, at: number): number | bigint {
  const high = view.getUint32(at + 4, true);
  return high === 0
    ? view.getUint32(at, true)
    : threadKeyOf(view.getBigUint64(at, true));
}

function isZero(bytes: Uint8Array, start: number, end: number): boolean {
  for (let at = start; at < end; at++) {
    if (bytes[at] !== 0) return false;
  }
  return true;
}

function holdBlock(bytes: Uint8Array): HeldBlock {
  return { bytes, view: dataViewOf(bytes), pending: 0 };
}
