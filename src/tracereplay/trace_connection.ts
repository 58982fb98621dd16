import type { PeerCredentials } from "../platform/seqpacket_conn.ts";
import type { RecordBatch } from "./record_batch.ts";

/** Takes what a connection receives. */
export interface RecordReceiver {
  /**
   * Takes messages. While it is at it, nothing more is received from this
   * connection.
   *
   * @param batch Valid until this returns, or until its promise is settled.
   */
  onRecords(batch: RecordBatch): void | Promise<void>;
  /**
   * Told of messages that were lost because they exceed 1 MiB.
   *
   * @param sizeBytes Size of the message.
   */
  onOversized(sizeBytes: number): void;
}

/** A client of a server, whatever the transport. */
export interface TraceConnection {
  /** Words for it in warnings: `client with pid 42`. */
  readonly name: string;
  /** Who is at the other end, where the transport knows. */
  readonly credentials: PeerCredentials | undefined;
  /** Whether the client closed while it had not read all that was sent to it. */
  readonly wasReset: boolean;
  /**
   * Exchanges versions.
   *
   * @param timeoutMs How long the client may take.
   * @param signal Ends it.
   * @returns The client's version, at least 1.
   * @throws {ProtocolError} When the client does not do so.
   * @throws {FormatError} When what it sends makes no sense.
   */
  greet(timeoutMs: number, signal: AbortSignal): Promise<number>;
  /**
   * Receives until the client closes or the signal is aborted; then what is
   * queued is taken, within bounds.
   *
   * @param receiver Takes the messages.
   * @param signal Ends it.
   */
  receive(receiver: RecordReceiver, signal: AbortSignal): Promise<void>;
  /** Closes the connection. */
  close(): Promise<void>;
}

/** Waits for clients, whatever the transport. */
export interface TraceListener {
  /** Where it listens, as of `parseEndpoint`, with the real port. */
  readonly endpoint: string;
  /** @returns The next client, `undefined` when the listener was closed. */
  accept(): Promise<TraceConnection | undefined>;
  /** Stops to wait. */
  close(): Promise<void>;
}
