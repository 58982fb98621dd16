import { OsError } from "../base/errors.ts";
import { formatIpAddress, parseIpAddress } from "../codec/ip_address.ts";
import { openLibc } from "./libc.ts";
import type { Libc } from "./libc.ts";
import { POLL_EVENTS } from "./poll_events_table.ts";
import { Poller } from "./poller.ts";
import { ERRNO, SOCKET_FLAGS } from "./seqpacket_socket.ts";
import {
  AF_INET,
  AF_INET6,
  decodeSocketAddress,
  encodeSocketAddress,
} from "./socket_address.ts";

const SOCK_STREAM = 1;
const IN_PROGRESS = 115;
const MSG_NOSIGNAL = 0x4000;
const SHUT_WR = 1;
const SOCKET_LEVEL = 1;
const TCP_LEVEL = 6;
const SO_ERROR = 4;
const SO_KEEPALIVE = 9;
const TCP_NODELAY = 1;
const TCP_KEEPIDLE = 4;
const TCP_KEEPINTVL = 5;
/** Offset of the scope in a `sockaddr_in6`. */
const SCOPE_OFFSET = 24;

/** An end of a TCP connection. */
export interface TcpEnd {
  readonly address: string;
  readonly port: number;
}

/** How {@linkcode openTcpConnection} connects. */
export interface OpenTcpConnectionOptions {
  /** Address to send from. @default the system's choice */
  readonly sourceIp?: string | undefined;
  /** Interval of keep-alive in milliseconds; below 0 is off. @default {-1} */
  readonly keepAliveMs?: number | undefined;
  /** Receives the own end as soon as it is known, which is before the peer answers. */
  readonly onOwnEnd?: ((end: TcpEnd) => void) | undefined;
  /** Gives up. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * Connects with the system's own calls: for runtimes that cannot bind a socket
 * before they connect it, cannot give a pending connection up, and do not tell
 * why one failed.
 *
 * @param address IP address, with a zone where it needs one.
 * @param port The port.
 * @param options Source address, keep-alive, signal.
 * @returns The connection.
 * @throws {OsError} When `bind` or `connect` fail.
 * @throws {Deno.errors.NotCapable} When FFI is not permitted.
 * @throws {Deno.errors.NotSupported} When this system is not Linux.
 */
export async function openTcpConnection(
  address: string,
  port: number,
  options: OpenTcpConnectionOptions = {},
): Promise<TcpConnection> {
  const { sourceIp, keepAliveMs = -1, onOwnEnd, signal } = options;
  signal?.throwIfAborted();
  const poller = new Poller();
  const libc = openLibc();
  const peer = encodeEnd(libc, address, port);
  let fd = -1;
  try {
    fd = libc.check(
      libc.symbols.socket(
        peer.length === 16 ? AF_INET : AF_INET6,
        SOCK_STREAM | SOCKET_FLAGS,
        0,
      ),
      "socket",
    );
    if (sourceIp !== undefined) {
      const own = encodeEnd(libc, sourceIp, 0);
      libc.check(libc.symbols.bind(fd, own, own.length), "bind");
    }
    const isConnected = libc.symbols.connect(fd, peer, peer.length) >= 0;
    const errno = isConnected ? 0 : libc.errno();
    if (errno !== 0 && errno !== IN_PROGRESS) {
      throw libc.errorOf("connect", errno);
    }
    const end = ownEnd(libc, fd);
    onOwnEnd?.(end);
    if (!isConnected) {
      await poller.wait(fd, POLL_EVENTS.out, { signal });
      const failure = numberOption(libc, fd, SO_ERROR);
      if (failure !== 0) throw libc.errorOf("connect", failure);
    }
    setOption(libc, fd, TCP_LEVEL, TCP_NODELAY, 1);
    if (keepAliveMs >= 0) {
      const seconds = Math.max(1, Math.round(keepAliveMs / 1000));
      setOption(libc, fd, SOCKET_LEVEL, SO_KEEPALIVE, 1);
      setOption(libc, fd, TCP_LEVEL, TCP_KEEPIDLE, seconds);
      setOption(libc, fd, TCP_LEVEL, TCP_KEEPINTVL, seconds);
    }
    return new TcpConnection(libc, poller, fd, end);
  } catch (error) {
    if (fd >= 0) {
      poller.forget(fd);
      libc.symbols.close(fd);
    }
    await poller.close();
    throw error;
  }
}

/** A TCP connection of {@linkcode openTcpConnection}. */
export class TcpConnection {
  /** The own end. */
  readonly own: TcpEnd;
  readonly #libc: Libc;
  readonly #poller: Poller;
  readonly #fd: number;
  #isClosed = false;

  /** For {@linkcode openTcpConnection}. */
  constructor(libc: Libc, poller: Poller, fd: number, own: TcpEnd) {
    this.#libc = libc;
    this.#poller = poller;
    this.#fd = fd;
    this.own = own;
  }

  /**
   * Reads what is there, at least one byte.
   *
   * @param buffer Receives the bytes.
   * @returns How many; `null` at the end, or when this was closed.
   * @throws {OsError} When the connection failed.
   */
  async read(buffer: Uint8Array<ArrayBuffer>): Promise<number | null> {
    while (!this.#isClosed) {
      const size = this.#libc.symbols.recv(
        this.#fd,
        buffer,
        BigInt(buffer.length),
        0,
      );
      if (size > 0) return size;
      if (size === 0) return null;
      await this.#waitAfter("recv", POLL_EVENTS.in);
    }
    return null;
  }

  /**
   * Writes all bytes.
   *
   * @param bytes The bytes.
   * @throws {OsError} When the connection failed or was closed.
   */
  async write(bytes: Uint8Array<ArrayBuffer>): Promise<void> {
    for (let at = 0; at < bytes.length;) {
      if (this.#isClosed) throw this.#libc.errorOf("send", ERRNO.brokenPipe);
      const rest = bytes.subarray(at);
      const size = this.#libc.symbols.send(
        this.#fd,
        rest,
        BigInt(rest.length),
        MSG_NOSIGNAL,
      );
      if (size >= 0) at += size;
      else await this.#waitAfter("send", POLL_EVENTS.out);
    }
  }

  /** Says that nothing more will be written. */
  closeWrite(): void {
    if (this.#isClosed) return;
    // A peer that has gone already makes this fail, and then it does not matter.
    this.#libc.symbols.shutdown(this.#fd, SHUT_WR);
  }

  /** Closes the connection; whoever reads gets its end. */
  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#poller.forget(this.#fd);
    this.#libc.symbols.close(this.#fd);
    await this.#poller.close();
  }

  async #waitAfter(syscall: "recv" | "send", events: number): Promise<void> {
    const errno = this.#libc.errno();
    if (errno === ERRNO.interrupted) return;
    if (errno !== ERRNO.again) throw this.#libc.errorOf(syscall, errno);
    await this.#poller.wait(this.#fd, events);
  }
}

function encodeEnd(
  libc: Libc,
  address: string,
  port: number,
): Uint8Array<ArrayBuffer> {
  const bytes = parseIpAddress(address);
  if (bytes === undefined) {
    throw new TypeError(`Cannot connect to "${address}": it is no IP address`);
  }
  const encoded = encodeSocketAddress(bytes, port);
  const zone = /%(.+)$/s.exec(address)?.[1];
  if (zone === undefined || encoded.length <= SCOPE_OFFSET) return encoded;
  const index = /^\d+$/.test(zone)
    ? Number(zone)
    : libc.symbols.interfaceIndex(new TextEncoder().encode(`${zone}\0`));
  new DataView(encoded.buffer).setUint32(SCOPE_OFFSET, index, true);
  return encoded;
}

function ownEnd(libc: Libc, fd: number): TcpEnd {
  const encoded = new Uint8Array(28);
  const length = new Uint8Array(new Uint32Array([encoded.length]).buffer);
  libc.check(libc.symbols.getsockname(fd, encoded, length), "getsockname");
  const end = decodeSocketAddress(encoded);
  if (end === undefined) {
    throw new OsError(
      "Cannot call getsockname: the socket is of another family",
      { syscall: "getsockname", errno: 0, code: "EAFNOSUPPORT" },
    );
  }
  return { address: formatIpAddress(end.address), port: end.port };
}

function numberOption(libc: Libc, fd: number, option: number): number {
  const value = new Int32Array(1);
  const length = new Uint8Array(new Uint32Array([4]).buffer);
  libc.check(
    libc.symbols.getsockopt(
      fd,
      SOCKET_LEVEL,
      option,
      new Uint8Array(value.buffer),
      length,
    ),
    "getsockopt",
  );
  return value[0]!;
}

function setOption(
  libc: Libc,
  fd: number,
  level: number,
  option: number,
  value: number,
): void {
  const bytes = new Uint8Array(new Int32Array([value]).buffer);
  libc.check(
    libc.symbols.setsockopt(fd, level, option, bytes, bytes.length),
    "setsockopt",
  );
}
