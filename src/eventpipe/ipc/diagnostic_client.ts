import { readAll } from "./_read_all.ts";
import { addressConnector, processConnector } from "./connector.ts";
import type { DiagnosticConnector } from "./connector.ts";
import type { FindPortOptions } from "./default_port.ts";
import {
  isUnknownCommand,
  MalformedReplyError,
  SessionIdMismatchError,
  UnsupportedCommandError,
} from "./diagnostic_error.ts";
import type { DiagnosticErrorOptions } from "./diagnostic_error.ts";
import { parseEndpoint } from "./endpoint_text.ts";
import { closeQuietly, exchange, understand } from "./exchange.ts";
import type { Exchange } from "./exchange.ts";
import { planCollectTracing } from "./request_encoder.ts";
import {
  decodeEnvironment,
  decodeEnvironmentSize,
  decodeProcessInfo,
  decodeSessionId,
} from "./response_decoder.ts";
import { Session } from "./session.ts";
import { startUserEvents } from "./user_events_session.ts";
import type {
  StartUserEventsOptions,
  UserEventsConfig,
  UserEventsSession,
} from "./user_events_session.ts";
import type {
  CollectTracingConfig,
  CollectTracingPayload,
  DiagnosticRequest,
  DumpType,
  ProcessInfo,
} from "./types.ts";

/** How long short commands wait for an answer. */
const DEFAULT_TIMEOUT_MS = 30_000;
/** How long a runtime waits for a profiler. */
const DEFAULT_ATTACH_TIMEOUT_MS = 10_000;

const DUMP_TYPES: Readonly<Record<DumpType, number>> = {
  mini: 1,
  heap: 2,
  triage: 3,
  full: 4,
};
const DUMP_FLAGS = { logging: 1, verboseLogging: 2, crashReport: 4 } as const;
const PERF_MAP_TYPES = { none: 0, all: 1, jitDump: 2, perfMap: 3 } as const;

/** Files that a runtime writes for `perf`. */
export type PerfMapType = keyof typeof PERF_MAP_TYPES;

/** How a command is sent. */
export interface CommandOptions {
  /** Ends the request; the target may carry it out all the same. */
  readonly signal?: AbortSignal | undefined;
  /** Ms without an answer after which to give up. @default {30000, none for dumps and the end of sessions} */
  readonly timeoutMs?: number | undefined;
}

/** How {@linkcode DiagnosticClient.collectTracing} starts a session. */
export interface CollectTracingOptions extends CommandOptions {
  /** Version of the command instead of the oldest that can express the configuration. */
  readonly version?: CollectTracingPayload["version"] | undefined;
}

/** How {@linkcode DiagnosticClient.writeDump} writes. */
export interface WriteDumpOptions extends CommandOptions {
  /** What the dump contains. @default {"full"} */
  readonly type?: DumpType | undefined;
  /** Whether the target's console tells how it goes. @default {false} */
  readonly logging?: boolean | undefined;
  /** The same with all details. @default {false} */
  readonly verboseLogging?: boolean | undefined;
  /** Whether a crash report is written beside. @default {false} */
  readonly crashReport?: boolean | undefined;
}

/** A profiler to be loaded. */
export interface ProfilerConfig {
  /** Class id of the profiler. */
  readonly profilerId: string;
  /** Path of its library in the target's file system. */
  readonly path: string;
}

/** How {@linkcode DiagnosticClient.attachProfiler} attaches. */
export interface AttachProfilerOptions extends CommandOptions {
  /** Ms that the runtime waits for the profiler. @default {10000} */
  readonly attachTimeoutMs?: number | undefined;
  /** What the profiler gets. @default {empty} */
  readonly clientData?: Uint8Array | undefined;
}

/**
 * Talks to the runtime of a .NET process: starts and stops streams of events,
 * asks about the process, makes it write dumps.
 *
 * @example Nobody there
 * ```ts
 * import {
 *   DiagnosticClient,
 *   ServerNotAvailableError,
 * } from "@tracedeck/tracedeck/eventpipe";
 * import { assertRejects } from "@std/assert";
 *
 * const client = DiagnosticClient.forPid(999_999_999);
 * await assertRejects(() => client.processInfo(), ServerNotAvailableError);
 * ```
 */
export class DiagnosticClient {
  readonly #connector: DiagnosticConnector;

  /** @param connector Opens connections to the runtime. */
  constructor(connector: DiagnosticConnector) {
    this.#connector = connector;
  }

  /**
   * @param pid A process of this machine.
   * @param options Where to look for its port.
   * @returns A client; nothing is looked for before the first command.
   */
  static forPid(pid: number, options: FindPortOptions = {}): DiagnosticClient {
    return new DiagnosticClient(processConnector(pid, options));
  }

  /**
   * @param port Where a runtime listens: a path, `uds:PATH`, `tcp:HOST:PORT`,
   * the name of a pipe on Windows; may end with `,connect`.
   * @returns A client; nothing is connected before the first command.
   * @throws {SyntaxError} When the text is no such port.
   */
  static forPort(port: string): DiagnosticClient {
    const { address } = parseEndpoint(port, {
      windows: Deno.build.os === "windows",
    });
    return new DiagnosticClient(addressConnector(address));
  }

  /** Address of the runtime, for messages. */
  get address(): string {
    return this.#connector.address;
  }

  /** Process, where known. */
  get pid(): number | undefined {
    return this.#connector.pid;
  }

  /**
   * Starts a stream of events.
   *
   * @param config Providers and buffer.
   * @param options Signal, time limit.
   * @returns The session; stop it and read its stream to the end.
   * @throws {UnsupportedCommandError} When the runtime is too old for the configuration.
   * @throws {RangeError} When the configuration is not acceptable to any runtime.
   */
  async collectTracing(
    config: CollectTracingConfig,
    options: CollectTracingOptions = {},
  ): Promise<Session> {
    const plan = planCollectTracing(config);
    if (plan.sessionType === "userEvents") {
      throw new RangeError(
        "Cannot start a stream: a session of user_events has none; use startUserEvents",
      );
    }
    const request: DiagnosticRequest = {
      type: "collectTracing",
      ...plan,
      version: options.version ?? plan.version,
    };
    const operation = "start a session";
    const { payload, rest, connection } = await this.#send(
      request,
      operation,
      options,
    );
    try {
      const { sessionId } = this.#understand(
        () => decodeSessionId(payload),
        operation,
      );
      return new Session(
        sessionId,
        connection,
        rest,
        (id, stopOptions) => this.stopTracing(id, stopOptions),
      );
    } catch (error) {
      closeQuietly(connection);
      throw error;
    }
  }

  /**
   * Starts a session whose events go to tracepoints of the kernel instead of a
   * stream: Linux, .NET 10, and root.
   *
   * @param config Providers and their tracepoints.
   * @param options Signal, time limit.
   * @returns The session; it lasts until it is stopped or disposed.
   * @throws {UnsupportedCommandError} When the runtime is too old.
   * @throws {RangeError} When a provider has no tracepoint, or the configuration is otherwise wrong.
   * @throws {Deno.errors.NotSupported} When the kernel has no user_events, this is not Linux, or no descriptor can be passed to the runtime.
   * @throws {Deno.errors.PermissionDenied} When the kernel's file may not be opened.
   */
  startUserEvents(
    config: UserEventsConfig,
    options: StartUserEventsOptions = {},
  ): Promise<UserEventsSession> {
    return startUserEvents(
      this.#connector,
      config,
      (id, stopOptions) => this.stopTracing(id, stopOptions),
      options,
    );
  }

  /**
   * Ends a session. The stream of the session must be read meanwhile, or the
   * target hangs; {@linkcode Session.stop} sees to that.
   *
   * @param sessionId Id of the session; one that does not exist is no error.
   * @param options Signal, time limit.
   * @throws {SessionIdMismatchError} When the target confirms another session.
   */
  async stopTracing(
    sessionId: bigint,
    options: CommandOptions = {},
  ): Promise<void> {
    const operation = "stop a session";
    const { payload, connection } = await this.#send(
      { type: "stopTracing", sessionId },
      operation,
      options,
    );
    closeQuietly(connection);
    const confirmed = this.#understand(
      () => decodeSessionId(payload),
      operation,
    );
    if (confirmed.sessionId !== sessionId) {
      throw new SessionIdMismatchError(
        this.#where(operation),
        `session ${confirmed.sessionId} was confirmed instead of ${sessionId}`,
      );
    }
  }

  /**
   * Asks what the runtime tells of its process, with the newest command that it
   * knows.
   *
   * @param options Signal, time limit.
   * @returns The answer.
   */
  async processInfo(options: CommandOptions = {}): Promise<ProcessInfo> {
    const operation = "ask for process information";
    return await this.#newestOf([3, 2, 1], async (version) => {
      const payload = await this.#ask(
        { type: "processInfo", version },
        operation,
        options,
      );
      return this.#understand(
        () => decodeProcessInfo(payload, version),
        operation,
      );
    });
  }

  /**
   * Asks for the environment of the process.
   *
   * @param options Signal, time limit.
   * @returns Values by name.
   */
  async processEnvironment(
    options: CommandOptions = {},
  ): Promise<ReadonlyMap<string, string>> {
    const operation = "ask for the environment";
    const { payload, rest, connection } = await this.#send(
      { type: "processEnvironment" },
      operation,
      options,
    );
    const { signal, timeoutMs = DEFAULT_TIMEOUT_MS } = options;
    const onAbort = () => closeQuietly(connection);
    signal?.addEventListener("abort", onAbort);
    let isLate = false;
    const timer = setTimeout(() => {
      isLate = true;
      onAbort();
    }, timeoutMs);
    try {
      const size = this.#understand(
        () => decodeEnvironmentSize(payload),
        operation,
      );
      const bytes = await readAll(connection, rest, size);
      if (bytes.length < size) {
        throw new MalformedReplyError(
          this.#where(operation),
          `the environment ends early: ${bytes.length} of ${size} bytes came`,
        );
      }
      return this.#understand(() => decodeEnvironment(bytes), operation);
    } catch (error) {
      signal?.throwIfAborted();
      if (isLate) {
        throw new DOMException(
          `Cannot ${operation}: it did not come within ${timeoutMs / 1000} s`,
          "TimeoutError",
        );
      }
      throw error;
    } finally {
      clearTimeout(timer);
      signal?.removeEventListener("abort", onAbort);
      closeQuietly(connection);
    }
  }

  /**
   * Sets an environment variable of the process. What managed code has read
   * before does not change: reliable only while the runtime is suspended.
   *
   * @param name Name, not empty.
   * @param value Value; `null` deletes the variable.
   * @param options Signal, time limit.
   */
  async setEnvironmentVariable(
    name: string,
    value: string | null,
    options: CommandOptions = {},
  ): Promise<void> {
    await this.#ask(
      { type: "setEnvironmentVariable", name, value },
      "set an environment variable",
      options,
    );
  }

  /**
   * Lets a runtime go on that waits at its start.
   *
   * @param options Signal, time limit.
   */
  async resumeRuntime(options: CommandOptions = {}): Promise<void> {
    await this.#ask({ type: "resumeRuntime" }, "resume the runtime", options);
  }

  /**
   * Makes the process write a dump of itself. This takes as long as it takes:
   * there is no time limit unless one is given.
   *
   * @param path Absolute path in the target's file system.
   * @param options What to write.
   * @throws {ServerError} When it fails; with the target's own words since .NET 7.
   * @throws {UnsupportedCommandError} When the runtime does not know an option.
   */
  async writeDump(path: string, options: WriteDumpOptions = {}): Promise<void> {
    const flags = (options.logging === true ? DUMP_FLAGS.logging : 0) |
      (options.verboseLogging === true ? DUMP_FLAGS.verboseLogging : 0) |
      (options.crashReport === true ? DUMP_FLAGS.crashReport : 0);
    const dumpType = DUMP_TYPES[options.type ?? "full"];
    await this.#newestOf([3, 2, 1], async (version) => {
      const needsFlags = (flags & ~DUMP_FLAGS.logging) !== 0;
      if (version === 1 && needsFlags) {
        throw new UnsupportedCommandError(
          this.#where("write a dump"),
          "a crash report and verbose logging need .NET 6 or later",
        );
      }
      const { connection } = await this.#send(
        {
          type: "generateCoreDump",
          version,
          path: quoteOnWindows(path),
          dumpType,
          flags,
        },
        "write a dump",
        options,
      );
      closeQuietly(connection);
    });
  }

  /**
   * Loads a profiler into the running process.
   *
   * @param profiler Id and library.
   * @param options Data for it, time limits.
   * @throws {ProfilerAlreadyActiveError} When there is one already.
   */
  async attachProfiler(
    profiler: ProfilerConfig,
    options: AttachProfilerOptions = {},
  ): Promise<void> {
    const { attachTimeoutMs = DEFAULT_ATTACH_TIMEOUT_MS } = options;
    await this.#ask(
      {
        type: "attachProfiler",
        timeoutMs: attachTimeoutMs,
        profilerId: profiler.profilerId,
        path: profiler.path,
        clientData: options.clientData ?? new Uint8Array(0),
      },
      "attach a profiler",
      {
        ...options,
        timeoutMs: options.timeoutMs ?? DEFAULT_TIMEOUT_MS + attachTimeoutMs,
      },
    );
  }

  /**
   * Chooses the profiler that a suspended runtime starts with.
   *
   * @param profiler Id and library.
   * @param options Signal, time limit.
   * @throws {RequiresSuspensionError} When the runtime is not suspended; some
   * runtimes accept it then and do nothing.
   */
  async setStartupProfiler(
    profiler: ProfilerConfig,
    options: CommandOptions = {},
  ): Promise<void> {
    await this.#ask(
      { type: "startupProfiler", ...profiler },
      "set the startup profiler",
      options,
    );
  }

  /**
   * Makes the runtime tell `perf` the names of what it compiles, in files
   * `perf-PID.map` and `jit-PID.dump` of `/tmp`, or of the folder that its
   * `DOTNET_PerfMapJitDumpPath` names.
   *
   * @param type Which files.
   * @param options Signal, time limit.
   */
  async enablePerfMap(
    type: PerfMapType,
    options: CommandOptions = {},
  ): Promise<void> {
    await this.#ask(
      { type: "enablePerfMap", perfMapType: PERF_MAP_TYPES[type] },
      "enable perf maps",
      options,
    );
  }

  /**
   * Ends what {@linkcode DiagnosticClient.enablePerfMap} began.
   *
   * @param options Signal, time limit.
   */
  async disablePerfMap(options: CommandOptions = {}): Promise<void> {
    await this.#ask({ type: "disablePerfMap" }, "disable perf maps", options);
  }

  /**
   * Adds an assembly to those that are run before `Main`; for suspended
   * runtimes.
   *
   * @param path The assembly in the target's file system.
   * @param options Signal, time limit.
   */
  async applyStartupHook(
    path: string,
    options: CommandOptions = {},
  ): Promise<void> {
    await this.#ask(
      { type: "applyStartupHook", path },
      "apply a startup hook",
      options,
    );
  }

  async #ask(
    request: DiagnosticRequest,
    operation: string,
    options: CommandOptions,
  ): Promise<Uint8Array> {
    const { payload, connection } = await this.#send(
      request,
      operation,
      options,
    );
    closeQuietly(connection);
    return payload;
  }

  #send(
    request: DiagnosticRequest,
    operation: string,
    options: CommandOptions,
  ): Promise<Exchange> {
    const isLong = request.type === "stopTracing" ||
      request.type === "generateCoreDump";
    return exchange(this.#connector, request, {
      operation,
      timeoutMs: options.timeoutMs ?? (isLong ? undefined : DEFAULT_TIMEOUT_MS),
      signal: options.signal,
    });
  }

  /** Tries versions of a command until the runtime knows one. */
  async #newestOf<T>(
    versions: readonly [3, 2, 1],
    attempt: (version: 1 | 2 | 3) => Promise<T>,
  ): Promise<T> {
    const [newest, ...older] = versions;
    let pending = attempt(newest);
    for (const version of older) {
      try {
        return await pending;
      } catch (error) {
        if (!isUnknownCommand(error)) throw error;
        pending = attempt(version);
      }
    }
    return await pending;
  }

  #understand<T>(decode: () => T, operation: string): T {
    return understand(decode, this.#where(operation));
  }

  #where(operation: string): DiagnosticErrorOptions {
    const { pid, address } = this.#connector;
    return { operation, pid, address };
  }
}

function quoteOnWindows(path: string): string {
  if (Deno.build.os !== "windows" || /^".*"$/s.test(path)) return path;
  return `"${path}"`;
}
