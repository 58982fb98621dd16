import { writeZstd } from "../container/zstd.ts";
import {
  KcapEncoder,
  type KcapEncoderOptions,
  type KcapWriteStats,
} from "./kcap_encoder.ts";
import type { KcapEvent, KcapHandle } from "./types.ts";
import { PieceQueue } from "./_piece_queue.ts";

/** How a {@linkcode KcapWriter} writes. */
export interface CreateKcapOptions extends KcapEncoderOptions {
  /** The handle snapshot at the start of the capture. @default {[]} */
  readonly handles?: readonly KcapHandle[] | undefined;
  /** Level of compression, 1 to 22. @default {3} */
  readonly level?: number | undefined;
  /** Milliseconds after which written events can be read although the capture goes on; 0 leaves it to the end. @default {1000} */
  readonly flushPeriodMs?: number | undefined;
  /** Gets the error of an event that cannot be written; the rest goes on. Without it, `write` throws. */
  readonly onError?: ((error: Error, event: KcapEvent) => void) | undefined;
}

const DEFAULT_FLUSH_PERIOD_MS = 1000;
const PIECE_BYTES = 128 * 1024;

/**
 * Starts a capture: header and handle snapshot are with the sink when this
 * resolves.
 *
 * @param sink Where the bytes of the file go; closed with the writer.
 * @param options Handle snapshot, layout, compression, flushing.
 * @returns The writer.
 * @throws {RangeError} When the flush period is negative.
 */
export async function createKcap(
  sink: WritableStream<Uint8Array>,
  options: CreateKcapOptions = {},
): Promise<KcapWriter> {
  const { flushPeriodMs = DEFAULT_FLUSH_PERIOD_MS } = options;
  if (!(flushPeriodMs >= 0)) {
    throw new RangeError(
      `Cannot write kcap: flushPeriodMs is ${flushPeriodMs}, expected 0 or more`,
    );
  }
  const writer = new KcapWriter(sink, options);
  await writer.flush();
  return writer;
}

/**
 * Writes a capture while it happens. Made by {@linkcode createKcap}.
 *
 * Events gather until 128 KiB are there or the flush period is over; `write`
 * waits while the sink is behind, so that nothing piles up.
 */
export class KcapWriter implements AsyncDisposable {
  readonly #encoder: KcapEncoder;
  readonly #onError: CreateKcapOptions["onError"];
  readonly #pieces = new PieceQueue();
  readonly #done: Promise<void>;
  #timer: ReturnType<typeof setInterval> | undefined;
  #closing: Promise<KcapWriteStats> | undefined;

  /**
   * @param sink As of {@linkcode createKcap}.
   * @param options As of {@linkcode createKcap}.
   */
  constructor(
    sink: WritableStream<Uint8Array>,
    options: CreateKcapOptions = {},
  ) {
    const { handles = [], level, flushPeriodMs = DEFAULT_FLUSH_PERIOD_MS } =
      options;
    this.#onError = options.onError;
    this.#encoder = new KcapEncoder(handles, options);
    this.#done = this.#pump(sink, level);
    // Whoever waits next gets the failure of the sink.
    this.#done.catch((error) => this.#pieces.fail(error));
    if (flushPeriodMs > 0) {
      this.#timer = setInterval(
        () => void this.flush().catch(() => this.#stopTimer()),
        flushPeriodMs,
      );
      // A forgotten writer must not keep the process alive.
      Deno.unrefTimer(this.#timer as unknown as number);
    }
  }

  /** What was written so far. */
  get stats(): KcapWriteStats {
    return this.#encoder.stats;
  }

  /**
   * Appends an event.
   *
   * @param event The event; those of a reader fit.
   * @throws {RangeError} When a value does not fit its type, or the event is too
   * large, and there is no `onError`.
   * @throws {TypeError} When a value is of the wrong kind and there is no
   * `onError`, or when the writer is closed.
   */
  async write(event: KcapEvent): Promise<void> {
    if (this.#closing !== undefined) {
      throw new TypeError("Cannot write kcap event: the writer is closed");
    }
    try {
      this.#encoder.add(event);
    } catch (error) {
      const isOurs = error instanceof RangeError || error instanceof TypeError;
      if (!isOurs || this.#onError === undefined) throw error;
      this.#onError(error, event);
    }
    if (this.#encoder.pendingBytes >= PIECE_BYTES) {
      await this.#pieces.push(this.#encoder.take());
    }
  }

  /**
   * Appends events until there are no more.
   *
   * @param events The events.
   * @throws {Error} As of {@linkcode KcapWriter.write}.
   */
  async writeAll(
    events: AsyncIterable<KcapEvent> | Iterable<KcapEvent>,
  ): Promise<void> {
    for await (const event of events) await this.write(event);
  }

  /** Brings everything to the sink that was written so far. */
  async flush(): Promise<void> {
    if (this.#encoder.pendingBytes > 0) {
      await this.#pieces.push(this.#encoder.take());
      await this.#pieces.push(new Uint8Array(0));
    }
    await this.#pieces.drain();
  }

  /**
   * Ends the capture and closes the sink. Closing twice is harmless.
   *
   * @returns What was written.
   */
  close(): Promise<KcapWriteStats> {
    this.#closing ??= this.#finish();
    return this.#closing;
  }

  /** Closes. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  async #finish(): Promise<KcapWriteStats> {
    this.#stopTimer();
    if (this.#encoder.pendingBytes > 0) {
      await this.#pieces.push(this.#encoder.take());
    }
    this.#pieces.end();
    await this.#done;
    return this.#encoder.stats;
  }

  #stopTimer(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  async #pump(
    sink: WritableStream<Uint8Array>,
    level: number | undefined,
  ): Promise<void> {
    const writer = sink.getWriter();
    try {
      for await (const packed of writeZstd(this.#pieces.read(), { level })) {
        await writer.write(packed);
      }
      await writer.close();
    } catch (error) {
      await writer.abort(error).catch(() => {});
      throw error;
    }
  }
}
