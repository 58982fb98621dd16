import type { OsError } from "../base/errors.ts";
import { openLibc } from "./libc.ts";
import type { Libc } from "./libc.ts";
import type { ByteConnection } from "./local_connection.ts";
import { POLL_EVENTS, POLLFD_LAYOUT } from "./poll_events_table.ts";
import { ERRNO, reachAddress, SOCKET_FLAGS } from "./seqpacket_socket.ts";
import { AF_UNIX } from "./unix_socket_address.ts";

const SOCK_STREAM = 1;
const SOL_SOCKET = 1;
const SCM_RIGHTS = 1;
const MSG_DONTWAIT = 0x40;
const MSG_NOSIGNAL = 0x4000;
/** How long one wait takes at most; a closed connection is noticed then. */
const POLL_MS = 100;
/** A full backlog of the server is tried again after this long. */
const BACKLOG_RETRY_MS = 5;

/**
 * What `sendmsg` takes, on 64-bit Linux, in one piece of memory; sizes that are
 * not given are 8.
 *
 * | offset | field |
 * | --- | --- |
 * | 16 | `msg_iov`: address of what is at 56 |
 * | 24 | `msg_iovlen`: 1 |
 * | 32 | `msg_control`: address of what is at 72 |
 * | 40 | `msg_controllen`: 24 |
 * | 56 | `iov_base`: address of what is at 96 |
 * | 64 | `iov_len`: 1 |
 * | 72 | `cmsg_len`: 20 |
 * | 80 | `cmsg_level`, 4 bytes: `SOL_SOCKET` |
 * | 84 | `cmsg_type`, 4 bytes: `SCM_RIGHTS` |
 * | 88 | the descriptor, 4 bytes |
 * | 96 | the byte that goes with it |
 */
const MESSAGE_LAYOUT = {
  iov: 16,
  iovCount: 24,
  control: 32,
  controlLength: 40,
  iovBase: 56,
  iovLength: 64,
  rightsLength: 72,
  rightsLevel: 80,
  rightsType: 84,
  descriptor: 88,
  byte: 96,
  size: 97,
} as const;
const CONTROL_BYTES = 24;
const RIGHTS_BYTES = 20;

/** A connection over which descriptors of files can be passed. */
export interface DescriptorConnection extends ByteConnection {
  /**
   * Sends one byte, and with it the right to use an open file.
   *
   * @param fd A descriptor of this process; it may be closed afterwards.
   * @throws {OsError} When it cannot be sent.
   */
  sendDescriptor(fd: number): Promise<void>;
}

/**
 * Connects to a Unix socket so that descriptors can be passed, which the
 * connections of Deno cannot.
 *
 * @param path Path of the socket.
 * @param signal Ends the waiting for a server that does not accept.
 * @returns The connection.
 * @throws {Deno.errors.NotFound} When there is no such socket.
 * @throws {Deno.errors.ConnectionRefused} When nobody listens.
 * @throws {Deno.errors.PermissionDenied} When it belongs to another user.
 * @throws {Deno.errors.NotSupported} When this system is not Linux.
 * @throws {Deno.errors.NotCapable} When FFI is not permitted.
 */
export async function connectForDescriptors(
  path: string,
  signal?: AbortSignal,
): Promise<DescriptorConnection> {
  if (Deno.build.os !== "linux") {
    throw new Deno.errors.NotSupported(
      `Cannot pass descriptors of files: ${Deno.build.os} is not supported, supported is linux`,
    );
  }
  const libc = openLibc();
  using reached = reachAddress(path);
  const { address } = reached;
  const fd = libc.check(
    libc.symbols.socket(AF_UNIX, SOCK_STREAM | SOCKET_FLAGS, 0),
    "socket",
  );
  try {
    while (libc.symbols.connect(fd, address, address.length) < 0) {
      const error = libc.errorOf(
        "connect",
        libc.errno(),
        `connect to "${path}"`,
      );
      if (error.errno !== ERRNO.again) throw denoError(error);
      signal?.throwIfAborted();
      await new Promise((resolve) => setTimeout(resolve, BACKLOG_RETRY_MS));
    }
  } catch (error) {
    libc.symbols.close(fd);
    throw error;
  }
  return new SocketConnection(libc, fd);
}

class SocketConnection implements DescriptorConnection {
  readonly #libc: Libc;
  #fd: number;

  constructor(libc: Libc, fd: number) {
    this.#libc = libc;
    this.#fd = fd;
  }

  async read(buffer: Uint8Array<ArrayBuffer>): Promise<number | null> {
    const size = await this.#attempt(
      "recv",
      POLL_EVENTS.in,
      (fd) =>
        this.#libc.symbols.recv(
          fd,
          buffer,
          BigInt(buffer.length),
          MSG_DONTWAIT,
        ),
    );
    return size === 0 ? null : size;
  }

  write(bytes: Uint8Array<ArrayBuffer>): Promise<number> {
    return this.#attempt(
      "send",
      POLL_EVENTS.out,
      (fd) =>
        this.#libc.symbols.send(
          fd,
          bytes,
          BigInt(bytes.length),
          MSG_DONTWAIT | MSG_NOSIGNAL,
        ),
    );
  }

  async sendDescriptor(fd: number): Promise<void> {
    const message = this.#messageOf(fd);
    await this.#attempt(
      "sendmsg",
      POLL_EVENTS.out,
      (own) =>
        this.#libc.symbols.sendmsg(own, message, MSG_DONTWAIT | MSG_NOSIGNAL),
    );
  }

  close(): void {
    const fd = this.#fd;
    if (fd < 0) return;
    this.#fd = -1;
    this.#libc.symbols.close(fd);
  }

  #messageOf(fd: number): Uint8Array<ArrayBuffer> {
    const bytes = new Uint8Array(MESSAGE_LAYOUT.size);
    const view = new DataView(bytes.buffer);
    const start = this.#libc.addressOf(bytes);
    const long = (at: number, value: bigint) =>
      view.setBigUint64(at, value, true);
    const pointer = (at: number, to: number) => long(at, start + BigInt(to));
    pointer(MESSAGE_LAYOUT.iov, MESSAGE_LAYOUT.iovBase);
    long(MESSAGE_LAYOUT.iovCount, 1n);
    pointer(MESSAGE_LAYOUT.control, MESSAGE_LAYOUT.rightsLength);
    long(MESSAGE_LAYOUT.controlLength, BigInt(CONTROL_BYTES));
    pointer(MESSAGE_LAYOUT.iovBase, MESSAGE_LAYOUT.byte);
    long(MESSAGE_LAYOUT.iovLength, 1n);
    long(MESSAGE_LAYOUT.rightsLength, BigInt(RIGHTS_BYTES));
    view.setInt32(MESSAGE_LAYOUT.rightsLevel, SOL_SOCKET, true);
    view.setInt32(MESSAGE_LAYOUT.rightsType, SCM_RIGHTS, true);
    view.setInt32(MESSAGE_LAYOUT.descriptor, fd, true);
    return bytes;
  }

  async #attempt(
    syscall: string,
    events: number,
    call: (fd: number) => number,
  ): Promise<number> {
    for (;;) {
      if (this.#fd < 0) {
        throw new Deno.errors.Interrupted(
          `Cannot ${syscall}: connection is closed`,
        );
      }
      const result = call(this.#fd);
      if (result >= 0) return result;
      const errno = this.#libc.errno();
      if (errno === ERRNO.interrupted) continue;
      if (errno !== ERRNO.again) {
        throw denoError(this.#libc.errorOf(syscall, errno));
      }
      const poll = new DataView(new ArrayBuffer(POLLFD_LAYOUT.size));
      poll.setInt32(POLLFD_LAYOUT.fd, this.#fd, true);
      poll.setInt16(POLLFD_LAYOUT.events, events, true);
      await this.#libc.symbols.pollAsync(
        new Uint8Array(poll.buffer),
        1n,
        POLL_MS,
      );
    }
  }
}

/** Errors as the connections of Deno have them. */
function denoError(error: OsError): Error {
  const { message } = error;
  const options = { cause: error };
  switch (error.code) {
    case "ENOENT":
      return new Deno.errors.NotFound(message, options);
    case "ECONNREFUSED":
      return new Deno.errors.ConnectionRefused(message, options);
    case "EACCES":
    case "EPERM":
      return new Deno.errors.PermissionDenied(message, options);
    case "EPIPE":
      return new Deno.errors.BrokenPipe(message, options);
    case "ECONNRESET":
      return new Deno.errors.ConnectionReset(message, options);
    default:
      return error;
  }
}
