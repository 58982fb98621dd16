import type { Buffer } from "node:buffer";
import { Duplex } from "node:stream";
import { joinHostPort } from "../../codec/ip_address.ts";
import type { LiveConn, LiveSocketOp } from "./_live_records.ts";
import { codeOf, RequestError, systemTextOf } from "./request_error.ts";
import type { TcpSocket } from "./_tcp_connect.ts";
import type { TraceClock } from "./trace_clock.ts";

/** What Go says of a read that its own side ended. */
const CLOSED_HERE = "use of closed network connection";

/** How a {@linkcode TracedStream} records. */
export interface TracedStreamOptions {
  readonly clock: TraceClock;
  /** Calls that are kept; the rest is counted. */
  readonly maxOps: number;
}

/**
 * A TCP socket of which every byte is counted and every call is recorded. TLS
 * and HTTP run on top of it.
 */
export class TracedStream extends Duplex {
  /** Its record. */
  readonly conn: LiveConn;
  readonly #socket: TcpSocket;
  readonly #clock: TraceClock;
  readonly #maxOps: number;
  readonly #watchers = new Set<(chunk: Uint8Array) => void>();
  #readCallAt: number;
  #isReading = false;
  #failure: RequestError | undefined;

  /**
   * @param socket A connected socket.
   * @param conn Its record.
   * @param options Clock and bounds.
   */
  constructor(socket: TcpSocket, conn: LiveConn, options: TracedStreamOptions) {
    super({ allowHalfOpen: true });
    this.conn = conn;
    this.#socket = socket;
    this.#clock = options.clock;
    this.#maxOps = options.maxOps;
    this.#readCallAt = this.#clock.now();
    socket.on("data", (chunk: Buffer) => this.#onData(chunk));
    socket.on("end", () => this.#onEnd());
    socket.on("error", (error: Error) => this.#onError(error));
    socket.on("close", () => {
      this.#noteClose();
      this.destroy();
    });
  }

  /**
   * Lets someone see what comes in, before anyone else does.
   *
   * @param onChunk Called for each chunk.
   * @returns Ends it.
   */
  watch(onChunk: (chunk: Uint8Array) => void): () => void {
    this.#watchers.add(onChunk);
    return () => this.#watchers.delete(onChunk);
  }

  override _read(): void {
    this.#readCallAt = this.#clock.now();
    this.#isReading = true;
    this.#socket.resume();
  }

  override _write(
    chunk: Buffer,
    _encoding: string,
    done: (error?: Error | null) => void,
  ): void {
    const callAt = this.#clock.now();
    this.#socket.write(chunk, (error?: Error | null) => {
      const isFailed = error !== undefined && error !== null;
      const failure = isFailed ? this.#fail("write", error) : undefined;
      if (!isFailed) this.conn.sentBytes += chunk.length;
      this.#record({
        type: "write",
        callAt,
        returnAt: this.#clock.now(),
        error: failure?.reason ?? "",
        size: isFailed ? 0 : chunk.length,
      });
      done(failure);
    });
  }

  override _final(done: (error?: Error | null) => void): void {
    this.#socket.end(() => done());
  }

  override _destroy(
    error: Error | null,
    done: (error?: Error | null) => void,
  ): void {
    this.#noteClose();
    if (this.#isReading && !this.conn.isFinished) this.#recordOwnClose();
    this.#socket.destroy();
    done(error);
  }

  #onData(chunk: Buffer): void {
    const returnAt = this.#clock.now();
    this.#isReading = false;
    this.conn.receivedBytes += chunk.length;
    this.#record({
      type: "read",
      callAt: this.#readCallAt,
      returnAt,
      error: "",
      size: chunk.length,
    });
    this.#readCallAt = returnAt;
    for (const watch of this.#watchers) watch(chunk);
    if (!this.push(chunk)) this.#socket.pause();
  }

  #onEnd(): void {
    this.#isReading = false;
    this.#record({
      type: "read",
      callAt: this.#readCallAt,
      returnAt: this.#clock.now(),
      error: "EOF",
      size: 0,
    });
    this.push(null);
  }

  #onError(error: Error): void {
    const isOwnClose = this.destroyed;
    this.#isReading = false;
    const failure = this.#fail("read", error);
    if (!isOwnClose) {
      this.#record({
        type: "read",
        callAt: this.#readCallAt,
        returnAt: this.#clock.now(),
        error: failure.reason,
        size: 0,
      });
    }
    this.destroy(failure);
  }

  /** A read that was waiting when the connection was closed on this side. */
  #recordOwnClose(): void {
    this.#isReading = false;
    this.#record({
      type: "read",
      callAt: this.#readCallAt,
      returnAt: this.#clock.now(),
      error: `read tcp ${this.#ends()}: ${CLOSED_HERE}`,
      size: 0,
    });
  }

  #ends(): string {
    const { sourceAddress, sourcePort, address, port } = this.conn;
    const from = sourceAddress === undefined
      ? ""
      : `${joinHostPort(sourceAddress, sourcePort)}->`;
    return from + joinHostPort(address, port);
  }

  #fail(action: "read" | "write", error: Error): RequestError {
    this.#failure ??= new RequestError(
      `${action} tcp ${this.#ends()}: ${action}: ${systemTextOf(error)}`,
      { phase: "response", code: codeOf(error), cause: error },
    );
    return this.#failure;
  }

  #record(op: LiveSocketOp): void {
    // An own close says nothing of what led to it.
    const isOwn = op.error.endsWith(CLOSED_HERE);
    if (op.error !== "" && !isOwn) this.conn.failure = op.error;
    if (this.conn.ops.length < this.#maxOps) this.conn.ops.push(op);
    else this.conn.omittedOps++;
  }

  #noteClose(): void {
    this.conn.closeAt ??= this.#clock.now();
  }
}
