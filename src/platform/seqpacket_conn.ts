import { OsError } from "../base/errors.ts";
import { openLibc } from "./libc.ts";
import type { Libc } from "./libc.ts";
import type { PacketBatch } from "./packet_batch.ts";
import { POLL_EVENTS } from "./poll_events_table.ts";
import { Poller } from "./poller.ts";
import type { WaitOptions } from "./poller.ts";
import {
  ERRNO,
  openSeqpacketSocket,
  reachAddress,
  socketError,
} from "./seqpacket_socket.ts";

const SOL_SOCKET = 1;
const SO_SNDBUF = 7;
const SO_PEERCRED = 17;
const MSG_TRUNC = 0x20;
const MSG_DONTWAIT = 0x40;
const MSG_NOSIGNAL = 0x4000;

/** What the kernel keeps for itself of every packet in the send buffer. */
const PACKET_OVERHEAD_BYTES = 32;
/** The clock is looked at once in this many packets. */
const CLOCK_PACKETS = 64;
/** A full backlog of the server is tried again after this long. */
const BACKLOG_RETRY_MS = 5;

/**
 * Layout of `struct ucred`.
 *
 * | offset | size | field |
 * | --- | --- | --- |
 * | 0 | 4 | `pid`, i32 |
 * | 4 | 4 | `uid`, u32 |
 * | 8 | 4 | `gid`, u32 |
 */
export const UCRED_LAYOUT = { pid: 0, uid: 4, gid: 8, size: 12 } as const;

/** Who is at the other end, as the kernel knows it from when the connection was made. */
export interface PeerCredentials {
  /** Process id, 0 when it is in a namespace that is not visible here. */
  readonly pid: number;
  /** User id. */
  readonly uid: number;
  /** Group id. */
  readonly gid: number;
}

/** How {@linkcode SeqpacketConn.connect} connects. */
export interface SeqpacketConnectOptions {
  /** Ends the waiting for a server that does not accept. */
  readonly signal?: AbortSignal | undefined;
  /** Waits with this poller instead of one of its own. */
  readonly poller?: Poller | undefined;
}

/** How much {@linkcode SeqpacketConn.receive} takes at once. */
export interface ReceiveOptions {
  /** Most packets. @default {512} */
  readonly maxPackets?: number | undefined;
  /** Longest time in ms. @default {4} */
  readonly maxMs?: number | undefined;
}

/**
 * Why {@linkcode SeqpacketConn.receive} came back: nothing more is queued, a
 * bound was reached and more may be queued, or the peer has closed.
 */
export type ReceiveEnd = "idle" | "more" | "closed";

/**
 * A connection of type `SOCK_SEQPACKET`: a Unix socket that keeps the bounds of
 * messages, which Deno itself does not offer.
 *
 * @example Sending one packet
 * ```ts ignore
 * await using conn = await SeqpacketConn.connect("/run/monitor.sock");
 * await conn.send(new Uint8Array([8, 1]));
 * ```
 */
export class SeqpacketConn implements AsyncDisposable {
  readonly #libc: Libc;
  readonly #poller: Poller;
  readonly #name: string;
  #fd: number;
  #wasReset = false;

  /**
   * @param fd A connected, non-blocking socket; closed with this.
   * @param name What to call the peer in errors.
   * @param poller Waits for this connection, which releases it when closed.
   */
  constructor(fd: number, name: string, poller: Poller) {
    this.#libc = openLibc();
    this.#fd = fd;
    this.#name = name;
    this.#poller = poller;
  }

  /**
   * Connects to a server.
   *
   * @param path Path of the socket, or `@name` for an abstract one.
   * @param options Signal and poller.
   * @returns The connection.
   * @throws {OsError} When nobody listens there, or it is not permitted.
   * @throws {Deno.errors.NotSupported} When this system is not Linux.
   * @throws {Deno.errors.NotCapable} When FFI is not permitted.
   */
  static async connect(
    path: string,
    options: SeqpacketConnectOptions = {},
  ): Promise<SeqpacketConn> {
    const { signal } = options;
    const fd = openSeqpacketSocket();
    const libc = openLibc();
    try {
      using reachable = reachAddress(path);
      const { address } = reachable;
      while (libc.symbols.connect(fd, address, address.length) < 0) {
        const errno = libc.errno();
        if (errno === ERRNO.interrupted) continue;
        if (errno !== ERRNO.again) {
          throw socketError(libc, "connect", errno, `connect to "${path}"`);
        }
        // The backlog is full, and poll cannot tell when it no longer is.
        await delay(BACKLOG_RETRY_MS, signal);
      }
      options.poller?.retain();
      return new SeqpacketConn(fd, path, options.poller ?? new Poller());
    } catch (error) {
      libc.symbols.close(fd);
      throw error;
    }
  }

  /** Whether the peer closed while it still had packets from here unread. */
  get wasReset(): boolean {
    return this.#wasReset;
  }

  /** Largest packet in bytes that the send buffer takes. */
  get maxSendBytes(): number {
    const value = new Int32Array(1);
    this.#getOption(SO_SNDBUF, new Uint8Array(value.buffer), "SO_SNDBUF");
    return value[0]! - PACKET_OVERHEAD_BYTES;
  }

  /** Who is at the other end. */
  get peer(): PeerCredentials {
    const bytes = new Uint8Array(UCRED_LAYOUT.size);
    this.#getOption(SO_PEERCRED, bytes, "SO_PEERCRED");
    const view = new DataView(bytes.buffer);
    return {
      pid: view.getInt32(UCRED_LAYOUT.pid, true),
      uid: view.getUint32(UCRED_LAYOUT.uid, true),
      gid: view.getUint32(UCRED_LAYOUT.gid, true),
    };
  }

  /**
   * Makes the send buffer large enough for a packet, as far as the system lets
   * it grow (`net.core.wmem_max`).
   *
   * @param sizeBytes Size of the packet.
   * @returns Largest packet in bytes that can be sent now.
   */
  raiseMaxSendBytes(sizeBytes: number): number {
    if (this.maxSendBytes >= sizeBytes) return this.maxSendBytes;
    // The kernel doubles the number, which is far more than the overhead.
    const value = new Uint8Array(new Int32Array([sizeBytes]).buffer);
    this.#libc.check(
      this.#libc.symbols.setsockopt(
        this.#openFd(),
        SOL_SOCKET,
        SO_SNDBUF,
        value,
        value.length,
      ),
      "setsockopt",
      "set SO_SNDBUF",
    );
    return this.maxSendBytes;
  }

  /**
   * Waits until packets or the end can be received.
   *
   * @param options Time limit and signal.
   * @returns False when the time is up or the connection was closed here.
   */
  readable(options: WaitOptions = {}): Promise<boolean> {
    if (this.#fd < 0) return Promise.resolve(false);
    return this.#poller.wait(this.#fd, POLL_EVENTS.in, options)
      .then((revents) => revents !== 0);
  }

  /**
   * Takes what is queued, without waiting.
   *
   * A reset is remembered in {@linkcode SeqpacketConn.wasReset} and does not
   * end the connection: the kernel reports it before the packets that are
   * queued.
   *
   * @param batch Where the packets are added; receiving ends when it is full.
   * @param options Bounds, so that other work gets its turn.
   * @returns Why it ended.
   * @throws {OsError} When the socket is broken.
   */
  receive(batch: PacketBatch, options: ReceiveOptions = {}): ReceiveEnd {
    const { maxPackets = 512, maxMs = 4 } = options;
    const fd = this.#openFd();
    const { recvAt } = this.#libc.symbols;
    const room = BigInt(batch.maxPacketBytes);
    const deadline = performance.now() + maxMs;
    for (let count = 1; count <= maxPackets; count++) {
      const size = recvAt(
        fd,
        batch.nextAddress,
        room,
        MSG_DONTWAIT | MSG_TRUNC,
      );
      if (size > 0) {
        batch.commit(size);
        if (batch.isFull) return "more";
        if (count % CLOCK_PACKETS === 0 && performance.now() > deadline) break;
        continue;
      }
      if (size === 0) return "closed";
      const errno = this.#libc.errno();
      if (errno === ERRNO.again) return "idle";
      if (errno === ERRNO.connectionReset) this.#wasReset = true;
      else if (errno !== ERRNO.interrupted) {
        throw socketError(
          this.#libc,
          "recv",
          errno,
          `receive from ${this.#name}`,
        );
      }
    }
    return "more";
  }

  /**
   * Sends one packet if the send buffer has room.
   *
   * @param packet At least one byte: an empty packet looks like the end to the receiver.
   * @returns False when the buffer is full.
   * @throws {OsError} When the peer has closed (`EPIPE`, `ECONNRESET`) or the
   * packet exceeds {@linkcode SeqpacketConn.maxSendBytes} (`EMSGSIZE`).
   */
  trySend(packet: Uint8Array<ArrayBuffer>): boolean {
    const fd = this.#openFd();
    const size = BigInt(packet.length);
    while (true) {
      const sent = this.#libc.symbols.send(
        fd,
        packet,
        size,
        MSG_DONTWAIT | MSG_NOSIGNAL,
      );
      if (sent >= 0) return true;
      const errno = this.#libc.errno();
      if (errno === ERRNO.again) return false;
      if (errno === ERRNO.interrupted) continue;
      throw this.#sendError(errno, packet.length);
    }
  }

  /**
   * Sends one packet and waits for room where there is none.
   *
   * @param packet As of {@linkcode SeqpacketConn.trySend}.
   * @param options Signal.
   * @throws {OsError} As of {@linkcode SeqpacketConn.trySend}.
   */
  async send(
    packet: Uint8Array<ArrayBuffer>,
    options: Pick<WaitOptions, "signal"> = {},
  ): Promise<void> {
    while (!this.trySend(packet)) {
      await this.#poller.wait(this.#openFd(), POLL_EVENTS.out, options);
    }
  }

  /** Closes the connection; whoever waits for it is told that nothing came. */
  async close(): Promise<void> {
    if (this.#fd < 0) return;
    const fd = this.#fd;
    this.#fd = -1;
    this.#poller.forget(fd);
    this.#libc.symbols.close(fd);
    await this.#poller.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  #openFd(): number {
    if (this.#fd < 0) {
      throw new Error(
        `Cannot use connection to ${this.#name}: connection is closed`,
      );
    }
    return this.#fd;
  }

  #getOption(
    option: number,
    value: Uint8Array<ArrayBuffer>,
    name: string,
  ): void {
    const length = new Uint8Array(new Uint32Array([value.length]).buffer);
    this.#libc.check(
      this.#libc.symbols.getsockopt(
        this.#openFd(),
        SOL_SOCKET,
        option,
        value,
        length,
      ),
      "getsockopt",
      `read ${name} of ${this.#name}`,
    );
  }

  #sendError(errno: number, sizeBytes: number): OsError {
    const action = `send ${sizeBytes} bytes to ${this.#name}`;
    const error = this.#libc.errorOf("send", errno, action);
    const reason = errno === ERRNO.messageSize
      ? `packet exceeds the send buffer, at most ${this.maxSendBytes} bytes are possible`
      : errno === ERRNO.brokenPipe || errno === ERRNO.connectionReset
      ? "connection was closed by the peer"
      : undefined;
    return reason === undefined ? error : new OsError(
      `Cannot ${action}: ${reason} (${error.code})`,
      { syscall: "send", errno, code: error.code },
    );
  }
}

function delay(ms: number, signal: AbortSignal | undefined): Promise<void> {
  signal?.throwIfAborted();
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const timer = setTimeout(() => {
    signal?.removeEventListener("abort", onAbort);
    resolve();
  }, ms);
  const onAbort = () => {
    clearTimeout(timer);
    reject(signal?.reason);
  };
  signal?.addEventListener("abort", onAbort, { once: true });
  return promise;
}
