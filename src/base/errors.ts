/** Where a {@linkcode FormatError} happened. */
export interface FormatErrorOptions {
  /** Short name of the format that was read, for example `nettrace`. */
  readonly format: string;
  /** Absolute offset, in bytes of the decoded stream (in UTF-16 units for text formats). */
  readonly offset: number;
  /** Kind or index of the record in which the fault lies. */
  readonly record?: string | undefined;
  /** The error that led to this one. */
  readonly cause?: unknown;
}

/**
 * Bytes or text do not follow their format.
 *
 * @example A caller names the place
 * ```ts
 * import { FormatError } from "@tracedeck/tracedeck";
 * import { assertEquals } from "@std/assert";
 *
 * const error = new FormatError("Cannot read kcap header: magic is missing", {
 *   format: "kcap",
 *   offset: 0,
 * });
 * assertEquals(error.offset, 0);
 * ```
 */
export class FormatError extends SyntaxError {
  override name = "FormatError";
  /** Short name of the format that was read. */
  readonly format: string;
  /** Absolute offset of the fault. */
  readonly offset: number;
  /** Kind or index of the record in which the fault lies. */
  readonly record: string | undefined;

  /**
   * @param message What could not be done, and the state that was found.
   * @param options Where it happened.
   */
  constructor(message: string, options: FormatErrorOptions) {
    super(message, "cause" in options ? { cause: options.cause } : undefined);
    this.format = options.format;
    this.offset = options.offset;
    this.record = options.record;
  }
}

/** Where a {@linkcode TruncatedError} happened and how much is missing. */
export interface TruncatedErrorOptions extends FormatErrorOptions {
  /** Bytes that are missing to complete the record, at least 1. */
  readonly missingBytes: number;
}

/** Input ended inside a record. */
export class TruncatedError extends FormatError {
  override name = "TruncatedError";
  /** Bytes that are missing to complete the record, at least 1. */
  readonly missingBytes: number;

  /**
   * @param message What could not be done, and the state that was found.
   * @param options Where it happened and how much is missing.
   */
  constructor(message: string, options: TruncatedErrorOptions) {
    super(message, options);
    this.missingBytes = options.missingBytes;
  }
}

/** Which limit was exceeded, by what, and where. */
export interface LimitErrorOptions {
  /** Name of the limit, a key of `Limits` where there is one. */
  readonly limit: string;
  /** The declared or reached value. */
  readonly value: number;
  /** Absolute offset of the fault in bytes of the decoded stream. */
  readonly offset: number;
}

/** A declared size or count exceeds a limit. */
export class LimitError extends RangeError {
  override name = "LimitError";
  /** Name of the limit. */
  readonly limit: string;
  /** The declared or reached value. */
  readonly value: number;
  /** Absolute offset of the fault in bytes of the decoded stream. */
  readonly offset: number;

  /**
   * @param message What could not be done, and the state that was found.
   * @param options Which limit, which value, where.
   */
  constructor(message: string, options: LimitErrorOptions) {
    super(message);
    this.limit = options.limit;
    this.value = options.value;
    this.offset = options.offset;
  }
}

/**
 * An option has a value that this input, or another option, does not allow:
 * what can only be told when the input is known.
 */
export class OptionError extends RangeError {
  override name = "OptionError";
}

/** What a peer answered. */
export interface ProtocolErrorOptions {
  /** The peer's code: HRESULT, errno, status. */
  readonly code?: number | string | undefined;
  /** Who answered, for example a socket path or `pid 42`. */
  readonly peer?: string | undefined;
  /** The error that led to this one. */
  readonly cause?: unknown;
}

/** A peer answered with an error or out of turn. */
export class ProtocolError extends Error {
  override name = "ProtocolError";
  /** The peer's code: HRESULT, errno, status. */
  readonly code: number | string | undefined;
  /** Who answered. */
  readonly peer: string | undefined;

  /**
   * @param message What could not be done, and the state that was found.
   * @param options Code, peer and cause.
   */
  constructor(message: string, options: ProtocolErrorOptions = {}) {
    super(message, "cause" in options ? { cause: options.cause } : undefined);
    this.code = options.code;
    this.peer = options.peer;
  }
}

/** Which system call failed, and how. */
export interface OsErrorOptions {
  /** Name of the system call or library function. */
  readonly syscall: string;
  /** Value of `errno` after the call. */
  readonly errno: number;
  /** Symbolic name of the errno, for example `EPERM`. */
  readonly code: string;
  /** The error that led to this one. */
  readonly cause?: unknown;
}

/** A call into the operating system through FFI failed. */
export class OsError extends Error {
  override name = "OsError";
  /** Name of the system call or library function. */
  readonly syscall: string;
  /** Value of `errno` after the call. */
  readonly errno: number;
  /** Symbolic name of the errno, for example `EPERM`. */
  readonly code: string;

  /**
   * @param message What could not be done, and the state that was found.
   * @param options System call, errno and its name.
   */
  constructor(message: string, options: OsErrorOptions) {
    super(message, "cause" in options ? { cause: options.cause } : undefined);
    this.syscall = options.syscall;
    this.errno = options.errno;
    this.code = options.code;
  }
}
