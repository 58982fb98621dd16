import {
  isLoopbackAddress,
  joinHostPort,
  parseIpAddress,
} from "../codec/ip_address.ts";
import { claimSocketPath, holdSocketFile } from "./socket_file.ts";

/** Address of a socket of bytes. */
export type ByteStreamAddress =
  | { readonly type: "unix-stream"; readonly path: string }
  | { readonly type: "tcp"; readonly hostname: string; readonly port: number };

/** How {@linkcode listenByteStream} listens. */
export interface ListenByteStreamOptions {
  /** Permission bits of the socket file. @default {0o600} */
  readonly mode?: number | undefined;
  /** Whether a socket that somebody else listens on is replaced. @default {false} */
  readonly force?: boolean | undefined;
  /** Whether an address that other machines reach is permitted. @default {false} */
  readonly allowRemote?: boolean | undefined;
}

/** Waits for connections. */
export interface ByteStreamListener {
  /** Where it listens, with the real port. */
  readonly address: ByteStreamAddress;
  /** @returns The next connection, `undefined` when the listener was closed. */
  accept(): Promise<Deno.Conn | undefined>;
  /** Stops to wait and removes the file of the socket. */
  close(): Promise<void>;
}

/**
 * Connects to a socket of bytes.
 *
 * @param address Where to.
 * @returns The connection.
 * @throws {Deno.errors.NotFound} When there is no such socket.
 * @throws {Deno.errors.ConnectionRefused} When nobody listens there.
 */
export async function connectByteStream(
  address: ByteStreamAddress,
): Promise<Deno.Conn> {
  try {
    return await connect(address);
  } catch (error) {
    const name = nameOf(address);
    if (error instanceof Deno.errors.NotFound) {
      throw new Deno.errors.NotFound(
        `Cannot connect to "${name}": no such file or directory`,
        { cause: error },
      );
    }
    if (error instanceof Deno.errors.ConnectionRefused) {
      throw new Deno.errors.ConnectionRefused(
        `Cannot connect to "${name}": nobody listens there`,
        { cause: error },
      );
    }
    throw error;
  }
}

function connect(address: ByteStreamAddress): Promise<Deno.Conn> {
  return address.type === "tcp"
    ? Deno.connect({ hostname: address.hostname, port: address.port })
    : Deno.connect({ transport: "unix", path: address.path });
}

function nameOf(address: ByteStreamAddress): string {
  return address.type === "tcp"
    ? joinHostPort(address.hostname, address.port)
    : address.path;
}

/**
 * Listens on a socket of bytes.
 *
 * @param address Where.
 * @param options Permissions, what may be replaced.
 * @returns The listener.
 * @throws {Deno.errors.AddrInUse} When somebody listens there.
 * @throws {Deno.errors.AlreadyExists} When the path is no socket.
 * @throws {Deno.errors.PermissionDenied} When other machines could connect and that is not permitted.
 */
export async function listenByteStream(
  address: ByteStreamAddress,
  options: ListenByteStreamOptions = {},
): Promise<ByteStreamListener> {
  const { mode = 0o600, force = false, allowRemote = false } = options;
  if (address.type === "tcp") {
    checkHostname(address.hostname, allowRemote);
    const { hostname, port } = address;
    const listener = Deno.listen({ hostname, port });
    return wrap(listener, { ...address, port: listener.addr.port });
  }
  const { path } = address;
  const isLive = await canConnect(address);
  claimSocketPath(path, { force, isLive: () => isLive });
  // Between bind and chmod anybody could connect, were it not for the umask.
  const before = Deno.umask(0o777 & ~mode);
  let listener: Deno.UnixListener;
  try {
    listener = Deno.listen({ transport: "unix", path });
  } finally {
    Deno.umask(before);
  }
  const file = holdSocketFile(path, mode);
  return wrap(listener, address, () => file.remove());
}

function wrap(
  listener: Deno.Listener | Deno.UnixListener,
  address: ByteStreamAddress,
  onClose: () => void = () => {},
): ByteStreamListener {
  let isClosed = false;
  return {
    address,
    async accept() {
      try {
        return await listener.accept();
      } catch (error) {
        if (isClosed) return undefined;
        throw error;
      }
    },
    // deno-lint-ignore require-await
    async close() {
      if (isClosed) return;
      isClosed = true;
      listener.close();
      onClose();
    },
  };
}

function checkHostname(hostname: string, allowRemote: boolean): void {
  const address = parseIpAddress(hostname);
  const isLocal = hostname === "localhost" ||
    (address !== undefined && isLoopbackAddress(address));
  if (isLocal || allowRemote) return;
  throw new Deno.errors.PermissionDenied(
    `Cannot listen on "${hostname}": other machines can connect, which has to be permitted`,
  );
}

async function canConnect(address: ByteStreamAddress): Promise<boolean> {
  try {
    const conn = await connect(address);
    conn.close();
    return true;
  } catch (error) {
    // A socket of another type that somebody listens on refuses the type.
    return error instanceof Error && /os error 91\b/.test(error.message);
  }
}
