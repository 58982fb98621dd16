import {
  FormatError,
  LimitError,
  OsError,
  ProtocolError,
} from "../base/errors.ts";
import { ByteWriter } from "../codec/byte_writer.ts";
import { connectByteStream } from "../platform/byte_stream_socket.ts";
import { PacketBatch } from "../platform/packet_batch.ts";
import { SeqpacketConn } from "../platform/seqpacket_conn.ts";
import { explainTransport } from "./_explain_transport.ts";
import { parseEndpoint } from "./endpoint.ts";
import {
  decodeHandshake,
  encodeHandshake,
  MAX_ANSWER_BYTES,
} from "./handshake.ts";
import type { RecordBatch } from "./record_batch.ts";
import {
  encodeTraceFileHeader,
  encodeTraceRecord,
  WIRE_VERSION,
} from "./trace_file_encoder.ts";

/**
 * Send buffer that is asked for. The default holds three messages of 64 KiB,
 * and a full buffer counts as writable again when it is nearly empty.
 */
const SEND_BUFFER_BYTES = 1024 * 1024;
/** Small messages of a stream are gathered up to this. */
const GATHERED_BYTES = 64 * 1024;

/** Somewhere messages are sent to, whatever the transport. */
export interface TraceSender extends AsyncDisposable {
  /** Where to, for messages to people. */
  readonly name: string;
  /**
   * Sends one message if that is possible without waiting.
   *
   * @param packet As of {@linkcode TraceSender.send}.
   * @returns False when it is not, and nothing was sent.
   * @throws {OsError} As of {@linkcode TraceSender.send}.
   */
  trySend(packet: Uint8Array<ArrayBuffer>): boolean;
  /**
   * Sends one message and waits for room where there is none.
   *
   * @param packet The message with its header, at least one byte.
   * @throws {OsError} When the receiver has gone or the message is too large.
   */
  send(packet: Uint8Array<ArrayBuffer>): Promise<void>;
  /**
   * Sends messages.
   *
   * @param batch The messages.
   * @throws {OsError} As of {@linkcode TraceSender.send}.
   */
  sendRecords(batch: RecordBatch): Promise<void>;
  /** Sends what was gathered. A message that was tried may wait for this. */
  flush(): Promise<void>;
  /** Sends what is left and closes. */
  close(): Promise<void>;
}

/** How {@linkcode openTraceSender} connects. */
export interface OpenTraceSenderOptions {
  /** Version that is stated. @default {1} */
  readonly version?: number | undefined;
  /**
   * Whether any answer of the server will do, as gVisor's `replay` has it, or
   * only a version of 1 or more, as its sink has it.
   *
   * @default {"any"}
   */
  readonly serverVersion?: "any" | "known" | undefined;
  /** The largest message, for which the send buffer is raised. */
  readonly largest?:
    | { readonly name: string; readonly sizeBytes: number }
    | undefined;
  /** Told of what is odd. */
  readonly onWarning?: ((text: string) => void) | undefined;
  /** Ends the waiting. */
  readonly signal?: AbortSignal | undefined;
  /** Where bytes for `-` go. */
  readonly stdout?: ((bytes: Uint8Array) => Promise<void>) | undefined;
}

/**
 * Connects to where messages are to be sent, and shakes hands where the
 * transport has that.
 *
 * @param endpoint As of `parseEndpoint`.
 * @param options Version, limits, signal.
 * @returns The sender.
 * @throws {RangeError} When the endpoint makes no sense.
 * @throws {OsError} When nobody listens there.
 * @throws {ProtocolError} When the server answers with no version that will do.
 * @throws {LimitError} When the largest message exceeds what the socket can take.
 */
export async function openTraceSender(
  endpoint: string,
  options: OpenTraceSenderOptions = {},
): Promise<TraceSender> {
  const target = parseEndpoint(endpoint);
  switch (target.type) {
    case "seqpacket":
      return await openSeqpacketSender(target.path, options);
    case "stdio": {
      const { stdout } = options;
      if (stdout === undefined) {
        throw new RangeError(
          "Cannot send to standard output: it is used for something else",
        );
      }
      return await openStreamSender("standard output", {
        write: stdout,
        close: () => Promise.resolve(),
      });
    }
    default: {
      const conn = await connectByteStream(target);
      return await openStreamSender(endpoint, {
        async write(bytes) {
          let rest = bytes;
          while (rest.length > 0) {
            rest = rest.subarray(await conn.write(rest));
          }
        },
        // deno-lint-ignore require-await
        async close() {
          conn.close();
        },
      });
    }
  }
}

/** Where the bytes of a stream go. */
interface ByteSink {
  write(bytes: Uint8Array): Promise<void>;
  close(): Promise<void>;
}

async function openStreamSender(
  name: string,
  sink: ByteSink,
): Promise<TraceSender> {
  await sink.write(encodeTraceFileHeader());
  // Small messages are gathered: each write is a system call.
  const gathered = new ByteWriter({
    littleEndian: true,
    initialCapacity: 2 * GATHERED_BYTES,
  });
  let isClosed = false;
  async function flush(): Promise<void> {
    if (gathered.length === 0) return;
    const bytes = gathered.toBytes();
    gathered.clear();
    await sink.write(bytes);
  }
  async function close(): Promise<void> {
    if (isClosed) return;
    isClosed = true;
    try {
      await flush();
    } finally {
      await sink.close();
    }
  }
  return {
    name,
    trySend(packet) {
      if (gathered.length + packet.length > GATHERED_BYTES) return false;
      gathered.bytes(encodeTraceRecord(packet));
      return true;
    },
    async send(packet) {
      await flush();
      await sink.write(encodeTraceRecord(packet));
    },
    async sendRecords(batch) {
      await flush();
      // The batch is given back as soon as this resolves.
      await sink.write(batch.bytes.slice());
    },
    flush,
    close,
    [Symbol.asyncDispose]: close,
  };
}

async function openSeqpacketSender(
  path: string,
  options: OpenTraceSenderOptions,
): Promise<TraceSender> {
  const { largest, signal } = options;
  const conn = await SeqpacketConn.connect(path, { signal }).catch((error) => {
    throw explainTransport(error);
  });
  try {
    conn.raiseMaxSendBytes(SEND_BUFFER_BYTES);
    if (largest !== undefined) makeRoom(conn, largest);
    await shakeHands(conn, path, options);
  } catch (error) {
    await conn.close();
    throw error;
  }
  return {
    name: path,
    trySend: (packet) => conn.trySend(packet),
    send: (packet) => conn.send(packet, { signal }),
    async sendRecords(batch) {
      for (const packet of batch) {
        if (!conn.trySend(packet)) await conn.send(packet, { signal });
      }
    },
    flush: () => Promise.resolve(),
    close: () => conn.close(),
    [Symbol.asyncDispose]: () => conn.close(),
  };
}

function makeRoom(
  conn: SeqpacketConn,
  { name, sizeBytes }: { readonly name: string; readonly sizeBytes: number },
): void {
  const most = conn.raiseMaxSendBytes(sizeBytes);
  if (sizeBytes <= most) return;
  throw new LimitError(
    `Cannot send ${name}: it has ${sizeBytes} bytes, the socket takes at most ${most}; raise net.core.wmem_max`,
    { limit: "net.core.wmem_max", value: sizeBytes, offset: 0 },
  );
}

/**
 * Shakes hands as a client.
 *
 * @param conn The connection.
 * @param path Where it goes, for messages.
 * @param options Versions.
 * @throws {ProtocolError} When the server answers with no version that will do.
 */
export async function shakeHands(
  conn: SeqpacketConn,
  path: string,
  options: OpenTraceSenderOptions,
): Promise<void> {
  const {
    version = WIRE_VERSION,
    serverVersion = "any",
    onWarning,
    signal,
  } = options;
  const hello = encodeHandshake(version);
  if (hello.length > 0) await conn.send(hello, { signal });
  const answer = await receiveAnswer(conn, signal);
  if (answer.version >= 1) return;
  const state = answer.problem ?? "its version is 0, at least 1 is needed";
  if (serverVersion === "known") {
    throw new ProtocolError(`Cannot greet server at "${path}": ${state}`, {
      peer: path,
    });
  }
  onWarning?.(`server at "${path}" does not answer as it should: ${state}`);
}

async function receiveAnswer(
  conn: SeqpacketConn,
  signal: AbortSignal | undefined,
): Promise<{ version: number; problem?: string }> {
  const batch = new PacketBatch({
    maxPacketBytes: MAX_ANSWER_BYTES,
    fullBytes: 1,
  });
  while (true) {
    const end = receiveOne(conn, batch);
    const [packet] = batch;
    if (packet !== undefined) {
      try {
        return { version: decodeHandshake(packet, MAX_ANSWER_BYTES) };
      } catch (error) {
        if (!(error instanceof FormatError)) throw error;
        return { version: 0, problem: error.message };
      }
    }
    if (batch.oversized.length > 0) {
      return {
        version: 0,
        problem: `its answer is longer than ${MAX_ANSWER_BYTES} bytes`,
      };
    }
    if (end === "closed") {
      return { version: 0, problem: "it closed the connection" };
    }
    await conn.readable({ signal });
  }
}

function receiveOne(conn: SeqpacketConn, batch: PacketBatch): string {
  try {
    return conn.receive(batch, { maxPackets: 1 });
  } catch (error) {
    if (error instanceof OsError) return "closed";
    throw error;
  }
}
