import { openLibc } from "./libc.ts";
import type { Libc } from "./libc.ts";
import { POLL_EVENTS } from "./poll_events_table.ts";
import { Poller } from "./poller.ts";
import { SeqpacketConn } from "./seqpacket_conn.ts";
import {
  ERRNO,
  openSeqpacketSocket,
  reachAddress,
  SOCKET_FLAGS,
  socketError,
} from "./seqpacket_socket.ts";
import { claimSocketPath, holdSocketFile } from "./socket_file.ts";
import type { SocketFile } from "./socket_file.ts";
import { isAbstractSocket } from "./unix_socket_address.ts";

/** How {@linkcode SeqpacketListener.listen} listens. */
export interface SeqpacketListenOptions {
  /** Permission bits of the socket file. @default {0o600} */
  readonly mode?: number | undefined;
  /** How many connections wait at most to be accepted. @default {128} */
  readonly backlog?: number | undefined;
  /**
   * Whether a socket that somebody else listens on is replaced, and a folder
   * accepted in which everybody can replace ours.
   *
   * @default {false}
   */
  readonly force?: boolean | undefined;
}

/** How {@linkcode SeqpacketListener.accept} waits. */
export interface AcceptOptions {
  /** Ends the waiting. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * Listens on a Unix socket of type `SOCK_SEQPACKET`, which Deno itself does not
 * offer.
 *
 * @example Receiving the packets of one client
 * ```ts ignore
 * await using listener = SeqpacketListener.listen("/run/monitor.sock");
 * await using conn = await listener.accept();
 * const batch = new PacketBatch();
 * while (conn?.receive(batch) !== "closed") {
 *   for (const packet of batch) console.log(packet.length);
 *   batch.clear();
 *   await conn?.readable();
 * }
 * ```
 */
export class SeqpacketListener implements AsyncDisposable {
  readonly #libc: Libc = openLibc();
  readonly #poller: Poller;
  readonly #path: string;
  readonly #file: SocketFile | undefined;
  #fd: number;

  /**
   * @param fd A listening, non-blocking socket; closed with this.
   * @param path Where it listens.
   * @param file Its file, removed when it is closed.
   * @param poller Waits for it and its connections; released when it is closed.
   */
  constructor(
    fd: number,
    path: string,
    file: SocketFile | undefined,
    poller: Poller,
  ) {
    this.#fd = fd;
    this.#path = path;
    this.#file = file;
    this.#poller = poller;
  }

  /**
   * Binds a socket and listens on it. The file gets its permissions before
   * anybody can connect.
   *
   * @param path Path of the socket, or `@name` for an abstract one.
   * @param options Permissions, backlog, what may be replaced.
   * @returns The listener.
   * @throws {Deno.errors.AddrInUse} When somebody listens there.
   * @throws {Deno.errors.AlreadyExists} When the path is no socket.
   * @throws {Deno.errors.NotSupported} When this system is not Linux.
   * @throws {Deno.errors.NotCapable} When FFI is not permitted.
   * @throws {OsError} When the system refuses.
   */
  static listen(
    path: string,
    options: SeqpacketListenOptions = {},
  ): SeqpacketListener {
    const { mode = 0o600, backlog = 128, force = false } = options;
    const fd = openSeqpacketSocket();
    const libc = openLibc();
    let file: SocketFile | undefined;
    try {
      using reachable = reachAddress(path);
      const { address } = reachable;
      const isAbstract = isAbstractSocket(path);
      if (!isAbstract) claimSocketPath(path, { force, isLive });
      if (libc.symbols.bind(fd, address, address.length) < 0) {
        throw socketError(libc, "bind", libc.errno(), `listen on "${path}"`);
      }
      if (!isAbstract) file = holdSocketFile(path, mode);
      libc.check(
        libc.symbols.listen(fd, backlog),
        "listen",
        `listen on "${path}"`,
      );
      return new SeqpacketListener(fd, path, file, new Poller());
    } catch (error) {
      libc.symbols.close(fd);
      file?.remove();
      throw error;
    }
  }

  /** Waits for the listener and for every connection that it accepted. */
  get poller(): Poller {
    return this.#poller;
  }

  /**
   * Waits for the next client.
   *
   * @param options Signal.
   * @returns Its connection, or `undefined` when the listener was closed.
   * @throws {OsError} When the system refuses, for example because too many
   * files are open (`EMFILE`); the listener goes on to listen.
   */
  async accept(
    options: AcceptOptions = {},
  ): Promise<SeqpacketConn | undefined> {
    options.signal?.throwIfAborted();
    while (this.#fd >= 0) {
      const fd = this.#libc.linuxSymbol("accept4")(
        this.#fd,
        null,
        null,
        SOCKET_FLAGS,
      );
      if (fd >= 0) {
        this.#poller.retain();
        return new SeqpacketConn(fd, `a client of ${this.#path}`, this.#poller);
      }
      const errno = this.#libc.errno();
      if (errno === ERRNO.again) {
        await this.#poller.wait(this.#fd, POLL_EVENTS.in, options);
      } else if (
        errno !== ERRNO.interrupted && errno !== ERRNO.connectionAborted
      ) {
        throw socketError(
          this.#libc,
          "accept",
          errno,
          `accept a client of "${this.#path}"`,
        );
      }
    }
    return undefined;
  }

  /** Closes the listener and removes its file; connections stay open. */
  async close(): Promise<void> {
    if (this.#fd < 0) return;
    const fd = this.#fd;
    this.#fd = -1;
    this.#poller.forget(fd);
    this.#libc.symbols.close(fd);
    this.#file?.remove();
    await this.#poller.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }
}

/** Whether somebody listens on the socket: of whatever type it is. */
function isLive(path: string): boolean {
  const libc = openLibc();
  const fd = openSeqpacketSocket();
  try {
    using reachable = reachAddress(path);
    const { address } = reachable;
    if (libc.symbols.connect(fd, address, address.length) >= 0) return true;
    const errno = libc.errno();
    return errno === ERRNO.again || errno === ERRNO.prototype;
  } finally {
    libc.symbols.close(fd);
  }
}
