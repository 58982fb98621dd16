import { DropCounter } from "./drop_counter.ts";
import { HEADER_BYTES } from "./message_decoder.ts";

/** A message without a usable header. */
export interface MalformedMessage {
  /** Position in the connection, from 1. */
  readonly seq: number;
  /** What is wrong with it. */
  readonly reason: string;
}

/**
 * Measures the messages of one connection without decoding them: cheap enough
 * for every message that is received.
 */
export class MessageMeter {
  readonly #drops = new DropCounter();
  readonly #onMalformed: (message: MalformedMessage) => void;
  #messages = 0;
  #bytes = 0;
  #malformed = 0;

  /** @param onMalformed Told of every message without a usable header. */
  constructor(onMalformed: (message: MalformedMessage) => void = () => {}) {
    this.#onMalformed = onMalformed;
  }

  /** Number of messages. */
  get messages(): number {
    return this.#messages;
  }

  /** Sum of their sizes in bytes, headers included. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Messages without a usable header. */
  get malformed(): number {
    return this.#malformed;
  }

  /** Events that the sandbox failed to send. */
  get dropped(): number {
    return this.#drops.total;
  }

  /** How often the drop counter went back. */
  get dropResets(): number {
    return this.#drops.resets;
  }

  /**
   * Takes messages in the layout of a trace file.
   *
   * @param records Whole messages, each behind its size.
   */
  addRecords(records: Uint8Array): void {
    const view = new DataView(
      records.buffer,
      records.byteOffset,
      records.byteLength,
    );
    let at = 0;
    while (at < records.length) {
      const size = view.getUint32(at, true);
      this.#add(view, at + 8, size);
      at += 8 + size;
    }
  }

  #add(view: DataView, at: number, size: number): void {
    this.#messages++;
    this.#bytes += size;
    if (size < HEADER_BYTES) {
      return this.#reject(`message has ${size} bytes, less than a header`);
    }
    const headerSize = view.getUint16(at, true);
    if (headerSize < HEADER_BYTES || headerSize > size) {
      return this.#reject(
        `header_size is ${headerSize}, expected 8 to ${size}`,
      );
    }
    this.#drops.add(view.getUint32(at + 4, true));
  }

  #reject(reason: string): void {
    this.#malformed++;
    this.#onMalformed({ seq: this.#messages, reason });
  }
}
