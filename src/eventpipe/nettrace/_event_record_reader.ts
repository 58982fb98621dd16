import { BlockDamage } from "./_block_damage.ts";
import type { ByteWindow } from "./_byte_window.ts";
import { type DecodeState, relativeTicks } from "./_decode_state.ts";
import {
  readEarlyMetadataRecord,
  readMetadataRecord,
} from "./_metadata_reader.ts";

// Event record of versions 1 to 3:
//
// | at            | type | field                                              |
// | ------------- | ---- | -------------------------------------------------- |
// | 0             | i32  | size without this field                            |
// | 4             | i32  | metadata id; 0: the payload is a definition        |
// | 8             | i32  | thread                                             |
// | 12            | i64  | time                                               |
// | 20            | GUID | activity id                                        |
// | 36            | GUID | related activity id                                |
// | 52            | i32  | payload size n                                     |
// | 56            |      | payload                                            |
// | 56 + n        | i32  | stack size                                         |
// | 60 + n        |      | addresses, leaf first                              |
// | then          |      | padding up to a size of a multiple of 4 (version 3)|
const PAYLOAD_AT = 56;
/** Size of a record without payload and stack. */
export const MIN_RECORD_SIZE: number = PAYLOAD_AT;

/** Reads the records of versions 1 to 3, which carry their stack with them. */
export class EventRecordReader {
  readonly #state: DecodeState;

  constructor(state: DecodeState) {
    this.#state = state;
  }

  /**
   * Reads the records of a version 3 block.
   *
   * @throws {BlockDamage} When the block cannot be read to its end.
   */
  readBlock(window: ByteWindow, isSalvaging = false): void {
    const { view, end, base } = window;
    let at = window.start;
    while (at < end) {
      const size = end - at < 4 ? -1 : view.getInt32(at, true);
      if (size < MIN_RECORD_SIZE || at + 4 + size > end) {
        throw new BlockDamage(
          "EventBlock",
          `event of ${size} bytes has ${end - at - 4} left`,
          base + at,
        );
      }
      this.readRecord(
        { ...window, start: at, end: at + 4 + size },
        isSalvaging,
      );
      at += 4 + size;
    }
  }

  /**
   * Reads one record.
   *
   * @param window The record, from its size on; its size has been checked.
   * @throws {BlockDamage} When its parts exceed it.
   */
  readRecord(window: ByteWindow, isSalvaging = false): void {
    const { bytes, view, start, end, base } = window;
    const state = this.#state;
    const metadataId = view.getInt32(start + 4, true);
    const payloadLength = view.getInt32(start + 52, true);
    const payloadStart = start + PAYLOAD_AT;
    const stackStart = payloadStart + payloadLength + 4;
    if (payloadLength < 0 || stackStart > end) {
      throw new BlockDamage(
        "EventBlock",
        `payload of ${payloadLength} bytes in an event of ${end - start - 4}`,
        base + start,
      );
    }
    const stackLength = view.getInt32(stackStart - 4, true);
    if (stackLength < 0 || stackStart + stackLength > end) {
      throw new BlockDamage(
        "EventBlock",
        `stack of ${stackLength} bytes in an event of ${end - start - 4}`,
        base + start,
      );
    }
    if (metadataId === 0) {
      this.#define(window, payloadStart, payloadStart + payloadLength);
      return;
    }
    const index = state.eventCount++;
    const entry = state.metadata(metadataId);
    if (entry === undefined) {
      state.stats.count("nettrace_event_unknown_metadata", "data_loss", {
        offset: base + start,
        detail: `metadata id ${metadataId}`,
      });
      return;
    }
    if (!entry.isWanted) return;
    const { pointerSize } = state.header;
    if (stackLength % pointerSize !== 0) {
      state.stats.count("nettrace_stack_remainder", "notice", {
        offset: base + stackStart,
        detail:
          `stack of ${stackLength} bytes with ${pointerSize}-byte addresses`,
      });
    }
    const { event } = state;
    const { time, wideTicks } = relativeTicks(
      view.getBigInt64(start + 12, true),
      state.header,
    );
    const threadId = view.getUint32(start + 8, true);
    event.metadata = entry.metadata;
    event.index = index;
    event.offset = base + start;
    event.time = time;
    event.wideTicks = wideTicks;
    event.rawThread = event.rawCaptureThread = threadId;
    event.threadId = event.captureThreadId = threadId;
    // These versions are taken to be in order as they are.
    event.isSorted = true;
    event.isSalvaged = isSalvaging;
    event.stackId = stackLength < pointerSize ? 0 : -1;
    event.stackStart = stackStart;
    event.stackLength = stackLength;
    event.bytes = bytes;
    event.view = view;
    event.payloadStart = payloadStart;
    event.payloadLength = payloadLength;
    event.activityStart = start + 20;
    event.relatedActivityStart = start + 36;
    state.deliver(event);
  }

  #define(window: ByteWindow, start: number, end: number): void {
    const state = this.#state;
    const { version } = state.header;
    const offset = window.base + window.start;
    const context = { maxDepth: state.limits.maxDepth, stats: state.stats };
    const payload = { ...window, start, end };
    state.readDefinition(
      offset,
      () =>
        version === 1 || version === 2
          ? readEarlyMetadataRecord(payload, offset, version, context)
          : readMetadataRecord(payload, context),
    );
  }
}
