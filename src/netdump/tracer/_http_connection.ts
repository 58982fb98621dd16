import type { LiveConn } from "./_live_records.ts";
import { RequestError } from "./request_error.ts";

/** A request as it goes to one connection. */
export interface OutgoingRequest {
  readonly method: string;
  readonly url: URL;
  /** Fields set by the caller and by redirects. */
  readonly header: readonly (readonly [string, string])[];
  readonly body: AsyncIterable<Uint8Array> | undefined;
  /** Bytes of the body, where they are known. */
  readonly bodyLength: number | undefined;
  /** Whether the target is written with scheme and host, as plain proxies want it. */
  readonly isAbsolute: boolean;
  /** Whether the connection is closed afterwards. */
  readonly isLast: boolean;
  /** Ends the request. */
  readonly signal: AbortSignal;
  /** Counts bytes of the body that were taken from the caller. */
  readonly onSent: (bytes: number) => void;
}

/** A response as it comes from one connection. */
export interface IncomingResponse {
  readonly protoMajor: number;
  readonly protoMinor: number;
  readonly status: number;
  readonly header: readonly (readonly [string, string])[];
  /** The body without its framing; must be read to its end, or `cancel` be called. */
  readonly body: AsyncGenerator<Uint8Array, void, undefined>;
  /** Whether it is known that the body has no bytes; then nothing needs to be called. */
  readonly isEmpty: boolean;
  /** Gives the body up. */
  cancel(): void;
}

/** A connection that carries requests. */
export interface HttpConnection {
  /** Record of the TCP connection. */
  readonly conn: LiveConn;
  /** 1 or 2. */
  readonly version: 1 | 2;
  /** Whether another request can be sent now. */
  readonly isUsable: boolean;
  /** Whether it is closed. */
  readonly isClosed: boolean;
  /** Requests that were sent on it. */
  readonly requestCount: number;
  /**
   * Sends a request and waits for the head of the response.
   *
   * @throws {RequestError} When that fails; a {@linkcode StaleConnectionError} when the server saw nothing of it.
   */
  roundTrip(request: OutgoingRequest): Promise<IncomingResponse>;
  /** Closes it at once. */
  close(): void;
}

/** A connection that was used before turned out dead; the request may be sent anew. */
export class StaleConnectionError extends RequestError {
  override name = "StaleConnectionError";
}

/** Limits of time and size that a connection keeps. */
export interface HttpConnectionLimits {
  readonly responseHeaderTimeoutMs: number;
  readonly expectContinueTimeoutMs: number;
  readonly maxHeaderBytes: number;
}
