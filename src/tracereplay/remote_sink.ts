import { OsError } from "../base/errors.ts";
import { SeqpacketConn } from "../platform/seqpacket_conn.ts";
import { encodePacket, setDropped } from "./message_encoder.ts";
import type { RemoteSinkConfig } from "./sink_config.ts";
import { shakeHands } from "./trace_sender.ts";

/** How {@linkcode RemoteSink.connect} connects. */
export interface RemoteSinkConnectOptions {
  /** Ends the waiting for a server that does not answer. */
  readonly signal?: AbortSignal | undefined;
}

let sleeper: Int32Array<SharedArrayBuffer> | undefined;

/**
 * Sends events as gVisor's sink `remote` does, and loses them as it does: a
 * full socket is tried again as often as configured, sleeping in between on the
 * thread of the caller; then the event is counted as dropped. Every event tells
 * how many were dropped before.
 *
 * @example A synthetic sandbox
 * ```ts ignore
 * import { parseRemoteSinkConfig, RemoteSink } from "@tracedeck/tracedeck/tracereplay";
 *
 * const { config } = parseRemoteSinkConfig({ endpoint: "/run/events.sock" });
 * await using sink = await RemoteSink.connect(config);
 * sink.emit(5, new Uint8Array());
 * console.log(sink.dropped);
 * ```
 */
export class RemoteSink implements AsyncDisposable {
  readonly #conn: SeqpacketConn;
  readonly #config: RemoteSinkConfig;
  #sent = 0;
  #dropped = 0;
  #retries = 0;
  #lastError: OsError | undefined;

  /**
   * @param conn A connection that has shaken hands; closed with the sink.
   * @param config Attempts and waits.
   */
  constructor(conn: SeqpacketConn, config: RemoteSinkConfig) {
    this.#conn = conn;
    this.#config = config;
  }

  /**
   * Connects and shakes hands; as in gVisor there is no time limit.
   *
   * @param config Endpoint, attempts and waits.
   * @param options Signal.
   * @returns The sink.
   * @throws {OsError} When nobody listens there.
   * @throws {ProtocolError} When the server does not state a version of 1 or more.
   */
  static async connect(
    config: RemoteSinkConfig,
    options: RemoteSinkConnectOptions = {},
  ): Promise<RemoteSink> {
    const { signal } = options;
    const conn = await SeqpacketConn.connect(config.endpoint, { signal });
    try {
      await shakeHands(conn, config.endpoint, {
        serverVersion: "known",
        signal,
      });
    } catch (error) {
      await conn.close();
      throw error;
    }
    return new RemoteSink(conn, config);
  }

  /** Events that were sent. */
  get sent(): number {
    return this.#sent;
  }

  /** Events that were lost. */
  get dropped(): number {
    return this.#dropped;
  }

  /** Attempts beyond the first ones. */
  get retries(): number {
    return this.#retries;
  }

  /** Why an event was lost last, other than for want of room. */
  get lastError(): OsError | undefined {
    return this.#lastError;
  }

  /**
   * Sends one event.
   *
   * @param typeId Number of its type.
   * @param payload The encoded payload.
   * @returns Whether it was sent.
   */
  emit(typeId: number, payload: Uint8Array): boolean {
    return this.#send(
      encodePacket(typeId, payload, { dropped: this.#dropped }),
    );
  }

  /**
   * Sends a message that is encoded already, with the sink's own drop counter.
   *
   * @param packet The message with its header; changed.
   * @returns Whether it was sent.
   */
  emitPacket(packet: Uint8Array<ArrayBuffer>): boolean {
    setDropped(packet, this.#dropped);
    return this.#send(packet);
  }

  #send(packet: Uint8Array<ArrayBuffer>): boolean {
    const { retries, backoffNs, backoffMaxNs } = this.#config;
    let backoff = Number(backoffNs);
    const most = backoffMaxNs > 0n ? Number(backoffMaxNs) : Infinity;
    for (let attempt = 0;; attempt++) {
      try {
        if (this.#conn.trySend(packet)) {
          this.#sent++;
          return true;
        }
      } catch (error) {
        if (!(error instanceof OsError)) throw error;
        this.#lastError = error;
        break;
      }
      if (attempt >= retries) break;
      this.#retries++;
      sleeper ??= new Int32Array(new SharedArrayBuffer(4));
      Atomics.wait(sleeper, 0, 0, backoff / 1e6);
      backoff = Math.min(backoff * 2, most);
    }
    this.#dropped++;
    return false;
  }

  /** Closes the connection. */
  close(): Promise<void> {
    return this.#conn.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}
