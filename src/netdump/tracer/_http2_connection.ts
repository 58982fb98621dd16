import http2 from "node:http2";
import type {
  ClientHttp2Session,
  ClientHttp2Stream,
  IncomingHttpHeaders,
} from "node:http2";
import type { Duplex } from "node:stream";
import { openScope, reasonOf, untilAborted } from "./_abort.ts";
import { StaleConnectionError } from "./_http_connection.ts";
import type {
  HttpConnection,
  HttpConnectionLimits,
  IncomingResponse,
  OutgoingRequest,
} from "./_http_connection.ts";
import type { LiveConn } from "./_live_records.ts";
import { hasFullTls } from "./_runtime_tls.ts";
import { RequestError } from "./request_error.ts";
import { wordTlsError } from "./tls_errors.ts";

/** What an {@linkcode Http2Connection} is told of its use. */
export interface Http2ConnectionOptions {
  readonly conn: LiveConn;
  readonly limits: HttpConnectionLimits;
  /** Scheme and host of the server. */
  readonly origin: string;
  /** Called when it has no request any more, or is closed. */
  readonly onIdle: () => void;
}

/** Fields that have no place in HTTP/2. */
const CONNECTION_FIELDS: ReadonlySet<string> = new Set([
  "connection",
  "host",
  "keep-alive",
  "proxy-connection",
  "transfer-encoding",
  "upgrade",
]);

/** What a server may send without an acknowledgement, as Go's client permits it. */
const WINDOW_BYTES = 4 * 1024 * 1024;

/** The same for all requests of a connection together. */
const CONNECTION_WINDOW_BYTES = 16 * 1024 * 1024;

/** Codes of HTTP/2, by number, as Go names them. */
const ERROR_CODES: readonly string[] = [
  "NO_ERROR",
  "PROTOCOL_ERROR",
  "INTERNAL_ERROR",
  "FLOW_CONTROL_ERROR",
  "SETTINGS_TIMEOUT",
  "STREAM_CLOSED",
  "FRAME_SIZE_ERROR",
  "REFUSED_STREAM",
  "CANCEL",
  "COMPRESSION_ERROR",
  "CONNECT_ERROR",
  "ENHANCE_YOUR_CALM",
  "INADEQUATE_SECURITY",
  "HTTP_1_1_REQUIRED",
];

/** HTTP/2 on one connection, any number of requests at a time. */
export class Http2Connection implements HttpConnection {
  readonly version = 2;
  readonly conn: LiveConn;
  readonly #session: ClientHttp2Session;
  readonly #options: Http2ConnectionOptions;
  #requestCount = 0;
  #active = 0;
  #isClosing = false;
  #failure: Error | undefined;

  constructor(stream: Duplex, options: Http2ConnectionOptions) {
    this.conn = options.conn;
    this.#options = options;
    this.#session = http2.connect(options.origin, {
      createConnection: () => stream,
      settings: {
        enablePush: false,
        initialWindowSize: WINDOW_BYTES,
        maxHeaderListSize: options.limits.maxHeaderBytes,
      },
    });
    // Runtimes before Deno 2.9 have windows of their own, and wait here for a socket to connect, which this one has done.
    if (hasFullTls()) {
      this.#session.once(
        "connect",
        () => this.#session.setLocalWindowSize(CONNECTION_WINDOW_BYTES),
      );
    } else stream.emit("connect");
    this.#session.on("error", (error: Error) => {
      this.#failure ??= error;
      this.#isClosing = true;
    });
    this.#session.on("goaway", () => this.#isClosing = true);
    this.#session.on("close", () => {
      this.#isClosing = true;
      stream.destroy();
      options.onIdle();
    });
  }

  get isUsable(): boolean {
    return !this.#isClosing && !this.#session.closed &&
      !this.#session.destroyed;
  }

  get isClosed(): boolean {
    return this.#session.destroyed;
  }

  get requestCount(): number {
    return this.#requestCount;
  }

  async roundTrip(request: OutgoingRequest): Promise<IncomingResponse> {
    const isReused = this.#requestCount++ > 0;
    if (request.signal.aborted) throw reasonOf(request.signal);
    let stream: ClientHttp2Stream;
    try {
      stream = this.#session.request(encodeHeaders(request), {
        endStream: request.body === undefined,
      });
    } catch (error) {
      throw new StaleConnectionError(this.#word(error).reason, {
        phase: "request",
        cause: error,
      });
    }
    this.#active++;
    const onAbort = () => stream.close(http2.constants.NGHTTP2_CANCEL);
    request.signal.addEventListener("abort", onAbort, { once: true });
    let isReleased = false;
    const release = () => {
      if (isReleased) return;
      isReleased = true;
      request.signal.removeEventListener("abort", onAbort);
      if (--this.#active > 0) return;
      if (request.isLast || this.#isClosing) this.close();
      this.#options.onIdle();
    };
    try {
      const headers = await this.#exchange(request, stream);
      return {
        protoMajor: 2,
        protoMinor: 0,
        status: Number(headers[":status"] ?? 0),
        header: toList(headers),
        isEmpty: false,
        body: this.#body(request, stream, release),
        cancel: () => {
          onAbort();
          release();
        },
      };
    } catch (error) {
      onAbort();
      release();
      const isRefused = error instanceof RequestError &&
        error.code === "REFUSED_STREAM";
      if (!(isReused && isRefused)) throw error;
      throw new StaleConnectionError(error.reason, { phase: error.phase });
    }
  }

  close(): void {
    this.#isClosing = true;
    if (!this.#session.destroyed) this.#session.destroy();
  }

  async #exchange(
    request: OutgoingRequest,
    stream: ClientHttp2Stream,
  ): Promise<IncomingHttpHeaders> {
    const { promise, resolve, reject } = Promise.withResolvers<
      IncomingHttpHeaders
    >();
    promise.catch(() => {});
    stream.once("response", (headers) => resolve(headers));
    stream.on("error", (error: Error) => reject(this.#word(error, stream)));
    stream.once(
      "close",
      () => reject(this.#word(this.#failure ?? new Error("closed"), stream)),
    );
    const sending = this.#sendBody(request, stream);
    sending.catch(() => {});
    await Promise.race([sending, promise]);
    using scope = openScope(
      request.signal,
      this.#options.limits.responseHeaderTimeoutMs,
      () =>
        new RequestError("http2: timeout awaiting response headers", {
          phase: "response",
          isTimeout: true,
        }),
    );
    return await untilAborted(scope.signal, promise);
  }

  async #sendBody(
    request: OutgoingRequest,
    stream: ClientHttp2Stream,
  ): Promise<void> {
    if (request.body === undefined) return;
    for await (const bytes of request.body) {
      request.onSent(bytes.length);
      await new Promise<void>((resolve, reject) =>
        stream.write(bytes, (error) => {
          if (error === undefined || error === null) resolve();
          else reject(this.#word(error, stream));
        })
      );
    }
    stream.end();
  }

  async *#body(
    request: OutgoingRequest,
    stream: ClientHttp2Stream,
    release: () => void,
  ): AsyncGenerator<Uint8Array, void, undefined> {
    let isComplete = false;
    try {
      for await (const chunk of stream) yield chunk as Uint8Array;
      if (request.signal.aborted) throw reasonOf(request.signal);
      if (stream.rstCode !== 0 && stream.rstCode !== undefined) {
        throw this.#word(new Error("reset"), stream);
      }
      isComplete = true;
    } catch (error) {
      throw request.signal.aborted
        ? reasonOf(request.signal)
        : this.#word(error, stream);
    } finally {
      if (!isComplete) stream.close(http2.constants.NGHTTP2_CANCEL);
      release();
    }
  }

  #word(error: unknown, stream?: ClientHttp2Stream): RequestError {
    if (error instanceof RequestError) return error;
    // What the socket below says comes first.
    const below = this.conn.failure;
    if (this.#isClosing && below !== "") {
      return new RequestError(below === "EOF" ? "unexpected EOF" : below, {
        phase: "response",
        cause: error,
      });
    }
    const code = stream?.rstCode;
    if (code !== undefined && code !== 0 && stream?.id !== undefined) {
      const name = ERROR_CODES[code] ??
        `unknown error code 0x${code.toString(16)}`;
      return new RequestError(
        `stream error: stream ID ${stream.id}; ${name}; received from peer`,
        { phase: "response", code: name, cause: error },
      );
    }
    if (this.#isClosing) {
      return new RequestError(
        "http2: server sent GOAWAY and closed the connection",
        {
          phase: "response",
          cause: error,
        },
      );
    }
    return error instanceof Error
      ? wordTlsError(error)
      : new RequestError(String(error), { phase: "response" });
  }
}

function encodeHeaders(
  request: OutgoingRequest,
): Record<string, string | string[]> {
  const { method, url, header, bodyLength } = request;
  const headers: Record<string, string | string[]> = {
    ":method": method,
    ":scheme": url.protocol.slice(0, -1),
    ":authority": url.host,
    ":path": `${url.pathname}${url.search}`,
  };
  for (const [name, value] of header) {
    const key = name.toLowerCase();
    if (CONNECTION_FIELDS.has(key)) continue;
    const known = headers[key];
    headers[key] = known === undefined ? value : [known, value].flat();
  }
  if (bodyLength !== undefined && request.body !== undefined) {
    headers["content-length"] ??= String(bodyLength);
  }
  return headers;
}

function toList(headers: IncomingHttpHeaders): (readonly [string, string])[] {
  return Object.entries(headers).filter(([name]) => !name.startsWith(":"))
    .flatMap(([name, value]) =>
      [value ?? []].flat().map((each) => [name, String(each)] as const)
    );
}
