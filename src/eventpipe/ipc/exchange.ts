import { FormatError, LimitError } from "../../base/errors.ts";
import type { ByteConnection } from "../../platform/local_connection.ts";
import { REPLY } from "./command_table.ts";
import type { DiagnosticConnector } from "./connector.ts";
import {
  errorOfResponse,
  MalformedReplyError,
  ServerNotAvailableError,
} from "./diagnostic_error.ts";
import type { DiagnosticErrorOptions } from "./diagnostic_error.ts";
import { decodeMessageHeader } from "./message_decoder.ts";
import { IPC_HEADER_BYTES } from "./message_encoder.ts";
import { encodeRequest, requestCommand } from "./request_encoder.ts";
import { decodeError } from "./response_decoder.ts";
import type { DiagnosticRequest } from "./types.ts";

const READ_BYTES = 64 * 1024;
/** How long a runtime that dials may take to dial again. */
const CONNECT_MS = 30_000;

/** How a request is made. */
export interface ExchangeOptions {
  /** What is done, for errors: `start a session`. */
  readonly operation: string;
  /** After how many ms without an answer to give up; `undefined` never. */
  readonly timeoutMs: number | undefined;
  /** Ends the request; the target may carry it out all the same. */
  readonly signal?: AbortSignal | undefined;
}

/** A good answer. */
export interface Exchange {
  /** What follows the head. */
  readonly payload: Uint8Array;
  /** What came behind the answer already. */
  readonly rest: Uint8Array;
  /** The connection; who gets the answer closes it. */
  readonly connection: ByteConnection;
}

/**
 * Makes a request on a connection of its own and waits for the answer.
 *
 * @param connector Opens the connection.
 * @param request The request.
 * @param options Time limit and signal.
 * @returns The answer, with the connection still open.
 * @throws {ServerError} When the target answers with an error.
 * @throws {ServerNotAvailableError} When there is no target, or no answer.
 * @throws {MalformedReplyError} When the answer is none of this protocol.
 * @throws {DOMException} A `TimeoutError` when there is no answer in time.
 */
export async function exchange(
  connector: DiagnosticConnector,
  request: DiagnosticRequest,
  options: ExchangeOptions,
): Promise<Exchange> {
  const { operation, timeoutMs } = options;
  const message = encodeRequest(request);
  options.signal?.throwIfAborted();
  const timeout = new AbortController();
  const giveUp = (ms: number, what: string) =>
    setTimeout(() => {
      timeout.abort(
        new DOMException(
          `Cannot ${operation} at ${connector.address}: no ${what} within ${
            ms / 1000
          } s; the target may be stopped, or busy with another tool that takes a dump or ends a trace`,
          "TimeoutError",
        ),
      );
    }, ms);
  const timer = giveUp(
    timeoutMs ?? CONNECT_MS,
    timeoutMs === undefined ? "connection" : "answer",
  );
  const signal = options.signal === undefined
    ? timeout.signal
    : AbortSignal.any([options.signal, timeout.signal]);
  let connection: ByteConnection | undefined;
  const onAbort = () => closeQuietly(connection);
  signal.addEventListener("abort", onAbort);
  try {
    connection = await connector.connect(signal);
    if (timeoutMs === undefined) clearTimeout(timer);
    const { pid, address } = connector;
    const where: DiagnosticErrorOptions = { operation, pid, address };
    const { payload, rest, code } = await converse(connection, message, where);
    if (code === REPLY.ok) return { payload, rest, connection };
    const command = requestCommand(request);
    throw errorOfResponse(
      understand(
        () =>
          decodeError(payload, {
            withMessage: command === "generateCoreDump3",
          }),
        where,
      ),
      command,
      where,
    );
  } catch (error) {
    closeQuietly(connection);
    if (signal.aborted) throw signal.reason;
    throw error;
  } finally {
    clearTimeout(timer);
    signal.removeEventListener("abort", onAbort);
  }
}

/**
 * Decodes part of an answer.
 *
 * @param decode What decodes.
 * @param where Operation and process.
 * @returns What it decodes.
 * @throws {MalformedReplyError} When it cannot.
 */
export function understand<T>(
  decode: () => T,
  where: DiagnosticErrorOptions,
): T {
  try {
    return decode();
  } catch (error) {
    if (error instanceof FormatError || error instanceof LimitError) {
      throw new MalformedReplyError(
        { ...where, cause: error },
        `the answer is malformed: ${error.message}`,
      );
    }
    throw error;
  }
}

/**
 * Closes a connection that may be closed already.
 *
 * @param connection The connection.
 */
export function closeQuietly(connection: ByteConnection | undefined): void {
  try {
    connection?.close();
  } catch {
    // It is closed.
  }
}

async function converse(
  connection: ByteConnection,
  message: Uint8Array,
  where: DiagnosticErrorOptions,
): Promise<{ code: number; payload: Uint8Array; rest: Uint8Array }> {
  let buffer = new Uint8Array(READ_BYTES);
  let filled = 0;
  const fill = async (wanted: number): Promise<void> => {
    while (filled < wanted) {
      if (filled === buffer.length) {
        const larger = new Uint8Array(buffer.length * 2);
        larger.set(buffer);
        buffer = larger;
      }
      const size = await connection.read(buffer.subarray(filled));
      if (size === null) throw endOfStream(filled, wanted, where);
      filled += size;
    }
  };
  try {
    let sent = message;
    while (sent.length > 0) sent = sent.subarray(await connection.write(sent));
    await fill(IPC_HEADER_BYTES);
    const { size, code } = understand(
      () => decodeMessageHeader(buffer),
      where,
    );
    if (code !== REPLY.ok && code !== REPLY.error) {
      throw new MalformedReplyError(
        where,
        `the answer has the unknown code 0x${
          code.toString(16).padStart(4, "0")
        } in ${buffer.subarray(0, IPC_HEADER_BYTES).toHex()}`,
      );
    }
    await fill(size);
    return {
      code,
      payload: buffer.subarray(IPC_HEADER_BYTES, size),
      rest: buffer.subarray(size, filled),
    };
  } catch (error) {
    if (
      error instanceof Deno.errors.ConnectionReset ||
      error instanceof Deno.errors.BrokenPipe
    ) {
      throw new ServerNotAvailableError(
        { ...where, cause: error },
        "the process closed the connection without an answer, it may be ending",
      );
    }
    throw error;
  }
}

function endOfStream(
  got: number,
  expected: number,
  where: DiagnosticErrorOptions,
): Error {
  if (got === 0) {
    return new ServerNotAvailableError(
      where,
      "the process closed the connection without an answer, it may be ending",
    );
  }
  return new MalformedReplyError(
    where,
    `the answer ends early: ${got} of ${expected} bytes came`,
  );
}
