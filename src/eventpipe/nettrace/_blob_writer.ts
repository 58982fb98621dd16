import { ByteWriter } from "../../codec/byte_writer.ts";
import { parseGuid } from "../../codec/guid.ts";
import type { PayloadSource } from "./payload_types.ts";

/** What stands for no activity. */
export const ZERO_GUID = "00000000-0000-0000-0000-000000000000";

/** What a blob says beside its payload. */
export interface WrittenBlob {
  readonly metadataId: number;
  readonly sequence: number;
  readonly captureThread: number | bigint;
  readonly processor: number;
  readonly thread: number | bigint;
  readonly stackId: number;
  /** Ticks since the sync tick. */
  readonly time: number;
  readonly isSorted: boolean;
  readonly activityId: string;
  readonly relatedActivityId: string;
  /** Index of a label list; 0 in version 4. */
  readonly labels: number;
}

const HEADER_BYTES = 20;
const COMPRESSED = 1;

/** What a block begins with. */
const START: WrittenBlob = {
  metadataId: 0,
  sequence: 0,
  captureThread: 0,
  processor: 0,
  thread: 0,
  stackId: 0,
  time: 0,
  isSorted: false,
  activityId: ZERO_GUID,
  relatedActivityId: ZERO_GUID,
  labels: 0,
};

/** Collects compressed blobs of one block; see `_event_block_reader.ts` for their form. */
export class BlobWriter {
  readonly #syncTicks: bigint;
  readonly #isV6: boolean;
  readonly #block: ByteWriter;
  #last: WrittenBlob = START;
  #lastPayloadLength = 0;
  #count = 0;
  #minTime = 0;
  #maxTime = 0;

  constructor(syncTicks: bigint, isV6: boolean, capacity: number) {
    this.#syncTicks = syncTicks;
    this.#isV6 = isV6;
    this.#block = new ByteWriter({
      littleEndian: true,
      initialCapacity: capacity,
    });
    this.#start();
  }

  /** Bytes of the block so far, its header included. */
  get length(): number {
    return this.#block.length;
  }

  get isEmpty(): boolean {
    return this.#count === 0;
  }

  write(blob: WrittenBlob, payload: PayloadSource): void {
    const writer = this.#block;
    const last = this.#last;
    const isFirst = this.#count++ === 0;
    const { payloadLength } = payload;
    const isRecord = blob.metadataId === 0;
    let flags = blob.isSorted ? 0x40 : 0;
    if (blob.metadataId !== last.metadataId) flags |= 0x01;
    if (
      isFirst || blob.captureThread !== last.captureThread ||
      blob.processor !== last.processor ||
      blob.sequence !== (last.sequence + (isRecord ? 0 : 1)) >>> 0
    ) flags |= 0x02;
    if (blob.thread !== last.thread) flags |= 0x04;
    if (blob.stackId !== last.stackId) flags |= 0x08;
    if (blob.labels !== last.labels || blob.activityId !== last.activityId) {
      flags |= 0x10;
    }
    if (blob.relatedActivityId !== last.relatedActivityId) flags |= 0x20;
    if (payloadLength !== this.#lastPayloadLength) flags |= 0x80;

    writer.u8(flags);
    if ((flags & 0x01) !== 0) writer.varuint(blob.metadataId);
    if ((flags & 0x02) !== 0) {
      writer.varuint((blob.sequence - last.sequence - 1) >>> 0);
      writer.varuint(blob.captureThread);
      writer.varuint(blob.processor >>> 0);
    }
    if ((flags & 0x04) !== 0) writer.varuint(blob.thread);
    if ((flags & 0x08) !== 0) writer.varuint(blob.stackId);
    const step = blob.time - last.time;
    if (isFirst) writer.varuint(this.#ticks(blob.time));
    else if (step >= 0 && Number.isSafeInteger(step)) writer.varuint(step);
    else {
      writer.varuint(
        BigInt.asUintN(64, BigInt(blob.time) - BigInt(last.time)),
      );
    }
    if ((flags & 0x10) !== 0) {
      if (this.#isV6) writer.varuint(blob.labels);
      else writer.bytes(parseGuid(blob.activityId));
    }
    if ((flags & 0x20) !== 0) writer.bytes(parseGuid(blob.relatedActivityId));
    if ((flags & 0x80) !== 0) writer.varuint(payloadLength);
    const { payloadStart } = payload;
    writer.bytes(
      payload.bytes.subarray(payloadStart, payloadStart + payloadLength),
    );
    this.#last = blob;
    this.#lastPayloadLength = payloadLength;
    this.#minTime = isFirst ? blob.time : Math.min(this.#minTime, blob.time);
    this.#maxTime = isFirst ? blob.time : Math.max(this.#maxTime, blob.time);
  }

  /** Hands out the block and starts the next one. */
  take(use: (content: Uint8Array) => void): void {
    this.#block.u64At(4, this.#ticks(this.#minTime));
    this.#block.u64At(12, this.#ticks(this.#maxTime));
    use(this.#block.view());
    this.#start();
  }

  #start(): void {
    this.#block.clear();
    this.#block.u16(HEADER_BYTES);
    this.#block.u16(COMPRESSED);
    this.#block.zeros(HEADER_BYTES - 4);
    this.#last = START;
    this.#lastPayloadLength = 0;
    this.#count = 0;
    this.#minTime = this.#maxTime = 0;
  }

  #ticks(time: number): bigint {
    return BigInt.asUintN(64, this.#syncTicks + BigInt(time));
  }
}
