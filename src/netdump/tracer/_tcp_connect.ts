import net from "node:net";
import type { Duplex } from "node:stream";
import {
  isLoopbackAddress,
  joinHostPort,
  parseIpAddress,
} from "../../codec/ip_address.ts";
import { openTcpConnection } from "../../platform/tcp_connection.ts";
import { reasonOf } from "./_abort.ts";
import type { Scope } from "./_abort.ts";
import type { LiveConn } from "./_live_records.ts";
import { hasFullTls } from "./_runtime_tls.ts";
import { SystemSocket } from "./_system_socket.ts";
import {
  codeOf,
  IO_TIMEOUT,
  RequestError,
  systemTextOf,
} from "./request_error.ts";
import type { TracerHost } from "./tracer_host.ts";

/** How often a pending connection's own port is looked for. */
const PROBE_MS = [20, 200, 1000, 3000] as const;

/** A connected socket. */
export interface TcpSocket extends Duplex {
  readonly localAddress?: string | undefined;
  readonly localPort?: number | undefined;
}

/** How {@linkcode connectTcp} connects. */
export interface ConnectTcpOptions {
  readonly conn: LiveConn;
  readonly scope: Scope;
  readonly sourceIp: string | undefined;
  /** Interval of keep-alive in milliseconds, below 0 for none. */
  readonly keepAliveMs: number;
  readonly host: TracerHost;
  readonly now: () => number;
}

/**
 * Connects one socket to one address and records how it went.
 *
 * @param options Where to, and the record.
 * @returns The socket, in flowing mode as soon as somebody listens.
 * @throws {RequestError} In the words of EVE's traces.
 */
export async function connectTcp(
  options: ConnectTcpOptions,
): Promise<TcpSocket> {
  const { conn, sourceIp, host } = options;
  const prefix = dialPrefix("tcp", conn, sourceIp);
  // What is known before: the port comes with the connection.
  conn.sourceAddress = undefined;
  const probing = new AbortController();
  const probed = probeOwnEnd(conn, host, probing.signal);
  try {
    const socket = await open(options);
    conn.connected = true;
    conn.sourceAddress = plain(socket.localAddress ?? "");
    conn.sourcePort = socket.localPort ?? 0;
    return socket;
  } catch (error) {
    if (error instanceof RequestError) {
      throw error.isTimeout
        ? new RequestError(`${prefix}: ${IO_TIMEOUT}`, {
          phase: "connect",
          isTimeout: true,
          cause: error,
        })
        : new RequestError(`${prefix}: operation was canceled`, {
          phase: "cancelled",
          cause: error,
        });
    }
    throw describe(error, prefix, conn, sourceIp, host);
  } finally {
    conn.endAt = options.now();
    probing.abort();
    await probed;
  }
}

/**
 * @param network `tcp` or `udp`.
 * @param conn Where to.
 * @param sourceIp Configured source address.
 * @returns `dial tcp IP:PORT`, or `dial tcp SRC:0->IP:PORT`.
 */
export function dialPrefix(
  network: "tcp" | "udp",
  conn: Pick<LiveConn, "address" | "port">,
  sourceIp: string | undefined,
): string {
  const from = sourceIp === undefined ? "" : `${joinHostPort(sourceIp, 0)}->`;
  return `dial ${network} ${from}${joinHostPort(conn.address, conn.port)}`;
}

async function open(options: ConnectTcpOptions): Promise<TcpSocket> {
  if (options.scope.signal.aborted) throw reasonOf(options.scope.signal);
  if (hasFullTls()) return await openByRuntime(options);
  // Before Deno 2.9 the runtime binds no socket, gives no attempt up and tells
  // of every failure that it was refused.
  try {
    return await openBySystem(options);
  } catch (error) {
    const isMissing = error instanceof Deno.errors.NotCapable ||
      error instanceof Deno.errors.NotSupported;
    if (!isMissing) throw error;
  }
  const socket = await openByRuntime(options);
  const { sourceIp } = options;
  if (sourceIp === undefined || plain(socket.localAddress ?? "") === sourceIp) {
    return socket;
  }
  socket.destroy();
  throw new Error(
    `Cannot connect from ${sourceIp}: this version of Deno binds no address without --allow-ffi`,
  );
}

async function openBySystem(options: ConnectTcpOptions): Promise<TcpSocket> {
  const { conn, scope, sourceIp, keepAliveMs } = options;
  try {
    const connection = await openTcpConnection(conn.address, conn.port, {
      sourceIp,
      keepAliveMs,
      signal: scope.signal,
      onOwnEnd: ({ address, port }) => {
        conn.sourceAddress = address;
        conn.sourcePort = port;
      },
    });
    const socket = new SystemSocket(connection);
    socket.on("error", () => {});
    return socket;
  } catch (error) {
    throw scope.signal.aborted ? reasonOf(scope.signal) : error;
  }
}

function openByRuntime(options: ConnectTcpOptions): Promise<TcpSocket> {
  const { conn, scope, sourceIp, keepAliveMs } = options;
  const { promise, resolve, reject } = Promise.withResolvers<TcpSocket>();
  const socket = net.connect({
    host: conn.address,
    port: conn.port,
    autoSelectFamily: false,
    ...(sourceIp === undefined ? {} : { localAddress: sourceIp }),
  });
  const onAbort = () => {
    socket.destroy();
    reject(reasonOf(scope.signal));
  };
  const onError = (error: Error) => reject(error);
  scope.signal.addEventListener("abort", onAbort, { once: true });
  socket.once("error", onError);
  socket.once("connect", () => {
    socket.removeListener("error", onError);
    // Nothing is lost: no data flows before somebody listens.
    socket.on("error", () => {});
    socket.setNoDelay(true);
    if (keepAliveMs >= 0) socket.setKeepAlive(true, keepAliveMs);
    resolve(socket);
  });
  return promise.finally(() =>
    scope.signal.removeEventListener("abort", onAbort)
  );
}

/** A failed attempt does not tell its own end, so it is looked for while it is pending. */
async function probeOwnEnd(
  conn: LiveConn,
  host: TracerHost,
  signal: AbortSignal,
): Promise<void> {
  for (const ms of PROBE_MS) {
    const isOver = await new Promise<boolean>((resolve) => {
      const timer = setTimeout(() => resolve(false), ms);
      signal.addEventListener("abort", () => {
        clearTimeout(timer);
        resolve(true);
      }, { once: true });
    });
    if (isOver || signal.aborted) return;
    const found = await host.findConnectingSockets(conn.address, conn.port);
    if (conn.connected) return;
    const [own] = found;
    if (own !== undefined && conn.sourceAddress === undefined) {
      conn.sourceAddress = own.sourceAddress;
      conn.sourcePort = own.sourcePort;
      return;
    }
  }
}

function describe(
  error: unknown,
  prefix: string,
  conn: LiveConn,
  sourceIp: string | undefined,
  host: TracerHost,
): RequestError {
  const code = codeOf(error);
  // The runtime tells EINVAL where the system told EADDRNOTAVAIL.
  const isBind = code === "EADDRNOTAVAIL" ||
    (code === "EINVAL" && sourceIp !== undefined &&
      !isOwnAddress(sourceIp, conn.address, host));
  if (isBind && sourceIp !== undefined) {
    return new RequestError(
      `${prefix}: bind: cannot assign requested address`,
      {
        phase: "connect",
        code: "EADDRNOTAVAIL",
        cause: error,
      },
    );
  }
  return new RequestError(`${prefix}: connect: ${systemTextOf(error)}`, {
    phase: "connect",
    code,
    isTimeout: code === "ETIMEDOUT",
    cause: error,
  });
}

function isOwnAddress(
  sourceIp: string,
  destination: string,
  host: TracerHost,
): boolean {
  const bytes = parseIpAddress(sourceIp);
  if (bytes === undefined) return false;
  return isLoopbackAddress(bytes) ||
    host.findSourceAddress(sourceIp) === sourceIp ||
    host.findSourceAddress(destination) === sourceIp;
}

/** Node writes IPv4 addresses of dual sockets as IPv6. */
function plain(address: string): string {
  return address.startsWith("::ffff:") && address.includes(".")
    ? address.slice("::ffff:".length)
    : address;
}
