import { OsError } from "../base/errors.ts";
import type { PeerCredentials } from "../platform/seqpacket_conn.ts";
import { parseEndpoint } from "./endpoint.ts";
import { listenSeqpacket } from "./_seqpacket_connection.ts";
import { listenStream } from "./_stream_connection.ts";
import type { RecordBatch } from "./record_batch.ts";
import type { TraceConnection, TraceListener } from "./trace_connection.ts";

/** What a {@linkcode TraceServer} knows of a client that has shaken hands. */
export interface TraceClient {
  /** Words for it in warnings: `client with pid 42`. */
  readonly name: string;
  /** Version of the wire format that it stated. */
  readonly version: number;
  /** Who it is, where the transport knows. */
  readonly credentials: PeerCredentials | undefined;
}

/** How a client ended. */
export interface TraceClientEnd {
  /** Why, when not by itself or because the server stopped. */
  readonly error: unknown;
  /** Whether the client closed while it had not read all that was sent to it. */
  readonly wasReset: boolean;
}

/** Takes the messages of one client. */
export interface TraceClientHandler {
  /**
   * Takes messages. What it throws ends this client and no other. While a
   * promise is pending nothing is received from this client, so that its
   * sandbox drops and counts.
   *
   * @param batch Valid until this returns, or until its promise is settled.
   */
  onRecords(batch: RecordBatch): void | Promise<void>;
  /**
   * Told of a message that was lost because it exceeds 1 MiB.
   *
   * @param sizeBytes Its size.
   */
  onOversized(sizeBytes: number): void;
  /**
   * Called exactly once, at the end.
   *
   * @param end How it ended.
   */
  onEnd(end: TraceClientEnd): void | Promise<void>;
}

/** How a {@linkcode TraceServer} serves. */
export interface TraceServerOptions {
  /**
   * Called for every client that has shaken hands. What it throws refuses the
   * client.
   */
  readonly onClient: (client: TraceClient) => TraceClientHandler;
  /** Called for clients that are refused, and for odd ones. */
  readonly onWarning?: ((text: string) => void) | undefined;
  /** How long a client may take to shake hands, in ms. @default {5000} */
  readonly handshakeTimeoutMs?: number | undefined;
  /** Clients at a time; those beyond are closed at once, so that they do not hang. @default {1024} */
  readonly maxClients?: number | undefined;
  /** Permission bits of the socket. @default {0o600} */
  readonly socketMode?: number | undefined;
  /** Whether a socket that somebody else listens on is replaced. @default {false} */
  readonly force?: boolean | undefined;
  /** Whether a TCP address that other machines reach is permitted. @default {false} */
  readonly allowRemote?: boolean | undefined;
}

/** Errors of accept that pass by themselves. */
const PASSING_ERRORS = new Set(["EMFILE", "ENFILE", "ENOBUFS", "ENOMEM"]);
const ACCEPT_PAUSE_MS = 100;

/**
 * A monitoring process: accepts sandboxes, shakes hands with each and hands
 * over its messages. Clients do not wait for each other, whatever one of them
 * does or fails to do.
 *
 * @example Counting messages
 * ```ts ignore
 * import { TraceServer } from "@tracedeck/tracedeck/tracereplay";
 *
 * let count = 0;
 * await using server = await TraceServer.listen("/run/events.sock", {
 *   onClient: () => ({
 *     onRecords: (batch) => void (count += batch.packets),
 *     onOversized() {},
 *     onEnd: () => console.log(count),
 *   }),
 * });
 * await server.finished;
 * ```
 */
export class TraceServer implements AsyncDisposable {
  readonly #listener: TraceListener;
  readonly #options: TraceServerOptions;
  readonly #stop = new AbortController();
  readonly #clients = new Set<Promise<void>>();
  readonly #finished: Promise<void>;

  /**
   * @param listener Where clients come from.
   * @param options How to serve.
   */
  constructor(listener: TraceListener, options: TraceServerOptions) {
    this.#listener = listener;
    this.#options = options;
    this.#finished = this.#acceptAll();
    // Who wants to know awaits it; for the others it is no unhandled error.
    this.#finished.catch(() => {});
  }

  /**
   * Starts to listen.
   *
   * @param endpoint As of `parseEndpoint`; not standard input.
   * @param options How to serve.
   * @returns The running server.
   * @throws {RangeError} When the endpoint makes no sense.
   * @throws {Deno.errors.AddrInUse} When somebody listens there.
   * @throws {Deno.errors.AlreadyExists} When the path is no socket.
   * @throws {Deno.errors.NotSupported} When this system does not have the type of socket.
   * @throws {Deno.errors.NotCapable} When FFI is not permitted.
   * @throws {OsError} When the system refuses.
   */
  static async listen(
    endpoint: string,
    options: TraceServerOptions,
  ): Promise<TraceServer> {
    const { socketMode: mode, force, allowRemote } = options;
    const target = parseEndpoint(endpoint);
    if (target.type === "stdio") {
      throw new RangeError("Cannot listen on standard input: it is no socket");
    }
    const listener = target.type === "seqpacket"
      ? listenSeqpacket(target.path, { mode, force })
      : await listenStream(target, { mode, force, allowRemote });
    return new TraceServer(listener, options);
  }

  /** Where it listens, as of `parseEndpoint`, with the real port. */
  get endpoint(): string {
    return this.#listener.endpoint;
  }

  /** How many clients there are, those included that have not shaken hands. */
  get clients(): number {
    return this.#clients.size;
  }

  /** Resolves when the server was closed and all clients have ended. */
  get finished(): Promise<void> {
    return this.#finished;
  }

  /** Stops to listen, takes what clients have sent already, and ends them. */
  async close(): Promise<void> {
    this.#stop.abort();
    await this.#listener.close();
    await this.#finished;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  async #acceptAll(): Promise<void> {
    try {
      while (!this.#stop.signal.aborted) {
        const connection = await this.#accept();
        if (connection !== undefined) await this.#admit(connection);
      }
    } finally {
      this.#stop.abort();
      await Promise.all(this.#clients);
    }
  }

  /** Gives nothing when the server is stopped, or after a pause. */
  async #accept(): Promise<TraceConnection | undefined> {
    try {
      return await this.#listener.accept();
    } catch (error) {
      const isPassing = error instanceof OsError &&
        PASSING_ERRORS.has(error.code);
      if (!isPassing) throw error;
      this.#warn(messageOf(error));
      await new Promise((resolve) => setTimeout(resolve, ACCEPT_PAUSE_MS));
      return undefined;
    }
  }

  async #admit(connection: TraceConnection): Promise<void> {
    const { maxClients = 1024 } = this.#options;
    if (this.#clients.size >= maxClients) {
      this.#warn(
        `Cannot serve ${connection.name}: ${maxClients} clients are connected, which is the limit`,
      );
      await connection.close();
      return;
    }
    const client = this.#serve(connection);
    this.#clients.add(client);
    client.finally(() => this.#clients.delete(client));
  }

  /** Never rejects: what happens to one client is its own affair. */
  async #serve(connection: TraceConnection): Promise<void> {
    let handler: TraceClientHandler | undefined;
    let failure: unknown;
    try {
      handler = await this.#greet(connection);
      await connection.receive(handler, this.#stop.signal);
    } catch (error) {
      failure = error;
      const isStopped = error === this.#stop.signal.reason;
      if (handler === undefined && !isStopped) this.#warn(messageOf(error));
    }
    try {
      await connection.close();
      await handler?.onEnd({ error: failure, wasReset: connection.wasReset });
    } catch (error) {
      this.#warn(messageOf(error));
    }
  }

  async #greet(connection: TraceConnection): Promise<TraceClientHandler> {
    const { handshakeTimeoutMs = 5000, onClient } = this.#options;
    const { name, credentials } = connection;
    const version = await connection.greet(
      handshakeTimeoutMs,
      this.#stop.signal,
    );
    if (version !== 1) {
      this.#warn(`${name} states version ${version}, known is 1`);
    }
    return onClient({ name, version, credentials });
  }

  #warn(text: string): void {
    this.#options.onWarning?.(text);
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
