import { LimitError, ProtocolError } from "../base/errors.ts";
import { joinHostPort } from "../codec/ip_address.ts";
import { listenByteStream } from "../platform/byte_stream_socket.ts";
import type {
  ByteStreamAddress,
  ListenByteStreamOptions,
} from "../platform/byte_stream_socket.ts";
import { makeRecordBatch } from "./record_batch.ts";
import type {
  RecordReceiver,
  TraceConnection,
  TraceListener,
} from "./trace_connection.ts";
import { TraceFileDecoder } from "./trace_file_decoder.ts";

const READ_BYTES = 256 * 1024;

/**
 * Listens for clients that send a trace file as it grows.
 *
 * @param address Where.
 * @param options Permissions, what may be replaced.
 * @returns The listener.
 */
export async function listenStream(
  address: ByteStreamAddress,
  options: ListenByteStreamOptions,
): Promise<TraceListener> {
  const listener = await listenByteStream(address, options);
  const bound = listener.address;
  return {
    endpoint: bound.type === "tcp"
      ? `tcp:${joinHostPort(bound.hostname, bound.port)}`
      : `unix-stream:${bound.path}`,
    async accept() {
      const conn = await listener.accept();
      return conn === undefined ? undefined : new StreamConnection(conn);
    },
    close: () => listener.close(),
  };
}

class StreamConnection implements TraceConnection {
  readonly name: string;
  readonly credentials = undefined;
  readonly wasReset = false;
  readonly #conn: Deno.Conn;
  readonly #decoder: TraceFileDecoder;
  #packets: Uint8Array[] = [];
  #version: number | undefined;
  #fault: unknown;
  #isClosed = false;

  constructor(conn: Deno.Conn) {
    this.#conn = conn;
    const { remoteAddr } = conn;
    this.name = remoteAddr.transport === "tcp"
      ? `client ${remoteAddr.hostname}:${remoteAddr.port}`
      : "client of a unix stream";
    this.#decoder = new TraceFileDecoder({
      onConfig: ({ version }) => this.#version = version,
      onRecord: ({ bytes }) => this.#packets.push(bytes),
    });
  }

  async greet(timeoutMs: number, signal: AbortSignal): Promise<number> {
    const end = AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]);
    const onEnd = () => void this.close();
    end.addEventListener("abort", onEnd, { once: true });
    try {
      while (this.#version === undefined) {
        if (await this.#read()) continue;
        if (this.#version !== undefined) break;
        signal.throwIfAborted();
        if (this.#fault !== undefined) throw this.#fault;
        throw new ProtocolError(
          end.aborted
            ? `Cannot greet ${this.name}: no configuration came within ${timeoutMs} ms`
            : `Cannot greet ${this.name}: it closed without a configuration`,
        );
      }
      return this.#version;
    } finally {
      end.removeEventListener("abort", onEnd);
    }
  }

  async receive(receiver: RecordReceiver, signal: AbortSignal): Promise<void> {
    const onAbort = () => void this.close();
    signal.addEventListener("abort", onAbort, { once: true });
    try {
      do {
        await this.#handOver(receiver);
      } while (!signal.aborted && await this.#read());
      // What came together with the fault.
      await this.#handOver(receiver);
      if (this.#fault instanceof LimitError) {
        receiver.onOversized(this.#fault.value);
      }
      if (this.#fault !== undefined) throw this.#fault;
      if (!signal.aborted) this.#decoder.finish();
    } finally {
      signal.removeEventListener("abort", onAbort);
    }
  }

  async #handOver(receiver: RecordReceiver): Promise<void> {
    const packets = this.#packets;
    if (packets.length === 0) return;
    this.#packets = [];
    await receiver.onRecords(makeRecordBatch(packets));
  }

  /**
   * Reads a piece; false at the end and at a fault, which is kept. A buffer of
   * its own each time: messages that are not complete refer to it.
   */
  async #read(): Promise<boolean> {
    if (this.#fault !== undefined) return false;
    const buffer = new Uint8Array(READ_BYTES);
    try {
      const count = await this.#conn.read(buffer);
      if (count === null) return false;
      this.#decoder.push(buffer.subarray(0, count));
      return true;
    } catch (error) {
      if (!this.#isClosed) this.#fault = error;
      return false;
    }
  }

  // deno-lint-ignore require-await
  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#conn.close();
  }
}
