import { listenByteStream } from "../../platform/byte_stream_socket.ts";
import type { ByteStreamListener } from "../../platform/byte_stream_socket.ts";
import type { ByteConnection } from "../../platform/local_connection.ts";
import { decodeAdvertise } from "./advertise_decoder.ts";
import { ADVERTISE_BYTES } from "./advertise_encoder.ts";
import type { DiagnosticConnector } from "./connector.ts";
import { DiagnosticClient } from "./diagnostic_client.ts";
import { ServerNotAvailableError } from "./diagnostic_error.ts";
import { formatAddress } from "./endpoint_text.ts";
import type { DiagnosticAddress } from "./endpoint_text.ts";
import { closeQuietly } from "./exchange.ts";
import type { Advertise } from "./types.ts";

/** How long a runtime may take to introduce itself. */
const ADVERTISE_MS = 250;
/** Most connections that have not introduced themselves. */
const MAX_PENDING = 64;

/** A runtime that dialled. */
export interface ReversedRuntime extends Advertise {
  /** Talks to it. */
  readonly client: DiagnosticClient;
}

interface RuntimeState {
  readonly runtime: ReversedRuntime;
  idle: ByteConnection | undefined;
  readonly waiters: ((connection: ByteConnection) => void)[];
}

/**
 * Waits for runtimes that dial out to us, as `DOTNET_DiagnosticPorts` tells
 * them to. Each of their connections takes one request; then they dial again.
 */
export class ReversedServer implements AsyncDisposable {
  /** Where it listens. */
  readonly address: DiagnosticAddress;
  readonly #listener: ByteStreamListener;
  readonly #runtimes = new Map<string, RuntimeState>();
  readonly #fresh: ReversedRuntime[] = [];
  readonly #accepting: ((runtime: ReversedRuntime | undefined) => void)[] = [];
  readonly #pending = new Set<ByteConnection>();
  readonly #tasks = new Set<Promise<void>>();
  #isClosed = false;
  readonly #served: Promise<void>;

  /**
   * @param listener Accepts connections; see {@linkcode ReversedServer.listen}.
   * @param address Where it listens.
   */
  constructor(listener: ByteStreamListener, address: DiagnosticAddress) {
    this.#listener = listener;
    this.address = address;
    this.#served = this.#serve();
  }

  /**
   * Begins to wait.
   *
   * @param address Where. A socket file that nobody listens on is replaced;
   * ours can be used by its owner only.
   * @returns The server.
   * @throws {Deno.errors.AddrInUse} When somebody listens there.
   * @throws {Deno.errors.NotSupported} When it is a named pipe.
   */
  static async listen(address: DiagnosticAddress): Promise<ReversedServer> {
    if (address.type === "pipe") {
      throw new Deno.errors.NotSupported(
        `Cannot listen on ${
          formatAddress(address)
        }: named pipes can only be connected to`,
      );
    }
    const listener = await listenByteStream(
      address.type === "unix"
        ? { type: "unix-stream", path: address.path }
        : address,
    );
    const { address: real } = listener;
    return new ReversedServer(
      listener,
      real.type === "tcp" ? real : address,
    );
  }

  /** Runtimes that have dialled and were not removed. */
  get runtimes(): readonly ReversedRuntime[] {
    return [...this.#runtimes.values()].map(({ runtime }) => runtime);
  }

  /**
   * Waits for a runtime that was not seen before.
   *
   * @param signal Gives up waiting.
   * @returns The runtime; `undefined` when the server was closed.
   */
  async accept(signal?: AbortSignal): Promise<ReversedRuntime | undefined> {
    signal?.throwIfAborted();
    const runtime = this.#fresh.shift();
    if (runtime !== undefined || this.#isClosed) return runtime;
    const { promise, resolve, reject } = Promise.withResolvers<
      ReversedRuntime | undefined
    >();
    const forget = () => {
      this.#accepting.splice(this.#accepting.indexOf(resolve), 1);
      reject(signal?.reason);
    };
    this.#accepting.push(resolve);
    signal?.addEventListener("abort", forget, { once: true });
    try {
      return await promise;
    } finally {
      signal?.removeEventListener("abort", forget);
    }
  }

  /** Gives runtimes that were not seen before, until the server is closed. */
  async *[Symbol.asyncIterator](): AsyncGenerator<ReversedRuntime> {
    for (;;) {
      const runtime = await this.accept();
      if (runtime === undefined) return;
      yield runtime;
    }
  }

  /**
   * Takes the idle connection of a runtime, or waits for the next one.
   *
   * @param runtimeCookie Which runtime.
   * @param signal Gives up waiting.
   * @returns The connection; who gets it closes it.
   */
  async connect(
    runtimeCookie: string,
    signal?: AbortSignal,
  ): Promise<ByteConnection> {
    signal?.throwIfAborted();
    const state = this.#runtimes.get(runtimeCookie);
    if (state === undefined || this.#isClosed) {
      throw new ServerNotAvailableError({
        operation: "connect",
        address: formatAddress(this.address),
      }, "the runtime is not known");
    }
    const { idle } = state;
    if (idle !== undefined) {
      state.idle = undefined;
      return idle;
    }
    const { promise, resolve, reject } = Promise.withResolvers<
      ByteConnection
    >();
    const forget = () => {
      state.waiters.splice(state.waiters.indexOf(resolve), 1);
      reject(signal?.reason);
    };
    state.waiters.push(resolve);
    signal?.addEventListener("abort", forget, { once: true });
    try {
      return await promise;
    } finally {
      signal?.removeEventListener("abort", forget);
    }
  }

  /**
   * Forgets a runtime and closes its connection.
   *
   * @param runtimeCookie Which runtime.
   */
  remove(runtimeCookie: string): void {
    const state = this.#runtimes.get(runtimeCookie);
    if (state === undefined) return;
    this.#runtimes.delete(runtimeCookie);
    closeQuietly(state.idle);
  }

  /** Stops to wait, closes what is idle and removes the socket. */
  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    await this.#listener.close();
    for (const connection of this.#pending) closeQuietly(connection);
    for (const cookie of [...this.#runtimes.keys()]) this.remove(cookie);
    for (const resolve of this.#accepting.splice(0)) resolve(undefined);
    await this.#served;
    await Promise.all(this.#tasks);
  }

  /** Closes the server. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  async #serve(): Promise<void> {
    for (;;) {
      const connection = await this.#listener.accept();
      if (connection === undefined) return;
      if (this.#pending.size >= MAX_PENDING) {
        closeQuietly(connection);
        continue;
      }
      const task = this.#greet(connection);
      this.#tasks.add(task);
      task.finally(() => this.#tasks.delete(task));
    }
  }

  async #greet(connection: ByteConnection): Promise<void> {
    this.#pending.add(connection);
    const timer = setTimeout(() => closeQuietly(connection), ADVERTISE_MS);
    try {
      const bytes = new Uint8Array(ADVERTISE_BYTES);
      let filled = 0;
      while (filled < bytes.length) {
        const size = await connection.read(bytes.subarray(filled));
        if (size === null) throw new Deno.errors.UnexpectedEof();
        filled += size;
      }
      this.#add(decodeAdvertise(bytes), connection);
    } catch {
      // Silent, slow or no runtime at all: it is not let in.
      closeQuietly(connection);
    } finally {
      clearTimeout(timer);
      this.#pending.delete(connection);
    }
  }

  #add(advertise: Advertise, connection: ByteConnection): void {
    if (this.#isClosed) {
      closeQuietly(connection);
      return;
    }
    const { runtimeCookie } = advertise;
    const known = this.#runtimes.get(runtimeCookie);
    if (known !== undefined) {
      const waiter = known.waiters.shift();
      if (waiter !== undefined) {
        waiter(connection);
        return;
      }
      closeQuietly(known.idle);
      known.idle = connection;
      return;
    }
    const connector: DiagnosticConnector = {
      address: formatAddress(this.address),
      pid: Number(advertise.processId),
      connect: (signal) => this.connect(runtimeCookie, signal),
    };
    const runtime = { ...advertise, client: new DiagnosticClient(connector) };
    this.#runtimes.set(runtimeCookie, {
      runtime,
      idle: connection,
      waiters: [],
    });
    const acceptor = this.#accepting.shift();
    if (acceptor === undefined) this.#fresh.push(runtime);
    else acceptor(runtime);
  }
}
