import { MAX_MESSAGE_BYTES } from "./trace_file_decoder.ts";

const PREFIX_BYTES = 8;

/** Messages that came together, laid out as in a trace file. */
export interface RecordBatch {
  /** The messages, each behind its size as a 64-bit little-endian number. */
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** How many messages there are. */
  readonly packets: number;
  /** Takes them apart. */
  [Symbol.iterator](): Iterator<Uint8Array<ArrayBuffer>>;
}

/**
 * Puts messages together.
 *
 * @param packets The messages, each at most 1 MiB; copied.
 * @returns The batch.
 */
export function makeRecordBatch(packets: readonly Uint8Array[]): RecordBatch {
  const size = packets.reduce(
    (sum, packet) => sum + PREFIX_BYTES + packet.length,
    0,
  );
  const bytes = new Uint8Array(size);
  const view = new DataView(bytes.buffer);
  let at = 0;
  for (const packet of packets) {
    view.setUint32(at, packet.length, true);
    bytes.set(packet, at + PREFIX_BYTES);
    at += PREFIX_BYTES + packet.length;
  }
  return {
    bytes,
    packets: packets.length,
    *[Symbol.iterator]() {
      let at = 0;
      while (at < size) {
        const start = at + PREFIX_BYTES;
        at = start + view.getUint32(at, true);
        yield bytes.subarray(start, at);
      }
    },
  };
}

/**
 * Measures how much of a batch is whole messages.
 *
 * @param bytes The start of a batch.
 * @returns Length in bytes of the whole messages at its start.
 */
export function wholeRecordBytes(bytes: Uint8Array): number {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let at = 0;
  while (at + PREFIX_BYTES <= bytes.length) {
    const size = view.getUint32(at, true);
    const end = at + PREFIX_BYTES + size;
    if (size > MAX_MESSAGE_BYTES || end > bytes.length) break;
    at = end;
  }
  return at;
}
