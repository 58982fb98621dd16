import { Duplex } from "node:stream";
import type { TcpConnection } from "../../platform/tcp_connection.ts";

const READ_BYTES = 64 * 1024;

/** A connection of the system's own calls as a stream of Node. */
export class SystemSocket extends Duplex {
  readonly #connection: TcpConnection;

  /** @param connection The connection; nobody else may use it any more. */
  constructor(connection: TcpConnection) {
    super({ allowHalfOpen: true });
    this.#connection = connection;
  }

  /** The own address. */
  get localAddress(): string {
    return this.#connection.own.address;
  }

  /** The own port. */
  get localPort(): number {
    return this.#connection.own.port;
  }

  override _read(): void {
    const buffer = new Uint8Array(READ_BYTES);
    this.#connection.read(buffer).then(
      (size) => this.push(size === null ? null : buffer.subarray(0, size)),
      (error) => this.destroy(error),
    );
  }

  override _write(
    chunk: Uint8Array<ArrayBuffer>,
    _encoding: string,
    done: (error?: Error | null) => void,
  ): void {
    this.#connection.write(chunk).then(() => done(), done);
  }

  override _final(done: (error?: Error | null) => void): void {
    this.#connection.closeWrite();
    done();
  }

  override _destroy(
    error: Error | null,
    done: (error?: Error | null) => void,
  ): void {
    this.#connection.close().then(() => done(error), done);
  }
}
