import { ProtocolError } from "../../base/errors.ts";
import { COMMAND_SINCE } from "./command_table.ts";
import type { CommandName } from "./command_table.ts";
import { formatHresult, HRESULT, hresultText } from "./hresult_table.ts";
import type { ErrorResponse } from "./types.ts";

/** Which operation on which process failed. */
export interface DiagnosticErrorOptions {
  /** What was to be done, for example `start a session`. */
  readonly operation: string;
  /** Process, where known. */
  readonly pid?: number | undefined;
  /** Address of the port, where known. */
  readonly address?: string | undefined;
  /** Code of the target's answer. */
  readonly hresult?: number | undefined;
  /** The error that led to this one. */
  readonly cause?: unknown;
}

/** An operation on a process failed. */
export class DiagnosticError extends ProtocolError {
  override name = "DiagnosticError";
  /** What was to be done. */
  readonly operation: string;
  /** Process, where known. */
  readonly pid: number | undefined;
  /** Code of the target's answer. */
  readonly hresult: number | undefined;

  /**
   * @param options Operation and process.
   * @param state What was found.
   */
  constructor(options: DiagnosticErrorOptions, state: string) {
    const { operation, pid, address, hresult } = options;
    const target = pid === undefined
      ? address === undefined ? "" : ` at ${address}`
      : ` in process ${pid}`;
    super(`Cannot ${operation}${target}: ${state}`, {
      code: hresult === undefined ? undefined : formatHresult(hresult),
      peer: address ?? (pid === undefined ? undefined : `pid ${pid}`),
      ...("cause" in options ? { cause: options.cause } : {}),
    });
    this.operation = operation;
    this.pid = pid;
    this.hresult = hresult;
  }
}

/** Nobody answers: no process, no port, or it closed before an answer. */
export class ServerNotAvailableError extends DiagnosticError {
  override name = "ServerNotAvailableError";
}

/** The answer does not follow the protocol. */
export class MalformedReplyError extends DiagnosticError {
  override name = "MalformedReplyError";
}

/** The end of a session was confirmed for another session. */
export class SessionIdMismatchError extends MalformedReplyError {
  override name = "SessionIdMismatchError";
}

/** The target answered that the operation failed. */
export class ServerError extends DiagnosticError {
  override name = "ServerError";
}

/** The target's runtime does not know the command or cannot do it. */
export class UnsupportedCommandError extends ServerError {
  override name = "UnsupportedCommandError";
}

/**
 * Tells whether an older version of a command may do: the runtime does not know
 * the one that was sent. A runtime that knows it and cannot carry it out says
 * something else.
 *
 * @param error What a command ended with.
 * @returns Whether the command is unknown to the runtime.
 */
export function isUnknownCommand(error: unknown): boolean {
  return error instanceof UnsupportedCommandError &&
    (error.hresult === undefined || error.hresult === HRESULT.unknownCommand);
}

/** The operation is possible only while the runtime is suspended at its start. */
export class RequiresSuspensionError extends ServerError {
  override name = "RequiresSuspensionError";
}

/** The target could not read the request; it may be too old for one of its options. */
export class BadEncodingError extends ServerError {
  override name = "BadEncodingError";
}

/** The target has a profiler already. */
export class ProfilerAlreadyActiveError extends ServerError {
  override name = "ProfilerAlreadyActiveError";
}

/**
 * Makes the error of an answer.
 *
 * @param response The answer.
 * @param command Which command was answered.
 * @param options Operation and process.
 * @returns The error.
 */
export function errorOfResponse(
  response: ErrorResponse,
  command: CommandName,
  options: DiagnosticErrorOptions,
): ServerError {
  const { hresult, message } = response;
  const all = { ...options, hresult };
  const state = stateOf(response, command);
  switch (hresult) {
    case HRESULT.unknownCommand:
      return new UnsupportedCommandError(all, state);
    case HRESULT.invalidArgument:
      return command === "startupProfiler"
        ? new RequiresSuspensionError(all, state)
        : new UnsupportedCommandError(
          all,
          message ?? `HRESULT: ${formatHresult(hresult)}`,
        );
    case HRESULT.badEncoding:
      return new BadEncodingError(all, state);
    case HRESULT.profilerAlreadyActive:
      return new ProfilerAlreadyActiveError(all, state);
    default:
      return new ServerError(all, state);
  }
}

function stateOf(
  { hresult, message }: ErrorResponse,
  command: CommandName,
): string {
  const code = `HRESULT: ${formatHresult(hresult)}`;
  if (message !== undefined) return `${message} (${code})`;
  const isDump = command.startsWith("generateCoreDump");
  if (hresult === HRESULT.ok) {
    return `the runtime reported a failure without a code${
      isDump ? "; what createdump said is on the target's console" : ""
    }`;
  }
  if (hresult === HRESULT.unknownCommand) {
    return `the target's runtime does not know the command, it needs .NET ${
      COMMAND_SINCE[command]
    } or later (${code})`;
  }
  if (hresult === HRESULT.fail && command.startsWith("collectTracing")) {
    return `the runtime could not create the session; a process has up to 64 (${code})`;
  }
  const text = hresultText(hresult);
  return text === undefined ? code : `${text} (${code})`;
}
