import type { Duplex } from "node:stream";
import { RequestError } from "./request_error.ts";

/** Bytes to and from a peer, one read or write at a time. */
export class ByteChannel {
  readonly #stream: Duplex;
  readonly #failureOf: (error: Error) => RequestError;
  #rest: Uint8Array | undefined;
  #waiter: (() => void) | undefined;
  #error: Error | undefined;
  #isEnded = false;

  /**
   * @param stream A connected stream: TCP or TLS.
   * @param failureOf Words an error of the stream.
   */
  constructor(stream: Duplex, failureOf: (error: Error) => RequestError) {
    this.#stream = stream;
    this.#failureOf = failureOf;
    const wake = () => {
      this.#waiter?.();
      this.#waiter = undefined;
    };
    stream.on("readable", wake);
    stream.on("end", () => {
      this.#isEnded = true;
      wake();
    });
    stream.on("error", (error: Error) => {
      this.#error ??= error;
      wake();
    });
    stream.on("close", () => {
      this.#isEnded = true;
      wake();
    });
  }

  /** The stream below. */
  get stream(): Duplex {
    return this.#stream;
  }

  /** Whether nothing can be written any more. */
  get isClosed(): boolean {
    return this.#stream.destroyed || this.#error !== undefined;
  }

  /** Whether something came, or the end, though nothing was asked for. */
  get hasPending(): boolean {
    return this.#rest !== undefined || this.#isEnded ||
      this.#error !== undefined || this.#stream.readableLength > 0;
  }

  /**
   * Reads what there is.
   *
   * @returns At least one byte; `undefined` at the end.
   * @throws {RequestError} When the stream failed.
   */
  async read(): Promise<Uint8Array | undefined> {
    if (this.#rest !== undefined) {
      const rest = this.#rest;
      this.#rest = undefined;
      return rest;
    }
    while (true) {
      const chunk = this.#stream.read() as Uint8Array | null;
      if (chunk !== null && chunk.length > 0) return chunk;
      if (this.#error !== undefined) throw this.#failureOf(this.#error);
      if (this.#isEnded) return undefined;
      await new Promise<void>((resolve) => this.#waiter = resolve);
    }
  }

  /**
   * Gives bytes back, to be read again.
   *
   * @param bytes What was read too much.
   */
  unread(bytes: Uint8Array): void {
    if (bytes.length > 0) this.#rest = bytes;
  }

  /**
   * Writes bytes.
   *
   * @param bytes Written before this resolves.
   * @throws {RequestError} When the stream failed.
   */
  async write(bytes: Uint8Array): Promise<void> {
    if (this.#error !== undefined) throw this.#failureOf(this.#error);
    await new Promise<void>((resolve, reject) => {
      const onClose = () =>
        reject(this.#failureOf(this.#error ?? new Error("closed")));
      this.#stream.once("close", onClose);
      this.#stream.write(bytes, (error?: Error | null) => {
        this.#stream.removeListener("close", onClose);
        if (error === undefined || error === null) resolve();
        else reject(this.#failureOf(error));
      });
    });
  }

  /** Closes at once. */
  close(): void {
    this.#stream.destroy();
  }
}

/**
 * @param error An error of a stream.
 * @returns It, if it is worded already, or one with its own message.
 */
export function wordedFailure(error: Error): RequestError {
  if (error instanceof RequestError) return error;
  return new RequestError(error.message, { phase: "response", cause: error });
}
