import type { NettraceDecodeOptions } from "./nettrace_decode_options.ts";
import { NettraceDecoder } from "./nettrace_decoder.ts";
import type { EncodableCaptureThread } from "./nettrace_encoder.ts";
import { payloadSourceOf } from "./payload_reader.ts";
import type { PayloadSource } from "./payload_types.ts";
import type { NettraceEventRecord, NettraceHeader } from "./types.ts";

/** What an input delivers: an event, or word of lost ones. */
export type QueuedEvent =
  | {
    readonly type: "event";
    readonly event: NettraceEventRecord;
    readonly payload: PayloadSource;
  }
  | {
    readonly type: "loss";
    readonly thread: EncodableCaptureThread;
    readonly count: number;
  };

/** A stream that is decoded piece by piece as its events are asked for. */
export class NettraceInput {
  readonly #chunks: AsyncIterator<Uint8Array>;
  readonly #decoder: NettraceDecoder;
  #queue: QueuedEvent[] = [];
  #head = 0;
  #isEnded = false;

  constructor(
    source: AsyncIterable<Uint8Array>,
    options: NettraceDecodeOptions,
  ) {
    this.#chunks = source[Symbol.asyncIterator]();
    this.#decoder = new NettraceDecoder({
      onEvent: (event) => {
        const record = event.toRecord();
        this.#queue.push({
          type: "event",
          event: record,
          payload: payloadSourceOf(record.payload),
        });
      },
      onLoss: ({ captureThread, captureThreadId, captureThreadKey, count }) => {
        this.#queue.push({
          type: "loss",
          count,
          thread: {
            captureThread,
            captureThreadId,
            captureThreadKey,
            processId: this.#decoder.header?.processId,
          },
        });
      },
    }, options);
  }

  /** Whether nothing is there, and more may come. */
  get isEmpty(): boolean {
    return !this.#isEnded && this.#head === this.#queue.length;
  }

  /** @returns The header, once as much was read. */
  async header(signal: AbortSignal | undefined): Promise<NettraceHeader> {
    while (this.#decoder.header === undefined) await this.#read(signal);
    return this.#decoder.header;
  }

  /** Reads until there is an event or the end. */
  async fill(signal: AbortSignal | undefined): Promise<void> {
    while (this.isEmpty) await this.#read(signal);
  }

  /** @returns What comes next, as far as it was read. */
  peek(): QueuedEvent | undefined {
    return this.#queue[this.#head];
  }

  /** Takes what comes next. */
  next(): QueuedEvent | undefined {
    const queued = this.#queue[this.#head];
    if (queued === undefined) return undefined;
    this.#head++;
    if (this.#head === this.#queue.length) {
      this.#queue = [];
      this.#head = 0;
    }
    return queued;
  }

  /** Lets go of the source. */
  async close(): Promise<void> {
    if (!this.#isEnded) await this.#chunks.return?.();
  }

  async #read(signal: AbortSignal | undefined): Promise<void> {
    signal?.throwIfAborted();
    const { done, value } = await this.#chunks.next();
    if (done) {
      this.#isEnded = true;
      this.#decoder.finish();
      return;
    }
    this.#decoder.push(value);
    if (!this.#decoder.isDamaged) return;
    this.#isEnded = true;
    this.#decoder.finish();
    await this.#chunks.return?.();
  }
}
