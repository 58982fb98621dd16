import type { ByteConnection } from "../../platform/local_connection.ts";
import { ServerNotAvailableError } from "./diagnostic_error.ts";
import { closeQuietly } from "./exchange.ts";

const READ_BYTES = 64 * 1024;
/** Room in a buffer below which a new one is begun. */
const LEAST_ROOM_BYTES = 8 * 1024;
/** How far ahead of its reader a session reads. */
const AHEAD_BYTES = 4 * 1024 * 1024;
/** How far while it is being stopped, when a target that cannot write hangs. */
const AHEAD_AT_STOP_BYTES = 512 * 1024 * 1024;

/** How long a target may take to confirm an end that its stream shows already. */
const CONFIRM_MS = 1_000;

/** Options of {@linkcode Session.stop}. */
export interface StopOptions {
  /** Gives up waiting for the target; the stream stays as it is. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * A stream of events of a running process.
 *
 * Stop it and read to the end: what stacks are named with comes last. While it
 * is being stopped it goes on reading by itself, so that a caller who waits for
 * {@linkcode Session.stop} before reading on does not hang with the target.
 */
export class Session implements AsyncDisposable {
  /** Id that the target gave; may exceed 2^53. */
  readonly id: bigint;
  /** The events, a nettrace stream in pieces of any size. */
  readonly stream: ReadableStream<Uint8Array<ArrayBuffer>>;
  readonly #connection: ByteConnection;
  readonly #stop: (id: bigint, options: StopOptions) => Promise<void>;
  readonly #queue: Uint8Array<ArrayBuffer>[] = [];
  #queuedBytes = 0;
  #aheadBytes = AHEAD_BYTES;
  #hasEnded = false;
  #failure: unknown;
  #isClosed = false;
  #stopping: Promise<void> | undefined;
  #wake = Promise.withResolvers<void>();
  #room = Promise.withResolvers<void>();
  readonly #pumped: Promise<void>;

  /**
   * @param id Id of the session.
   * @param connection Where the events come from; the session closes it.
   * @param rest What came already.
   * @param stop Asks the target to end the session.
   */
  constructor(
    id: bigint,
    connection: ByteConnection,
    rest: Uint8Array,
    stop: (id: bigint, options: StopOptions) => Promise<void>,
  ) {
    this.id = id;
    this.#connection = connection;
    this.#stop = stop;
    if (rest.length > 0) this.#push(rest.slice());
    this.stream = new ReadableStream<Uint8Array<ArrayBuffer>>({
      pull: (controller) => this.#pull(controller),
      cancel: () => this.close(),
    }, { highWaterMark: 0 });
    this.#pumped = this.#pump();
  }

  /** Whether the target ended the stream, or the connection broke. */
  get hasEnded(): boolean {
    return this.#hasEnded;
  }

  /**
   * Asks the target to end the session, once. The rest of the stream comes
   * meanwhile: read it to its end.
   *
   * @param options A signal.
   * @returns When the target has confirmed.
   * @throws {ServerNotAvailableError} When the target has ended before.
   * @throws {SessionIdMismatchError} When it confirms another session.
   */
  stop(options: StopOptions = {}): Promise<void> {
    if (this.#stopping === undefined) {
      this.#aheadBytes = AHEAD_AT_STOP_BYTES;
      this.#room.resolve();
      this.#stopping = this.#askToStop(options.signal);
    }
    return this.#stopping;
  }

  /** A target that has ended with its stream may never confirm. */
  async #askToStop(signal: AbortSignal | undefined): Promise<void> {
    const late = new AbortController();
    let timer: ReturnType<typeof setTimeout> | undefined;
    let isSettled = false;
    this.#pumped.then(() => {
      if (isSettled) return;
      timer = setTimeout(() =>
        late.abort(
          new ServerNotAvailableError(
            { operation: "stop a session" },
            "the process has ended with its events",
          ),
        ), CONFIRM_MS);
    });
    const signals = signal === undefined ? [] : [signal];
    try {
      await this.#stop(this.id, {
        signal: AbortSignal.any([late.signal, ...signals]),
      });
    } finally {
      isSettled = true;
      clearTimeout(timer);
    }
  }

  /** Closes the stream without waiting for the target, which then drops the session. */
  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#hasEnded = true;
    closeQuietly(this.#connection);
    this.#room.resolve();
    this.#wake.resolve();
  }

  /** Closes the stream, see {@linkcode Session.close}. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.close();
    await this.#pumped;
    await this.#stopping?.catch(() => {});
  }

  async #pump(): Promise<void> {
    try {
      let buffer = new Uint8Array(READ_BYTES);
      let filled = 0;
      while (!this.#isClosed) {
        // Small pieces share a buffer, so that what waits takes as much memory as it has bytes.
        if (buffer.length - filled < LEAST_ROOM_BYTES) {
          buffer = new Uint8Array(READ_BYTES);
          filled = 0;
        }
        const size = await this.#connection.read(buffer.subarray(filled));
        if (size === null) break;
        this.#push(buffer.subarray(filled, filled + size));
        filled += size;
        while (this.#queuedBytes >= this.#aheadBytes && !this.#isClosed) {
          this.#room = Promise.withResolvers();
          await this.#room.promise;
        }
      }
    } catch (error) {
      // A target that is killed breaks the connection; what came counts.
      if (!this.#isClosed && !isBroken(error)) this.#failure = error;
    }
    this.#hasEnded = true;
    closeQuietly(this.#connection);
    this.#wake.resolve();
  }

  #push(bytes: Uint8Array<ArrayBuffer>): void {
    const last = this.#queue.at(-1);
    const follows = last !== undefined && last.buffer === bytes.buffer &&
      last.byteOffset + last.length === bytes.byteOffset;
    if (follows) {
      this.#queue[this.#queue.length - 1] = new Uint8Array(
        bytes.buffer,
        last.byteOffset,
        last.length + bytes.length,
      );
    } else {
      this.#queue.push(bytes);
    }
    this.#queuedBytes += bytes.length;
    this.#wake.resolve();
  }

  async #pull(
    controller: ReadableStreamDefaultController<Uint8Array<ArrayBuffer>>,
  ): Promise<void> {
    while (this.#queue.length === 0) {
      if (this.#hasEnded) {
        if (this.#failure === undefined) controller.close();
        else controller.error(this.#failure);
        return;
      }
      this.#wake = Promise.withResolvers();
      await this.#wake.promise;
    }
    const bytes = this.#queue.shift()!;
    this.#queuedBytes -= bytes.length;
    this.#room.resolve();
    controller.enqueue(bytes);
  }
}

function isBroken(error: unknown): boolean {
  return error instanceof Deno.errors.ConnectionReset ||
    error instanceof Deno.errors.BrokenPipe ||
    error instanceof Deno.errors.ConnectionAborted;
}
