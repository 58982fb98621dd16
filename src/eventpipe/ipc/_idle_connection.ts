import type { ByteConnection } from "../../platform/local_connection.ts";
import { closeQuietly } from "./exchange.ts";

const BUFFER_BYTES = 4096;

/**
 * A connection on which nothing may come before a request is sent on it. It is
 * read from the beginning, so that its end is noticed while it waits.
 */
export class IdleConnection implements ByteConnection {
  readonly #connection: ByteConnection;
  readonly #buffer = new Uint8Array(BUFFER_BYTES);
  #first: Promise<number | null> | undefined;
  #rest: Uint8Array = new Uint8Array(0);
  #isTaken = false;

  /**
   * @param connection The connection, which is closed with this one.
   * @param onUnusable Called when it ends, or bytes come that nobody asked for.
   */
  constructor(connection: ByteConnection, onUnusable: () => void) {
    this.#connection = connection;
    const first = connection.read(this.#buffer);
    this.#first = first;
    const lose = () => {
      if (this.#isTaken) return;
      this.close();
      onUnusable();
    };
    first.then(lose, lose);
  }

  /** @returns The connection for a request; what comes now is the answer. */
  take(): ByteConnection {
    this.#isTaken = true;
    return this;
  }

  async read(buffer: Uint8Array): Promise<number | null> {
    const first = this.#first;
    if (first !== undefined) {
      this.#first = undefined;
      const size = await first;
      if (size === null) return null;
      this.#rest = this.#buffer.subarray(0, size);
    }
    if (this.#rest.length === 0) return await this.#connection.read(buffer);
    const size = Math.min(buffer.length, this.#rest.length);
    buffer.set(this.#rest.subarray(0, size));
    this.#rest = this.#rest.subarray(size);
    return size;
  }

  write(bytes: Uint8Array): Promise<number> {
    return this.#connection.write(bytes);
  }

  close(): void {
    closeQuietly(this.#connection);
  }
}
