import { FormatError, OsError, ProtocolError } from "../base/errors.ts";
import { PacketBatch } from "../platform/packet_batch.ts";
import type {
  PeerCredentials,
  ReceiveEnd,
  SeqpacketConn,
} from "../platform/seqpacket_conn.ts";
import { SeqpacketListener } from "../platform/seqpacket_listener.ts";
import type { SeqpacketListenOptions } from "../platform/seqpacket_listener.ts";
import { explainTransport } from "./_explain_transport.ts";
import {
  decodeHandshake,
  encodeHandshake,
  MAX_HANDSHAKE_BYTES,
} from "./handshake.ts";
import type {
  RecordReceiver,
  TraceConnection,
  TraceListener,
} from "./trace_connection.ts";
import { WIRE_VERSION } from "./trace_file_encoder.ts";

/** One client has its way at most this long before the others have theirs. */
const TURN_MS = 4;
/** Turns that are taken for what is queued when the server stops. */
const LAST_TURNS = 16;

/**
 * Listens as gVisor's monitoring process does.
 *
 * @param path Path of the socket, or `@name`.
 * @param options Permissions, what may be replaced.
 * @returns The listener.
 */
export function listenSeqpacket(
  path: string,
  options: SeqpacketListenOptions,
): TraceListener {
  let listener: SeqpacketListener;
  try {
    listener = SeqpacketListener.listen(path, options);
  } catch (error) {
    throw explainTransport(error);
  }
  const batches = new BatchPool();
  return {
    endpoint: path,
    async accept() {
      const conn = await listener.accept();
      return conn === undefined
        ? undefined
        : new SeqpacketConnection(conn, batches);
    },
    close: () => listener.close(),
  };
}

/**
 * Batches for all clients. One is enough as long as receivers do not wait: it
 * is taken, filled, given out and put back within one turn.
 */
class BatchPool {
  readonly #free: PacketBatch[] = [];

  take(): PacketBatch {
    return this.#free.pop() ?? new PacketBatch();
  }

  put(batch: PacketBatch): void {
    batch.clear();
    if (this.#free.length === 0) this.#free.push(batch);
  }
}

class SeqpacketConnection implements TraceConnection {
  readonly name: string;
  readonly credentials: PeerCredentials;
  readonly #conn: SeqpacketConn;
  readonly #batches: BatchPool;

  constructor(conn: SeqpacketConn, batches: BatchPool) {
    this.#conn = conn;
    this.#batches = batches;
    this.credentials = conn.peer;
    this.name = `client with pid ${this.credentials.pid}`;
  }

  get wasReset(): boolean {
    return this.#conn.wasReset;
  }

  async greet(timeoutMs: number, signal: AbortSignal): Promise<number> {
    const version = await this.#receiveHandshake(timeoutMs, signal);
    if (version < 1) {
      throw new ProtocolError(
        `Cannot greet ${this.name}: its version is 0, at least 1 is needed`,
      );
    }
    try {
      // Two bytes always fit.
      this.#conn.trySend(encodeHandshake(WIRE_VERSION));
    } catch (error) {
      // A client that has closed already may have sent messages all the same.
      if (!(error instanceof OsError)) throw error;
    }
    return version;
  }

  async #receiveHandshake(
    timeoutMs: number,
    signal: AbortSignal,
  ): Promise<number> {
    const deadline = performance.now() + timeoutMs;
    while (true) {
      const batch = this.#batches.take();
      try {
        const end = this.#conn.receive(batch, { maxPackets: 1 });
        const [packet] = batch;
        if (packet !== undefined) return this.#decode(packet);
        if (batch.oversized.length > 0) {
          throw new ProtocolError(
            `Cannot greet ${this.name}: its handshake has ${
              batch.oversized[0]
            } bytes, at most ${MAX_HANDSHAKE_BYTES} are possible`,
          );
        }
        if (end === "closed") {
          throw new ProtocolError(
            `Cannot greet ${this.name}: it closed without a handshake`,
          );
        }
      } finally {
        this.#batches.put(batch);
      }
      const left = deadline - performance.now();
      const isReady = left > 0 &&
        await this.#conn.readable({ timeoutMs: left, signal });
      if (!isReady) {
        throw new ProtocolError(
          `Cannot greet ${this.name}: no handshake came within ${timeoutMs} ms`,
        );
      }
    }
  }

  #decode(packet: Uint8Array): number {
    try {
      return decodeHandshake(packet);
    } catch (error) {
      if (!(error instanceof FormatError)) throw error;
      throw new ProtocolError(
        `Cannot greet ${this.name}: its handshake makes no sense, ${
          error.message.slice(error.message.indexOf(": ") + 2)
        }`,
        { cause: error },
      );
    }
  }

  async receive(receiver: RecordReceiver, signal: AbortSignal): Promise<void> {
    try {
      while (!signal.aborted) {
        if (await this.#turn(receiver) === "closed") return;
        await this.#conn.readable({ signal });
      }
    } catch (error) {
      if (!signal.aborted || error !== signal.reason) throw error;
    }
    // What the client has sent already is not to be lost, unless it never stops.
    for (let turn = 0; turn < LAST_TURNS; turn++) {
      if (await this.#turn(receiver) !== "more") return;
    }
  }

  /** Receives and hands over until nothing is left or the turn is over. */
  async #turn(receiver: RecordReceiver): Promise<ReceiveEnd> {
    const batch = this.#batches.take();
    const deadline = performance.now() + TURN_MS;
    try {
      while (true) {
        const end = this.#conn.receive(batch, { maxMs: TURN_MS });
        for (const size of batch.oversized) receiver.onOversized(size);
        const { packets } = batch;
        if (packets > 0) {
          const handled = receiver.onRecords(batch);
          if (handled !== undefined) await handled;
        }
        batch.clear();
        if (end === "closed") return end;
        // While a batch was handed over, the client has sent more: to ask at
        // once is far cheaper than to wait for it on another thread.
        if (end === "idle" && packets === 0) return end;
        if (performance.now() > deadline) return "more";
      }
    } finally {
      this.#batches.put(batch);
    }
  }

  close(): Promise<void> {
    return this.#conn.close();
  }
}
