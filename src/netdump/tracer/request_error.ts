/** Step of a request in which it failed. */
export type RequestPhase =
  | "url"
  | "dns"
  | "connect"
  | "proxy"
  | "tls"
  | "request"
  | "response"
  | "body"
  | "redirect"
  | "timeout"
  | "cancelled";

/** What is known of a {@linkcode RequestError}. */
export interface RequestErrorOptions {
  /** Step that failed. */
  readonly phase: RequestPhase;
  /** Symbolic code of the operating system or the TLS library, where there is one. */
  readonly code?: string | undefined;
  /** Whether time ran out. @default {false} */
  readonly isTimeout?: boolean | undefined;
  /** The error that led to this one. */
  readonly cause?: unknown;
}

/**
 * A traced request failed. {@linkcode RequestError.reason} has the words that
 * EVE's traces have for it, so that scripts and people find them.
 */
export class RequestError extends Error {
  override name = "RequestError";
  /** What stands in the trace, for example `dial tcp 10.0.0.1:443: i/o timeout`. */
  readonly reason: string;
  /** Step that failed. */
  readonly phase: RequestPhase;
  /** Symbolic code, where there is one. */
  readonly code: string | undefined;
  /** Whether time ran out. */
  readonly isTimeout: boolean;

  /**
   * @param reason What stands in the trace.
   * @param options Step, code and cause.
   */
  constructor(reason: string, options: RequestErrorOptions) {
    super(
      `Cannot complete request: ${reason}`,
      "cause" in options ? { cause: options.cause } : undefined,
    );
    this.reason = reason;
    this.phase = options.phase;
    this.code = options.code;
    this.isTimeout = options.isTimeout ?? false;
  }

  /**
   * @param prefix Text to put in front, with its blank.
   * @param phase Step to name instead.
   * @returns The same failure with a longer reason.
   */
  prefixed(prefix: string, phase: RequestPhase = this.phase): RequestError {
    return new RequestError(prefix + this.reason, {
      phase,
      code: this.code,
      isTimeout: this.isTimeout,
      cause: this.cause ?? this,
    });
  }
}

/** Text of an operation that ran out of time. */
export const IO_TIMEOUT = "i/o timeout";
/** Text of a request that ran out of time as a whole. */
export const DEADLINE_EXCEEDED = "context deadline exceeded";
/** Text of a request that its caller gave up. */
export const CANCELLED = "context canceled";

/** Texts of Linux for the codes that sockets fail with. */
const SYSTEM_TEXTS: Readonly<Record<string, string>> = {
  ECONNREFUSED: "connection refused",
  ENETUNREACH: "network is unreachable",
  EHOSTUNREACH: "no route to host",
  ECONNRESET: "connection reset by peer",
  ECONNABORTED: "software caused connection abort",
  EPIPE: "broken pipe",
  ETIMEDOUT: "connection timed out",
  EADDRNOTAVAIL: "cannot assign requested address",
  EADDRINUSE: "address already in use",
  EACCES: "permission denied",
  EPERM: "operation not permitted",
  ENETDOWN: "network is down",
  EHOSTDOWN: "host is down",
  EMFILE: "too many open files",
  EINVAL: "invalid argument",
  ENOBUFS: "no buffer space available",
  EAFNOSUPPORT: "address family not supported by protocol",
  ENOTCONN: "transport endpoint is not connected",
};

/**
 * @param error An error of a socket.
 * @returns Its symbolic code, for example `ECONNREFUSED`.
 */
export function codeOf(error: unknown): string | undefined {
  if (typeof error !== "object" || error === null) return undefined;
  const { code } = error as { code?: unknown };
  if (typeof code === "string") return code;
  if (error instanceof Error) return DENO_CODES[error.name];
  return undefined;
}

/** Deno's own errors come without a code in some places. */
const DENO_CODES: Readonly<Record<string, string>> = {
  ConnectionRefused: "ECONNREFUSED",
  ConnectionReset: "ECONNRESET",
  ConnectionAborted: "ECONNABORTED",
  NotConnected: "ENOTCONN",
  AddrInUse: "EADDRINUSE",
  AddrNotAvailable: "EADDRNOTAVAIL",
  BrokenPipe: "EPIPE",
  HostUnreachable: "EHOSTUNREACH",
  NetworkUnreachable: "ENETUNREACH",
  TimedOut: "ETIMEDOUT",
};

/**
 * @param error An error of a socket.
 * @returns What the system says, for example `connection refused`.
 */
export function systemTextOf(error: unknown): string {
  const code = codeOf(error);
  const text = code === undefined ? undefined : SYSTEM_TEXTS[code];
  if (text !== undefined) return text;
  return code?.toLowerCase() ??
    (error instanceof Error ? error.message : String(error));
}
