import dgram from "node:dgram";
import {
  isLoopbackAddress,
  joinHostPort,
  parseIpAddress,
  splitHostPort,
} from "../../codec/ip_address.ts";
import { reasonOf } from "./_abort.ts";
import type { Scope } from "./_abort.ts";
import { ByteChannel, wordedFailure } from "./_byte_channel.ts";
import { decodeDnsMessage } from "./dns_decoder.ts";
import { decodeDnsQueryMsg, decodeDnsReplyMsg } from "./dns_decoder.ts";
import type { DnsMessage } from "./dns_decoder.ts";
import type { LiveConn, LiveDial, LiveDnsQuery } from "./_live_records.ts";
import { connectTcp, dialPrefix } from "./_tcp_connect.ts";
import { IO_TIMEOUT, RequestError, systemTextOf } from "./request_error.ts";
import type { TracerContext } from "./_tracer_context.ts";
import { TracedStream } from "./_traced_stream.ts";

/** A question for one name server. */
export interface DnsExchangeRequest {
  /** `ip:port`. */
  readonly nameserver: string;
  /** The query as it is sent. */
  readonly query: Uint8Array<ArrayBuffer>;
  /** Whether TCP is used. */
  readonly viaTcp: boolean;
  /** The dial that needs the answer. */
  readonly dial: LiveDial;
  /** Ends when time for this exchange is up. */
  readonly scope: Scope;
}

/**
 * Asks one name server once, on a socket of its own, and records it.
 *
 * @param context The tracer.
 * @param request What to ask whom.
 * @returns The reply whose id and question fit.
 * @throws {RequestError} In the words of EVE's traces, without `lookup …: `.
 */
export async function exchangeDns(
  context: TracerContext,
  request: DnsExchangeRequest,
): Promise<DnsMessage> {
  const end = splitHostPort(request.nameserver, 53);
  if (end === undefined || parseIpAddress(end.host) === undefined) {
    throw new RequestError(
      `address ${request.nameserver}: invalid name server`,
      { phase: "dns" },
    );
  }
  const live = {
    beginAt: context.clock.now(),
    endAt: undefined,
    error: "",
    nameserver: request.nameserver,
    conn: undefined,
  } as LiveDial["resolverDials"][number];
  request.dial.resolverDials.push(live);
  // An id that is never shown: upstream counts the attempt itself.
  context.nextId();
  const sourceIp = resolverSource(context, end.host);
  const conn = context.newConn({
    protocol: request.viaTcp ? "tcp" : "udp",
    dial: request.dial,
    fromResolver: true,
    address: end.host,
    port: end.port,
  });
  try {
    const socket = request.viaTcp
      ? await TcpDnsSocket.open(context, conn, sourceIp, request.scope)
      : await UdpDnsSocket.open(context, conn, sourceIp);
    try {
      conn.traceId = context.nextId();
      live.conn = conn;
      live.endAt = context.clock.now();
      const record: LiveDnsQuery = {
        traceId: "",
        dial: request.dial,
        conn,
        queries: [],
        replies: [],
      };
      context.addDnsQuery(record);
      return await ask(context, socket, record, request);
    } finally {
      socket.close();
      conn.closeAt ??= context.clock.now();
    }
  } catch (error) {
    const failure = error instanceof RequestError
      ? error
      : new RequestError(systemTextOf(error), { phase: "dns", cause: error });
    if (live.endAt === undefined) {
      live.endAt = context.clock.now();
      live.error = failure.reason;
    }
    throw failure;
  }
}

async function ask(
  context: TracerContext,
  socket: DnsSocket,
  record: LiveDnsQuery,
  request: DnsExchangeRequest,
): Promise<DnsMessage> {
  const { query } = request;
  const msg = decodeDnsQueryMsg(query);
  if (msg !== undefined) {
    record.queries.push({ at: context.clock.now(), msg });
  }
  await socket.send(query);
  const asked = decodeDnsMessage(query)!;
  while (true) {
    const bytes = await socket.receive(request.scope);
    const at = context.clock.now();
    const reply = decodeDnsReplyMsg(bytes);
    if (reply !== undefined) record.replies.push({ at, msg: reply });
    const message = decodeDnsMessage(bytes);
    if (message !== undefined && isAnswerTo(message, asked)) return message;
    context.ignoreReply(request.nameserver);
    // On a stream the next message would be just as wrong.
    if (request.viaTcp) {
      throw new RequestError("invalid DNS response", { phase: "dns" });
    }
  }
}

function isAnswerTo(reply: DnsMessage, query: DnsMessage): boolean {
  const [asked] = query.questions;
  const [told] = reply.questions;
  return reply.isReply && reply.id === query.id &&
    asked !== undefined && told !== undefined &&
    told.type === asked.type && told.class === asked.class &&
    told.name.toLowerCase() === asked.name.toLowerCase();
}

/** Local stub resolvers cannot be reached from another address. */
function resolverSource(
  context: TracerContext,
  server: string,
): string | undefined {
  const bytes = parseIpAddress(server);
  const isLocal = bytes !== undefined && isLoopbackAddress(bytes);
  return isLocal ? undefined : context.client.sourceIp;
}

interface DnsSocket {
  send(message: Uint8Array<ArrayBuffer>): Promise<void>;
  receive(scope: Scope): Promise<Uint8Array>;
  close(): void;
}

class UdpDnsSocket implements DnsSocket {
  readonly #context: TracerContext;
  readonly #conn: LiveConn;
  readonly #socket: dgram.Socket;
  readonly #queue: Uint8Array[] = [];
  #waiter: (() => void) | undefined;
  #error: Error | undefined;
  #readCallAt: number;
  #isClosed = false;

  private constructor(
    context: TracerContext,
    conn: LiveConn,
    socket: dgram.Socket,
  ) {
    this.#context = context;
    this.#conn = conn;
    this.#socket = socket;
    this.#readCallAt = context.clock.now();
    socket.on("message", (message: Uint8Array) => this.#onMessage(message));
    socket.on("error", (error: Error) => {
      this.#error ??= error;
      this.#wake();
    });
  }

  static async open(
    context: TracerContext,
    conn: LiveConn,
    sourceIp: string | undefined,
  ): Promise<UdpDnsSocket> {
    const isIpv4 = !conn.address.includes(":");
    const prefix = dialPrefix("udp", conn, sourceIp);
    const hasZone = conn.address.includes("%");
    const source = sourceIp ??
      (hasZone ? undefined : context.host.findSourceAddress(conn.address));
    const socket = dgram.createSocket(isIpv4 ? "udp4" : "udp6");
    const any = isIpv4 ? "0.0.0.0" : "::";
    try {
      await new Promise<void>((resolve, reject) => {
        socket.once("error", reject);
        socket.bind({ address: source ?? any, port: 0 }, () => resolve());
      });
      await new Promise<void>((resolve, reject) => {
        socket.once("error", reject);
        socket.connect(conn.port, conn.address, (error?: Error) => {
          if (error === undefined || error === null) resolve();
          else reject(error);
        });
      });
    } catch (error) {
      closeQuietly(socket);
      conn.endAt = context.clock.now();
      const isBind = sourceIp !== undefined;
      throw new RequestError(
        isBind
          ? `${prefix}: bind: cannot assign requested address`
          : `${prefix}: connect: ${systemTextOf(error)}`,
        { phase: "dns", cause: error },
      );
    }
    socket.removeAllListeners("error");
    conn.connected = true;
    conn.endAt = context.clock.now();
    conn.sourceAddress = source;
    conn.sourcePort = socket.address().port;
    return new UdpDnsSocket(context, conn, socket);
  }

  async send(message: Uint8Array<ArrayBuffer>): Promise<void> {
    const callAt = this.#context.clock.now();
    let failure: RequestError | undefined;
    try {
      await new Promise<void>((resolve, reject) => {
        this.#socket.send(message, (error: Error | null) => {
          if (error === null || error === undefined) resolve();
          else reject(error);
        });
      });
      this.#conn.sentBytes += message.length;
    } catch (error) {
      failure = this.#fail("write", systemTextOf(error), error);
    }
    this.#context.recordOp(this.#conn, {
      type: "write",
      callAt,
      returnAt: this.#context.clock.now(),
      error: failure?.reason ?? "",
      size: failure === undefined ? message.length : 0,
    });
    if (failure !== undefined) throw failure;
  }

  async receive(scope: Scope): Promise<Uint8Array> {
    this.#readCallAt = this.#context.clock.now();
    const onAbort = () => this.#wake();
    scope.signal.addEventListener("abort", onAbort, { once: true });
    try {
      while (true) {
        const message = this.#queue.shift();
        if (message !== undefined) return message;
        if (this.#error !== undefined) {
          const { message } = this.#error;
          throw this.#failRead(message, this.#error, false);
        }
        if (scope.signal.aborted) {
          const reason = reasonOf(scope.signal);
          throw this.#failRead(
            reason.isTimeout ? IO_TIMEOUT : "operation was canceled",
            reason,
            reason.isTimeout,
          );
        }
        await new Promise<void>((resolve) => this.#waiter = resolve);
      }
    } finally {
      scope.signal.removeEventListener("abort", onAbort);
    }
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    closeQuietly(this.#socket);
  }

  #onMessage(message: Uint8Array): void {
    const returnAt = this.#context.clock.now();
    this.#conn.receivedBytes += message.length;
    this.#context.recordOp(this.#conn, {
      type: "read",
      callAt: this.#readCallAt,
      returnAt,
      error: "",
      size: message.length,
    });
    this.#readCallAt = returnAt;
    // A flood of wrong replies must not fill memory.
    if (this.#queue.length < MAX_QUEUED_REPLIES) {
      this.#queue.push(new Uint8Array(message));
    }
    this.#wake();
  }

  #wake(): void {
    this.#waiter?.();
    this.#waiter = undefined;
  }

  #failRead(
    text: string,
    cause: Error,
    isTimeout: boolean,
  ): RequestError {
    const failure = this.#fail("read", text, cause, isTimeout);
    this.#context.recordOp(this.#conn, {
      type: "read",
      callAt: this.#readCallAt,
      returnAt: this.#context.clock.now(),
      error: failure.reason,
      size: 0,
    });
    return failure;
  }

  #fail(
    action: "read" | "write",
    text: string,
    cause: unknown,
    isTimeout = false,
  ): RequestError {
    const { sourceAddress, sourcePort, address, port } = this.#conn;
    const from = sourceAddress === undefined
      ? ""
      : `${joinHostPort(sourceAddress, sourcePort)}->`;
    const detail = isTimeout ? text : `${action}: ${text}`;
    return new RequestError(
      `${action} udp ${from}${joinHostPort(address, port)}: ${detail}`,
      { phase: "dns", isTimeout, cause },
    );
  }
}

const MAX_QUEUED_REPLIES = 64;

class TcpDnsSocket implements DnsSocket {
  readonly #stream: TracedStream;
  readonly #channel: ByteChannel;

  private constructor(stream: TracedStream) {
    this.#stream = stream;
    this.#channel = new ByteChannel(stream, wordedFailure);
  }

  static async open(
    context: TracerContext,
    conn: LiveConn,
    sourceIp: string | undefined,
    scope: Scope,
  ): Promise<TcpDnsSocket> {
    const socket = await connectTcp({
      conn,
      scope,
      sourceIp,
      keepAliveMs: -1,
      host: context.host,
      now: () => context.clock.now(),
    });
    return new TcpDnsSocket(
      new TracedStream(socket, conn, context.streamOptions),
    );
  }

  async send(message: Uint8Array<ArrayBuffer>): Promise<void> {
    // The length is sent with the message and is no part of it.
    const framed = new Uint8Array(message.length + 2);
    new DataView(framed.buffer).setUint16(0, message.length);
    framed.set(message, 2);
    await this.#channel.write(framed);
  }

  async receive(scope: Scope): Promise<Uint8Array> {
    const onAbort = () => this.#stream.destroy();
    scope.signal.addEventListener("abort", onAbort, { once: true });
    try {
      const head = await this.#take(2);
      return await this.#take(head[0]! << 8 | head[1]!);
    } catch (error) {
      if (!scope.signal.aborted) throw error;
      const { isTimeout } = reasonOf(scope.signal);
      const { sourceAddress, sourcePort, address, port } = this.#stream.conn;
      throw new RequestError(
        `read tcp ${joinHostPort(sourceAddress ?? "", sourcePort)}->${
          joinHostPort(address, port)
        }: ${isTimeout ? IO_TIMEOUT : "operation was canceled"}`,
        { phase: "dns", isTimeout, cause: error },
      );
    } finally {
      scope.signal.removeEventListener("abort", onAbort);
    }
  }

  close(): void {
    this.#stream.destroy();
  }

  /** Replies may come in any number of pieces. */
  async #take(length: number): Promise<Uint8Array> {
    const bytes = new Uint8Array(length);
    let filled = 0;
    while (filled < length) {
      const chunk = await this.#channel.read();
      if (chunk === undefined) {
        throw new RequestError(filled === 0 ? "EOF" : "unexpected EOF", {
          phase: "dns",
        });
      }
      const part = chunk.subarray(0, length - filled);
      bytes.set(part, filled);
      filled += part.length;
      this.#channel.unread(chunk.subarray(part.length));
    }
    return bytes;
  }
}

function closeQuietly(socket: dgram.Socket): void {
  try {
    socket.close();
  } catch {
    // It was never open, or is closed already.
  }
}
