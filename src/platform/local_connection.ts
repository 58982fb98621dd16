import { connect } from "node:net";
import type { Socket } from "node:net";

/** A connection of bytes; `Deno.Conn` is one. */
export interface ByteConnection {
  /** Reads what is there, at least one byte; `null` at the end. */
  read(buffer: Uint8Array): Promise<number | null>;
  /** Writes some of the bytes and tells how many. */
  write(bytes: Uint8Array): Promise<number>;
  /** Ends the connection. */
  close(): void;
}

/** Address of a {@linkcode ByteConnection}. */
export type LocalAddress =
  | { readonly type: "unix"; readonly path: string }
  | { readonly type: "pipe"; readonly name: string }
  | { readonly type: "tcp"; readonly hostname: string; readonly port: number };

/**
 * Connects to a socket or a named pipe.
 *
 * @param address Where to.
 * @returns The connection.
 * @throws {Deno.errors.NotFound} When there is no such socket.
 * @throws {Deno.errors.ConnectionRefused} When nobody listens.
 * @throws {Deno.errors.PermissionDenied} When it belongs to another user.
 */
export async function connectLocal(
  address: LocalAddress,
): Promise<ByteConnection> {
  switch (address.type) {
    case "unix":
      return await Deno.connect({ transport: "unix", path: address.path });
    case "tcp":
      return await Deno.connect({
        hostname: address.hostname,
        port: address.port,
      });
    case "pipe":
      return await connectNodePath(`\\\\.\\pipe\\${address.name}`);
  }
}

/**
 * Connects to a path through `node:net`, which knows named pipes of Windows.
 *
 * @param path Path of a pipe, or of a socket.
 * @returns The connection.
 */
export async function connectNodePath(path: string): Promise<ByteConnection> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const socket = connect({ path });
  socket.once("connect", resolve);
  socket.once("error", (error) => reject(systemError(error)));
  await promise;
  return new NodeConnection(socket);
}

class NodeConnection implements ByteConnection {
  readonly #socket: Socket;
  readonly #chunks: AsyncIterator<Uint8Array>;
  #rest: Uint8Array = new Uint8Array(0);

  constructor(socket: Socket) {
    this.#socket = socket;
    socket.on("error", () => {});
    this.#chunks = socket[Symbol.asyncIterator]() as AsyncIterator<Uint8Array>;
  }

  async read(buffer: Uint8Array): Promise<number | null> {
    if (this.#rest.length === 0) {
      const { done, value } = await this.#chunks.next().catch((error) => {
        throw systemError(error);
      });
      if (done === true) return null;
      this.#rest = value;
    }
    const size = Math.min(buffer.length, this.#rest.length);
    buffer.set(this.#rest.subarray(0, size));
    this.#rest = this.#rest.subarray(size);
    return size;
  }

  async write(bytes: Uint8Array): Promise<number> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    this.#socket.write(
      bytes,
      (error) => error ? reject(systemError(error)) : resolve(),
    );
    await promise;
    return bytes.length;
  }

  close(): void {
    this.#socket.destroy();
  }
}

/** Errors of `node:net` as those of Deno. */
function systemError(error: unknown): unknown {
  const code = (error as { code?: unknown }).code;
  const message = error instanceof Error ? error.message : String(error);
  switch (code) {
    case "ENOENT":
      return new Deno.errors.NotFound(message, { cause: error });
    case "ECONNREFUSED":
      return new Deno.errors.ConnectionRefused(message, { cause: error });
    case "EACCES":
    case "EPERM":
      return new Deno.errors.PermissionDenied(message, { cause: error });
    case "EPIPE":
      return new Deno.errors.BrokenPipe(message, { cause: error });
    case "EBUSY":
      return new Deno.errors.Busy(message, { cause: error });
    default:
      return error;
  }
}
