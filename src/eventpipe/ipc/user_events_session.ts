import { openUserEventsData } from "../../platform/user_events.ts";
import type { DescriptorConnection } from "../../platform/descriptor_connection.ts";
import type { ByteConnection } from "../../platform/local_connection.ts";
import type { DiagnosticConnector } from "./connector.ts";
import { closeQuietly, exchange, understand } from "./exchange.ts";
import { encodeRequest, planCollectTracing } from "./request_encoder.ts";
import { decodeSessionId } from "./response_decoder.ts";
import type { StopOptions } from "./session.ts";
import type { DiagnosticRequest, ProviderConfig } from "./types.ts";

/** What a session of user_events is started with. */
export interface UserEventsConfig {
  /** Providers, at least one, each with its tracepoints. */
  readonly providers: readonly ProviderConfig[];
  /** What is told at the end; 0n for nothing. @default {0x80020139n} */
  readonly rundownKeyword?: bigint | undefined;
}

/** How {@linkcode startUserEvents} starts a session. */
export interface StartUserEventsOptions {
  /** Ends the request; the target may carry it out all the same. */
  readonly signal?: AbortSignal | undefined;
  /** Ms without an answer after which to give up. @default {30000} */
  readonly timeoutMs?: number | undefined;
  /** The kernel's file for events of programs. @default {where tracefs usually is} */
  readonly dataPath?: string | undefined;
}

const DEFAULT_TIMEOUT_MS = 30_000;
const READ_BYTES = 64;

/**
 * A session whose events the runtime writes to tracepoints of the kernel, where
 * `perf` or any other tool records them. It lasts as long as its connection.
 */
export class UserEventsSession implements AsyncDisposable {
  /** Id that the target gave; may exceed 2^53. */
  readonly id: bigint;
  /** Resolved when the target has ended the session, or itself. */
  readonly ended: Promise<void>;
  readonly #connection: ByteConnection;
  readonly #stop: (id: bigint, options: StopOptions) => Promise<void>;
  #stopping: Promise<void> | undefined;

  /**
   * @param id Id of the session.
   * @param connection What it lasts as long as; the session closes it.
   * @param stop Asks the target to end the session.
   */
  constructor(
    id: bigint,
    connection: ByteConnection,
    stop: (id: bigint, options: StopOptions) => Promise<void>,
  ) {
    this.id = id;
    this.#connection = connection;
    this.#stop = stop;
    this.ended = this.#watch();
  }

  /**
   * Asks the target to end the session, once.
   *
   * @param options A signal.
   * @returns When the target has confirmed.
   * @throws {ServerNotAvailableError} When the target has ended before.
   */
  stop(options: StopOptions = {}): Promise<void> {
    return this.#stopping ??= this.#stop(this.id, options);
  }

  /** Closes the connection, with which the session ends. */
  async [Symbol.asyncDispose](): Promise<void> {
    closeQuietly(this.#connection);
    await this.ended;
    await this.#stopping?.catch(() => {});
  }

  async #watch(): Promise<void> {
    const buffer = new Uint8Array(READ_BYTES);
    try {
      while (await this.#connection.read(buffer) !== null);
    } catch {
      // Closed here, or broken with the target.
    }
  }
}

/**
 * Starts a session of user_events: Linux, .NET 10, and root for the kernel's
 * file, of which the target gets an open descriptor.
 *
 * @param connector Opens connections to the runtime.
 * @param config Providers and their tracepoints.
 * @param stop Asks the target to end a session.
 * @param options Signal, time limit.
 * @returns The session.
 * @throws {UnsupportedCommandError} When the runtime is too old.
 * @throws {RangeError} When a provider has no tracepoint, or the configuration is otherwise wrong.
 * @throws {Deno.errors.NotSupported} When the kernel has no user_events, this is not Linux, or no descriptor can be passed to the runtime.
 * @throws {Deno.errors.PermissionDenied} When the kernel's file may not be opened.
 */
export async function startUserEvents(
  connector: DiagnosticConnector,
  config: UserEventsConfig,
  stop: (id: bigint, options: StopOptions) => Promise<void>,
  options: StartUserEventsOptions = {},
): Promise<UserEventsSession> {
  const operation = "start a session of user_events";
  const request: DiagnosticRequest = {
    type: "collectTracing",
    ...planCollectTracing({ ...config, sessionType: "userEvents" }),
  };
  const { length } = encodeRequest(request);
  if (connector.connectForDescriptors === undefined) {
    throw new Deno.errors.NotSupported(
      `Cannot ${operation} at ${connector.address}: the runtime opened the connection, over which no descriptor can be passed; use the process id`,
    );
  }
  using data = openUserEventsData(options.dataPath);
  const { payload, connection } = await exchange(
    {
      address: connector.address,
      pid: connector.pid,
      connect: async (signal) =>
        passBehind(
          await connector.connectForDescriptors!(signal),
          length,
          data.fd,
        ),
    },
    request,
    {
      operation,
      timeoutMs: options.timeoutMs ?? DEFAULT_TIMEOUT_MS,
      signal: options.signal,
    },
  );
  try {
    const { pid, address } = connector;
    const { sessionId } = understand(
      () => decodeSessionId(payload),
      { operation, pid, address },
    );
    return new UserEventsSession(sessionId, connection, stop);
  } catch (error) {
    closeQuietly(connection);
    throw error;
  }
}

/** A connection that passes a descriptor as soon as a message has been written. */
function passBehind(
  connection: DescriptorConnection,
  messageBytes: number,
  fd: number,
): ByteConnection {
  let left = messageBytes;
  return {
    read: (buffer) => connection.read(buffer),
    async write(bytes) {
      const size = await connection.write(bytes);
      left -= size;
      if (left === 0) await connection.sendDescriptor(fd);
      return size;
    },
    close: () => connection.close(),
  };
}
