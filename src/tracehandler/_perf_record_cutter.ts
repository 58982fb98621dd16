import { FormatError } from "../base/errors.ts";
import { ChunkQueue } from "../codec/chunk_queue.ts";
import type { PerfRecordToken } from "./perf_data_decoder.ts";

const HEADER_BYTES = 8;

/** Cuts records that were unpacked from compressed ones. */
export class PerfRecordCutter {
  readonly #queue = new ChunkQueue();
  readonly #littleEndian: boolean;

  /** @param littleEndian Byte order. */
  constructor(littleEndian: boolean) {
    this.#littleEndian = littleEndian;
  }

  /** Bytes of a record that is not complete. */
  get rest(): number {
    return this.#queue.available;
  }

  /** @param chunk The next bytes; kept until they are decoded. */
  push(chunk: Uint8Array): void {
    this.#queue.push(chunk);
  }

  /**
   * @returns The next record, valid until the next is asked for; `undefined`
   * when more bytes are needed. Its offset is that of the unpacked bytes.
   * @throws {FormatError} When a record is shorter than its header.
   */
  next(): PerfRecordToken | undefined {
    const head = this.#queue.peek(HEADER_BYTES);
    if (head === undefined) return undefined;
    const order = this.#littleEndian;
    const view = new DataView(head.buffer, head.byteOffset, head.length);
    const size = view.getUint16(6, order);
    if (size < HEADER_BYTES) {
      throw new FormatError(
        `Cannot read unpacked perf record at byte ${this.#queue.offset}: it has ${size} bytes`,
        { format: "perf.data", offset: this.#queue.offset },
      );
    }
    const bytes = this.#queue.peek(size);
    if (bytes === undefined) return undefined;
    const token: PerfRecordToken = {
      type: "record",
      recordType: view.getUint32(0, order),
      misc: view.getUint16(4, order),
      view: new DataView(bytes.buffer, bytes.byteOffset, bytes.length),
      bytes,
      at: 0,
      size,
      offset: this.#queue.offset,
    };
    this.#queue.consume(size);
    return token;
  }
}
