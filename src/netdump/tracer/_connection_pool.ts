import { untilAborted } from "./_abort.ts";
import type { HttpConnection } from "./_http_connection.ts";
import type { HttpClientOptions } from "./tracer_options.ts";

const DEFAULT_IDLE_PER_HOST = 2;

interface PooledConnection {
  readonly key: string;
  readonly connection: HttpConnection;
  isIdle: boolean;
  idleSince: number;
  timer: ReturnType<typeof setTimeout> | undefined;
}

/** Keeps connections for further requests, within the limits of the client. */
export class ConnectionPool {
  readonly #options: HttpClientOptions;
  readonly #connections = new Set<PooledConnection>();
  readonly #opening = new Map<string, number>();
  readonly #waiters = new Map<string, (() => void)[]>();

  /** @param options Limits of the client. */
  constructor(options: HttpClientOptions) {
    this.#options = options;
  }

  /**
   * Gives a connection that waits for work, or makes one.
   *
   * @param key What connections for the same place have in common.
   * @param signal Ends the waiting for a free place.
   * @param open Makes a connection; it gets what is to be called when the connection is idle or closed.
   * @returns The connection.
   */
  async acquire(
    key: string,
    signal: AbortSignal,
    open: (onIdle: () => void) => Promise<HttpConnection>,
  ): Promise<HttpConnection> {
    const { maxConnsPerHost = 0 } = this.#options;
    while (true) {
      const idle = this.#takeIdle(key);
      if (idle !== undefined) return idle;
      if (maxConnsPerHost <= 0 || this.#count(key) < maxConnsPerHost) break;
      const { promise, resolve } = Promise.withResolvers<void>();
      const waiters = this.#waiters.get(key) ?? [];
      waiters.push(resolve);
      this.#waiters.set(key, waiters);
      await untilAborted(signal, promise);
    }
    this.#opening.set(key, (this.#opening.get(key) ?? 0) + 1);
    try {
      const place: { pooled?: PooledConnection } = {};
      const connection = await open(() => {
        if (place.pooled !== undefined) this.#onIdle(place.pooled);
      });
      const pooled = place.pooled = {
        key,
        connection,
        isIdle: false,
        idleSince: 0,
        timer: undefined,
      };
      this.#connections.add(pooled);
      return connection;
    } finally {
      this.#opening.set(key, this.#opening.get(key)! - 1);
      this.#wake(key);
    }
  }

  /** Closes the connections that wait for work. */
  closeIdle(): void {
    for (const pooled of [...this.#connections]) {
      if (pooled.isIdle) this.#close(pooled);
    }
  }

  /** Closes all connections. */
  close(): void {
    for (const pooled of [...this.#connections]) this.#close(pooled);
  }

  #takeIdle(key: string): HttpConnection | undefined {
    // The one that was used last is the one most likely alive.
    const candidates = [...this.#connections]
      .filter((each) => each.key === key)
      .sort((a, b) => b.idleSince - a.idleSince);
    for (const pooled of candidates) {
      const { connection } = pooled;
      const isFree = connection.version === 2 || pooled.isIdle;
      if (!isFree) continue;
      if (!connection.isUsable) {
        if (pooled.isIdle) this.#close(pooled);
        continue;
      }
      clearTimeout(pooled.timer);
      pooled.isIdle = false;
      return connection;
    }
    return undefined;
  }

  #onIdle(pooled: PooledConnection): void {
    const { idleConnTimeoutMs = 0 } = this.#options;
    const { connection, key } = pooled;
    if (!connection.isUsable) {
      this.#close(pooled);
      return;
    }
    clearTimeout(pooled.timer);
    pooled.isIdle = true;
    pooled.idleSince = performance.now();
    if (idleConnTimeoutMs > 0) {
      pooled.timer = setTimeout(() => this.#close(pooled), idleConnTimeoutMs);
      Deno.unrefTimer(pooled.timer as unknown as number);
    }
    this.#trim(key);
    this.#wake(key);
  }

  #trim(key: string): void {
    const {
      maxIdleConns = 0,
      maxIdleConnsPerHost = DEFAULT_IDLE_PER_HOST,
    } = this.#options;
    const idle = [...this.#connections].filter((each) => each.isIdle)
      .sort((a, b) => a.idleSince - b.idleSince);
    const ofHost = idle.filter((each) => each.key === key);
    const perHost = maxIdleConnsPerHost > 0
      ? maxIdleConnsPerHost
      : DEFAULT_IDLE_PER_HOST;
    for (
      const pooled of ofHost.slice(0, Math.max(0, ofHost.length - perHost))
    ) {
      this.#close(pooled);
    }
    if (maxIdleConns > 0 && idle.length > maxIdleConns) {
      const [oldest] = idle;
      if (oldest !== undefined) this.#close(oldest);
    }
  }

  #close(pooled: PooledConnection): void {
    if (!this.#connections.delete(pooled)) return;
    clearTimeout(pooled.timer);
    pooled.connection.close();
    this.#wake(pooled.key);
  }

  #count(key: string): number {
    let count = this.#opening.get(key) ?? 0;
    for (const pooled of this.#connections) {
      if (pooled.key === key) count++;
    }
    return count;
  }

  #wake(key: string): void {
    this.#waiters.get(key)?.shift()?.();
  }
}
