import type { OsError } from "../base/errors.ts";
import { openLibc } from "./libc.ts";
import type { Libc } from "./libc.ts";
import {
  AF_UNIX,
  encodeUnixSocketAddress,
  isAbstractSocket,
  MAX_SOCKET_PATH_BYTES,
} from "./unix_socket_address.ts";

const SOCK_SEQPACKET = 5;
const O_PATH = 0x200000;
const O_CLOEXEC = 0x80000;

/** `SOCK_CLOEXEC | SOCK_NONBLOCK`: what every socket of ours has. */
export const SOCKET_FLAGS = 0x80800;

/** Error numbers that the sockets tell apart. */
export const ERRNO = {
  interrupted: 4,
  again: 11,
  brokenPipe: 32,
  messageSize: 90,
  prototype: 91,
  connectionAborted: 103,
  connectionReset: 104,
  connectionRefused: 111,
} as const;

const REASONS: Readonly<Record<string, string>> = {
  EACCES: "permission denied",
  EADDRINUSE: "path exists",
  ECONNREFUSED: "nobody listens there",
  EISDIR: "path is a folder",
  ELOOP: "too many symbolic links",
  EMFILE: "too many open files in this process",
  ENFILE: "too many open files in this system",
  ENOENT: "no such file or directory",
  ENOTDIR: "part of the path is not a folder",
  EPERM: "operation is not permitted",
  EPROTOTYPE: "the socket there is of another type than SOCK_SEQPACKET",
  EROFS: "file system is read-only",
};

/**
 * Opens a non-blocking socket of packets.
 *
 * @returns Its descriptor.
 * @throws {Deno.errors.NotSupported} When this system is not Linux.
 * @throws {Deno.errors.NotCapable} When FFI is not permitted.
 */
export function openSeqpacketSocket(): number {
  if (Deno.build.os !== "linux") {
    throw new Deno.errors.NotSupported(
      `Cannot open a SOCK_SEQPACKET socket: ${Deno.build.os} does not have this type for Unix sockets`,
    );
  }
  const libc = openLibc();
  return libc.check(
    libc.symbols.socket(AF_UNIX, SOCK_SEQPACKET | SOCKET_FLAGS, 0),
    "socket",
    "open a SOCK_SEQPACKET socket",
  );
}

/** An address that can be given to `bind` and `connect`. */
export interface ReachableAddress extends Disposable {
  /** The encoded `sockaddr_un`. */
  readonly address: Uint8Array<ArrayBuffer>;
}

/**
 * Encodes the address of a path of any length: one that does not fit is reached
 * through a handle of its folder, `/proc/self/fd/N/name`.
 *
 * @param path Path or abstract name.
 * @returns The address, valid until it is disposed.
 * @throws {RangeError} When the path cannot be an address.
 * @throws {OsError} When the folder of a long path cannot be opened.
 */
export function reachAddress(path: string): ReachableAddress {
  const slash = path.lastIndexOf("/");
  const isShort = new TextEncoder().encode(path).length <=
    MAX_SOCKET_PATH_BYTES;
  if (isShort || isAbstractSocket(path) || slash < 0) {
    return { address: encodeUnixSocketAddress(path), [Symbol.dispose]() {} };
  }
  const libc = openLibc();
  const folder = path.slice(0, slash) || "/";
  const fd = libc.check(
    libc.symbols.open(
      new TextEncoder().encode(`${folder}\0`),
      O_PATH | O_CLOEXEC,
    ),
    "open",
    `open folder "${folder}"`,
  );
  try {
    return {
      address: encodeUnixSocketAddress(
        `/proc/self/fd/${fd}/${path.slice(slash + 1)}`,
      ),
      [Symbol.dispose]: () => void libc.symbols.close(fd),
    };
  } catch (error) {
    libc.symbols.close(fd);
    if (!(error instanceof RangeError)) throw error;
    throw new RangeError(
      `Cannot use socket path "${path}": the name of the file is too long`,
      { cause: error },
    );
  }
}

/**
 * Makes the error of a failed socket call, in words that help.
 *
 * @param libc The C library.
 * @param syscall Name of the call.
 * @param errno Its error number.
 * @param action What was to be done, for example `connect to "/run/x.sock"`.
 * @returns The error.
 */
export function socketError(
  libc: Libc,
  syscall: string,
  errno: number,
  action: string,
): OsError {
  const plain = libc.errorOf(syscall, errno, action);
  const reason = REASONS[plain.code];
  if (reason === undefined) return plain;
  plain.message = `Cannot ${action}: ${reason} (${plain.code})`;
  return plain;
}
