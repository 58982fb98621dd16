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
import { IdleConnection } from "./_idle_connection.ts";
import type { Advertise } from "./types.ts";

/** How long a runtime may take to introduce itself. */
const ADVERTISE_MS = 250;
/** Most connections that have not introduced themselves. */
const MAX_PENDING = 64;
/** Most runtimes that are remembered. */
const MAX_RUNTIMES = 256;
/** Pause in ms after a connection could not be accepted. */
const ACCEPT_PAUSE_MS = 50;

/** A runtime that dialled. */
export interface ReversedRuntime extends Advertise {
  /** Talks to it. */
  readonly client: DiagnosticClient;
}

interface RuntimeState {
  runtime: ReversedRuntime;
  idle: IdleConnection | undefined;
}

/** Who waits for a connection of a runtime. */
interface Waiter {
  /** Whether the connection is taken, or only looked at. */
  readonly takes: boolean;
  readonly resolve: (connection: IdleConnection) => void;
  readonly reject: (reason: unknown) => void;
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
  readonly #waiters = new Map<string, Set<Waiter>>();
  readonly #fresh = new Set<string>();
  readonly #accepting = new Set<
    (runtime: ReversedRuntime | undefined) => void
  >();
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
    for (const cookie of this.#fresh) {
      this.#fresh.delete(cookie);
      return this.#runtimes.get(cookie)?.runtime;
    }
    if (this.#isClosed) return undefined;
    const { promise, resolve, reject } = Promise.withResolvers<
      ReversedRuntime | undefined
    >();
    const forget = () => {
      this.#accepting.delete(resolve);
      reject(signal?.reason);
    };
    this.#accepting.add(resolve);
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
   * @param runtimeCookie Which runtime; one that has not dialled yet is waited for.
   * @param signal Gives up waiting.
   * @returns The connection; who gets it closes it.
   * @throws {ServerNotAvailableError} When the server is closed.
   */
  async connect(
    runtimeCookie: string,
    signal?: AbortSignal,
  ): Promise<ByteConnection> {
    signal?.throwIfAborted();
    const state = this.#runtimes.get(runtimeCookie);
    const idle = state?.idle ?? await this.#wait(runtimeCookie, true, signal);
    if (state?.idle === idle) state.idle = undefined;
    return idle.take();
  }

  /**
   * Waits until a runtime has an idle connection, and leaves it where it is.
   *
   * @param runtimeCookie Which runtime; one that has not dialled yet is waited for.
   * @param signal Gives up waiting.
   * @throws {ServerNotAvailableError} When the server is closed.
   */
  async waitForConnection(
    runtimeCookie: string,
    signal?: AbortSignal,
  ): Promise<void> {
    signal?.throwIfAborted();
    if (this.#runtimes.get(runtimeCookie)?.idle !== undefined) return;
    await this.#wait(runtimeCookie, false, signal);
  }

  async #wait(
    runtimeCookie: string,
    takes: boolean,
    signal: AbortSignal | undefined,
  ): Promise<IdleConnection> {
    if (this.#isClosed) throw this.#closedError();
    const waiters = this.#waiters.get(runtimeCookie) ?? new Set<Waiter>();
    this.#waiters.set(runtimeCookie, waiters);
    const { promise, resolve, reject } = Promise.withResolvers<
      IdleConnection
    >();
    const waiter: Waiter = { takes, resolve, reject };
    const forget = () => reject(signal?.reason);
    waiters.add(waiter);
    signal?.addEventListener("abort", forget, { once: true });
    try {
      return await promise;
    } finally {
      signal?.removeEventListener("abort", forget);
      waiters.delete(waiter);
      if (waiters.size === 0 && this.#waiters.get(runtimeCookie) === waiters) {
        this.#waiters.delete(runtimeCookie);
      }
    }
  }

  #closedError(): ServerNotAvailableError {
    return new ServerNotAvailableError({
      operation: "wait for a runtime",
      address: formatAddress(this.address),
    }, "the server is closed");
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
    this.#fresh.delete(runtimeCookie);
    closeQuietly(state.idle);
  }

  /** Stops to wait, closes what is idle and removes the socket. */
  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    await this.#listener.close();
    for (const connection of this.#pending) closeQuietly(connection);
    for (const cookie of [...this.#runtimes.keys()]) this.remove(cookie);
    for (const resolve of this.#accepting) resolve(undefined);
    this.#accepting.clear();
    for (const waiters of this.#waiters.values()) {
      for (const { reject } of waiters) reject(this.#closedError());
    }
    await this.#served;
    await Promise.all(this.#tasks);
  }

  /** Closes the server. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  async #serve(): Promise<void> {
    for (;;) {
      let connection: ByteConnection | undefined;
      try {
        connection = await this.#listener.accept();
      } catch {
        // No descriptor is left, for now.
        await new Promise((resolve) => setTimeout(resolve, ACCEPT_PAUSE_MS));
        continue;
      }
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
    const state = known ?? this.#remember(advertise);
    if (state === undefined) {
      closeQuietly(connection);
      return;
    }
    // The newest word counts, and the newest connection.
    Object.assign(state.runtime, advertise);
    closeQuietly(state.idle);
    const idle = new IdleConnection(connection, () => {
      if (state.idle !== idle) return;
      state.idle = undefined;
      // Nobody needs a runtime that has gone before it was seen.
      if (this.#fresh.has(runtimeCookie)) this.remove(runtimeCookie);
    });
    state.idle = idle;
    const waiters = this.#waiters.get(runtimeCookie);
    for (const waiter of waiters ?? []) {
      waiters!.delete(waiter);
      if (waiter.takes) state.idle = undefined;
      waiter.resolve(idle);
      if (waiter.takes) break;
    }
  }

  /** Notes a runtime that was not seen before, unless there are too many. */
  #remember(advertise: Advertise): RuntimeState | undefined {
    const { runtimeCookie } = advertise;
    if (this.#runtimes.size >= MAX_RUNTIMES) {
      const gone = this.#runtimes.entries().find(([, { idle }]) =>
        idle === undefined
      );
      if (gone === undefined) return undefined;
      this.remove(gone[0]);
    }
    const connector: DiagnosticConnector = {
      address: formatAddress(this.address),
      get pid() {
        return Number(runtime.processId);
      },
      connect: (signal) => this.connect(runtimeCookie, signal),
    };
    const runtime: ReversedRuntime = {
      ...advertise,
      client: new DiagnosticClient(connector),
    };
    const state: RuntimeState = { runtime, idle: undefined };
    this.#runtimes.set(runtimeCookie, state);
    const [acceptor] = this.#accepting;
    if (acceptor === undefined) {
      this.#fresh.add(runtimeCookie);
    } else {
      this.#accepting.delete(acceptor);
      acceptor(runtime);
    }
    return state;
  }
}
