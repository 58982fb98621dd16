import { FormatError } from "../../base/errors.ts";
import { listenByteStream } from "../../platform/byte_stream_socket.ts";
import type { ByteStreamListener } from "../../platform/byte_stream_socket.ts";
import { connectLocal } from "../../platform/local_connection.ts";
import type { ByteConnection } from "../../platform/local_connection.ts";
import { encodeAdvertise } from "./advertise_encoder.ts";
import { COMMAND_SINCE, commandName } from "./command_table.ts";
import { closeQuietly } from "./exchange.ts";
import { HRESULT } from "./hresult_table.ts";
import { decodeMessageHeader } from "./message_decoder.ts";
import { IPC_HEADER_BYTES, IPC_MAGIC } from "./message_encoder.ts";
import { decodeRequest } from "./request_decoder.ts";
import { encodeEnvironment, encodeResponse } from "./response_encoder.ts";
import type { DiagnosticResponse } from "./response_encoder.ts";
import type {
  CollectTracingPayload,
  DiagnosticRequest,
  ProcessInfo,
} from "./types.ts";

/** Above what a JavaScript number holds exactly, as addresses can be. */
const DEFAULT_SESSION_ID = 0x20_0000_0000_0001n;
const MAX_SESSIONS = 64;
const FIRST_RETRY_MS = 10;
const RETRY_FACTOR = 1.25;
const MAX_RETRY_MS = 500;

/** What a session of a {@linkcode DiagnosticServerDouble} delivers. */
export interface DoubleStream {
  /** Bytes while the session runs, written in these pieces. */
  readonly live?: readonly Uint8Array[] | undefined;
  /** Pause in ms between the pieces. @default {0} */
  readonly pauseMs?: number | undefined;
  /** Bytes at the end of the session, before its end is confirmed. */
  readonly rundown?: Uint8Array | undefined;
}

/** Damage that is done to one answer. */
export interface DoubleFault {
  /** Bytes instead of the answer. */
  readonly reply?: Uint8Array | undefined;
  /** Changes the answer. */
  readonly edit?: ((reply: Uint8Array) => Uint8Array) | undefined;
  /** Pieces of this many bytes, each written by itself. */
  readonly pieceBytes?: number | undefined;
  /** Ms to wait before the answer. */
  readonly delayMs?: number | undefined;
  /** Bytes of the answer after which the connection is closed. */
  readonly closeAfterBytes?: number | undefined;
  /** Bytes of the answer after which nothing more comes until the client closes. */
  readonly stallAfterBytes?: number | undefined;
  /** Whether the connection is closed with the request unread, which resets it. */
  readonly reset?: boolean | undefined;
  /** Whether there is never an answer. */
  readonly stall?: boolean | undefined;
  /** Whether the first bytes of a stream come in one write with the answer. */
  readonly glue?: boolean | undefined;
}

/** How a {@linkcode DiagnosticServerDouble} behaves. */
export interface DiagnosticServerDoubleOptions {
  /** Version of the runtime that it pretends to be, such as `8` or `10`. @default {"11"} */
  readonly runtime?: string | undefined;
  /** What it tells of its process. */
  readonly info?: Partial<ProcessInfo> | undefined;
  /** Its environment. */
  readonly environment?: Readonly<Record<string, string>> | undefined;
  /** Whether its runtime waits to be resumed. @default {false} */
  readonly suspended?: boolean | undefined;
  /** Id of the first session; the next ones count on from it. */
  readonly sessionId?: bigint | undefined;
  /** What each session delivers, or a session that is asked for like this. */
  readonly stream?:
    | DoubleStream
    | ((request: CollectTracingPayload) => DoubleStream)
    | undefined;
  /** What becomes of a dump: a failure, or success without it. */
  readonly dumpError?:
    | { readonly hresult: number; readonly message?: string }
    | undefined;
  /** What is done to the answer of a request. */
  readonly fault?:
    | ((request: DiagnosticRequest | undefined) => DoubleFault | undefined)
    | undefined;
}

interface DoubleSession {
  readonly id: bigint;
  readonly connection: ByteConnection;
  readonly stream: DoubleStream;
  readonly played: Promise<void>;
}

/**
 * Stands in for a .NET process: answers on a real socket, byte for byte and in
 * the order in which a runtime does. It serves one connection at a time; who
 * ends a session without reading its stream hangs, as with a real process.
 */
export class DiagnosticServerDouble implements AsyncDisposable {
  /** Where it listens or dials. */
  readonly path: string;
  /** Requests that it could read, in order. */
  readonly requests: DiagnosticRequest[] = [];
  readonly #options: DiagnosticServerDoubleOptions;
  readonly #listener: ByteStreamListener | undefined;
  readonly #sessions = new Map<bigint, DoubleSession>();
  readonly #open = new Set<ByteConnection>();
  readonly #environment: Record<string, string>;
  #nextSessionId: bigint;
  #isSuspended: boolean;
  #hasProfiler = false;
  #isClosed = false;
  #served: Promise<void>;

  /**
   * @param path Where it listens or dials.
   * @param listener Accepts connections; it dials without.
   * @param options Behaviour.
   */
  constructor(
    path: string,
    listener: ByteStreamListener | undefined,
    options: DiagnosticServerDoubleOptions,
  ) {
    this.path = path;
    this.#listener = listener;
    this.#options = options;
    this.#environment = { ...options.environment };
    this.#nextSessionId = options.sessionId ?? DEFAULT_SESSION_ID;
    this.#isSuspended = options.suspended ?? false;
    this.#served = listener === undefined ? this.#dial() : this.#listen();
  }

  /**
   * Waits for connections, as a process does at its default port.
   *
   * @param path Path of the socket.
   * @param options Behaviour.
   * @returns The server.
   */
  static async listen(
    path: string,
    options: DiagnosticServerDoubleOptions = {},
  ): Promise<DiagnosticServerDouble> {
    const listener = await listenByteStream({ type: "unix-stream", path });
    return new DiagnosticServerDouble(path, listener, options);
  }

  /**
   * Dials a path and introduces itself, again after each request, as a process
   * does that `DOTNET_DiagnosticPorts` tells to.
   *
   * @param path Path of the socket of a tool.
   * @param options Behaviour.
   * @returns The server.
   */
  static dial(
    path: string,
    options: DiagnosticServerDoubleOptions = {},
  ): DiagnosticServerDouble {
    return new DiagnosticServerDouble(path, undefined, options);
  }

  /** Whether its runtime still waits to be resumed. */
  get isSuspended(): boolean {
    return this.#isSuspended;
  }

  /** Number of sessions that run. */
  get sessionCount(): number {
    return this.#sessions.size;
  }

  /** Its environment as it is now. */
  get environment(): Readonly<Record<string, string>> {
    return this.#environment;
  }

  /** What it tells of its process. */
  get info(): ProcessInfo {
    return {
      processId: 4242n,
      runtimeCookie: "123e4567-e89b-12d3-a456-426614174000",
      commandLine: "/usr/bin/dotnet /srv/double.dll",
      os: "Linux",
      arch: "x64",
      entrypointAssembly: "double",
      clrVersion: "10.0.0",
      portableRid: "linux-x64",
      ...this.#options.info,
    };
  }

  /**
   * Dies at once: sessions break off, and the file of the socket stays behind
   * with nobody who listens.
   */
  async kill(): Promise<void> {
    if (this.#isClosed) return;
    if (this.#listener === undefined) return await this.close();
    const aside = `${this.path}.dead`;
    await Deno.rename(this.path, aside);
    await this.close();
    await Deno.rename(aside, this.path);
  }

  #drop(): void {
    for (const connection of this.#open) closeQuietly(connection);
    this.#sessions.clear();
  }

  /** Ends and removes the socket. */
  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    await this.#listener?.close();
    this.#drop();
    await this.#served;
  }

  /** Ends and removes the socket. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  async #listen(): Promise<void> {
    for (;;) {
      const connection = await this.#listener!.accept();
      if (connection === undefined) return;
      if (this.#isClosed) closeQuietly(connection);
      else await this.#serve(connection);
    }
  }

  async #dial(): Promise<void> {
    let retryMs = FIRST_RETRY_MS;
    while (!this.#isClosed) {
      try {
        const connection = await connectLocal({
          type: "unix",
          path: this.path,
        });
        await writeAll(connection, encodeAdvertise(this.info));
        retryMs = FIRST_RETRY_MS;
        await this.#serve(connection);
      } catch {
        await pause(retryMs);
        retryMs = Math.min(retryMs * RETRY_FACTOR, MAX_RETRY_MS);
      }
    }
  }

  /** One request, whatever becomes of it. */
  async #serve(connection: ByteConnection): Promise<void> {
    this.#open.add(connection);
    let keepsOpen = false;
    try {
      const answer = await this.#answer(connection);
      keepsOpen = answer.keepsOpen;
    } catch {
      // The client has gone.
    }
    if (!keepsOpen) {
      closeQuietly(connection);
      this.#open.delete(connection);
    }
  }

  async #answer(
    connection: ByteConnection,
  ): Promise<{ keepsOpen: boolean }> {
    if (this.#options.fault?.(undefined)?.reset === true) {
      return { keepsOpen: false };
    }
    const message = await readMessage(connection);
    if (message === "ended") return { keepsOpen: false };
    if (typeof message === "number") {
      await this.#reply(connection, {}, failure(message));
      return { keepsOpen: false };
    }
    const { code, payload } = message;
    const name = commandName(code);
    if (name === undefined || !this.#knows(COMMAND_SINCE[name])) {
      await this.#reply(connection, {}, failure(HRESULT.unknownCommand));
      // A profiler command of unknown id is one of two leaks of the runtime.
      return { keepsOpen: code >> 8 === 3 };
    }
    let request: DiagnosticRequest;
    try {
      request = decodeRequest(code, payload);
    } catch (error) {
      if (!(error instanceof FormatError)) throw error;
      await this.#reply(connection, {}, failure(HRESULT.badEncoding));
      return { keepsOpen: name.startsWith("collectTracing") };
    }
    if (
      request.type === "collectTracing" && request.sessionType === "userEvents"
    ) {
      // The byte that a descriptor comes with; the descriptor itself is dropped.
      if ((await readUpTo(connection, 1)).length === 0) {
        return { keepsOpen: false };
      }
    }
    this.requests.push(request);
    const fault = this.#options.fault?.(request) ?? {};
    if (fault.reset === true) return { keepsOpen: false };
    if (fault.stall === true) {
      await untilClosed(connection);
      return { keepsOpen: false };
    }
    if (request.type === "collectTracing") {
      return await this.#startSession(request, connection, fault);
    }
    const response = await this.#execute(request);
    await this.#reply(connection, fault, response);
    if (response.type === "environment") {
      await writeAll(connection, encodeEnvironment(this.#environment));
    }
    return { keepsOpen: false };
  }

  #knows(since: string): boolean {
    const { runtime = "11" } = this.#options;
    const [major = 0, minor = 0] = runtime.split(".").map(Number);
    const [sinceMajor = 0, sinceMinor = 0] = since.split(".").map(Number);
    return major > sinceMajor || (major === sinceMajor && minor >= sinceMinor);
  }

  async #execute(request: DiagnosticRequest): Promise<DiagnosticResponse> {
    const ok: DiagnosticResponse = { type: "status", hresult: 0 };
    switch (request.type) {
      case "stopTracing":
        await this.#stopSession(request.sessionId);
        return { type: "session", sessionId: request.sessionId };
      case "processInfo":
        return {
          type: "processInfo",
          version: request.version,
          info: this.info,
        };
      case "processEnvironment":
        return {
          type: "environment",
          sizeBytes: encodeEnvironment(this.#environment).length,
        };
      case "setEnvironmentVariable":
        if (request.value === null) delete this.#environment[request.name];
        else this.#environment[request.name] = request.value;
        return ok;
      case "resumeRuntime":
        this.#isSuspended = false;
        return ok;
      case "generateCoreDump": {
        const { dumpError } = this.#options;
        if (dumpError !== undefined) {
          return {
            type: "error",
            hresult: dumpError.hresult,
            message: request.version === 3 ? dumpError.message : undefined,
          };
        }
        await Deno.writeTextFile(request.path, "dump");
        return ok;
      }
      case "startupProfiler":
        return this.#isSuspended ? ok : failure(HRESULT.invalidArgument);
      case "attachProfiler":
        if (this.#isSuspended) return failure(HRESULT.notYetAvailable);
        if (this.#hasProfiler) return failure(HRESULT.profilerAlreadyActive);
        this.#hasProfiler = true;
        return ok;
      default:
        return ok;
    }
  }

  async #startSession(
    request: CollectTracingPayload,
    connection: ByteConnection,
    fault: DoubleFault,
  ): Promise<{ keepsOpen: boolean }> {
    if (this.#sessions.size >= MAX_SESSIONS) {
      await this.#reply(connection, fault, failure(HRESULT.fail));
      return { keepsOpen: false };
    }
    const id = this.#nextSessionId++;
    const { stream: chosen = {} } = this.#options;
    const stream = typeof chosen === "function" ? chosen(request) : chosen;
    const [first, ...others] = stream.live ?? [];
    const isGlued = fault.glue === true && first !== undefined;
    await this.#reply(
      connection,
      fault,
      { type: "session", sessionId: id },
      isGlued ? first : undefined,
    );
    const live = isGlued ? others : stream.live ?? [];
    const played = (async () => {
      for (const piece of live) {
        await writeAll(connection, piece);
        await pause(stream.pauseMs ?? 0);
      }
    })().catch(() => {
      // The client closed the stream: the session is dropped.
      this.#sessions.delete(id);
      closeQuietly(connection);
    });
    this.#sessions.set(id, { id, connection, stream, played });
    return { keepsOpen: true };
  }

  /** The rundown comes before the confirmation, so a client must read both. */
  async #stopSession(id: bigint): Promise<void> {
    const session = this.#sessions.get(id);
    if (session === undefined) return;
    this.#sessions.delete(id);
    const { connection, stream, played } = session;
    await played;
    try {
      if (stream.rundown !== undefined) {
        await writeAll(connection, stream.rundown);
      }
    } catch {
      // The client closed the stream.
    }
    closeQuietly(connection);
    this.#open.delete(connection);
  }

  async #reply(
    connection: ByteConnection,
    fault: DoubleFault,
    response: DiagnosticResponse,
    glued?: Uint8Array,
  ): Promise<void> {
    let bytes: Uint8Array = fault.reply ?? encodeResponse(response);
    if (fault.edit !== undefined) bytes = fault.edit(bytes);
    if (fault.delayMs !== undefined) await pause(fault.delayMs);
    if (glued !== undefined) {
      const both = new Uint8Array(bytes.length + glued.length);
      both.set(bytes);
      both.set(glued, bytes.length);
      bytes = both;
    }
    const end = Math.min(
      fault.closeAfterBytes ?? bytes.length,
      fault.stallAfterBytes ?? bytes.length,
      bytes.length,
    );
    const step = fault.pieceBytes ?? Math.max(end, 1);
    for (let at = 0; at < end; at += step) {
      await writeAll(connection, bytes.subarray(at, Math.min(at + step, end)));
      if (fault.pieceBytes !== undefined) await pause(0);
    }
    if (fault.stallAfterBytes !== undefined) await untilClosed(connection);
    if (fault.closeAfterBytes !== undefined) {
      throw new Error("Cannot go on: the connection is closed early as asked");
    }
  }
}

function failure(hresult: number): DiagnosticResponse {
  return { type: "error", hresult, message: undefined };
}

/** Reads as a runtime does: without a time limit, and the size is trusted. */
async function readMessage(
  connection: ByteConnection,
): Promise<{ code: number; payload: Uint8Array } | number | "ended"> {
  const header = await readUpTo(connection, IPC_HEADER_BYTES);
  if (header.length === 0) return "ended";
  if (header.length < IPC_HEADER_BYTES) return HRESULT.badEncoding;
  const size = header[14]! + header[15]! * 0x100;
  if (size < IPC_HEADER_BYTES) return HRESULT.badEncoding;
  const payload = await readUpTo(connection, size - IPC_HEADER_BYTES);
  if (payload.length < size - IPC_HEADER_BYTES) return HRESULT.badEncoding;
  if (!IPC_MAGIC.every((byte, index) => header[index] === byte)) {
    return HRESULT.unknownMagic;
  }
  return { code: decodeMessageHeader(header).code, payload };
}

async function readUpTo(
  connection: ByteConnection,
  count: number,
): Promise<Uint8Array> {
  const bytes = new Uint8Array(count);
  let filled = 0;
  while (filled < count) {
    const size = await connection.read(bytes.subarray(filled));
    if (size === null) break;
    filled += size;
  }
  return bytes.subarray(0, filled);
}

async function untilClosed(connection: ByteConnection): Promise<void> {
  const buffer = new Uint8Array(1);
  while (await connection.read(buffer) !== null);
}

async function writeAll(
  connection: ByteConnection,
  bytes: Uint8Array,
): Promise<void> {
  let rest = bytes;
  while (rest.length > 0) rest = rest.subarray(await connection.write(rest));
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
