import http2 from "node:http2";
import { abortableStream } from "../base/abortable_stream.ts";
import { FormatError, LimitError } from "../base/errors.ts";
import { ProtobufWriter } from "../codec/protobuf_writer.ts";
import { collectBytes } from "../container/collect_bytes.ts";
import { readGzip } from "../container/gzip.ts";
import { decodeOtlp } from "../profile/otlp_decoder.ts";
import { decodeOtlpJson } from "../profile/otlp_json_decoder.ts";
import type { OtlpProfiles } from "../profile/otlp_types.ts";
import { encodeGrpcMessage } from "./grpc_message.ts";
import { frameGrpcMessage, unframeGrpcMessage } from "./grpc_framing.ts";
import { GRPC_STATUS } from "./grpc_status_table.ts";
import { OTLP_GRPC_PATH, OTLP_HTTP_PATH } from "./otlp_endpoint.ts";

/** A message that was received. */
export interface ReceivedOtlp {
  readonly profiles: OtlpProfiles;
  /** The message as protobuf or JSON, unpacked. */
  readonly bytes: Uint8Array;
  readonly transport: "grpc" | "http/protobuf" | "http/json";
}

/** How {@linkcode listenOtlp} listens. */
export interface ListenOtlpOptions {
  /** Address and port for HTTP; port 0 takes any. @default {no HTTP} */
  readonly http?: OtlpServerAddress | undefined;
  /** Address and port for gRPC without TLS; port 0 takes any. @default {no gRPC} */
  readonly grpc?: OtlpServerAddress | undefined;
  /**
   * Takes a message. The sender is answered when the promise is resolved; when
   * it is rejected, it is asked to try again.
   */
  readonly onProfiles: (received: ReceivedOtlp) => Promise<void> | void;
  /** Answers HTTP requests on other paths. @default {they are not found} */
  readonly onRequest?:
    | ((request: Request) => Promise<Response> | Response)
    | undefined;
  /** Most bytes of a message, unpacked. @default {67108864} */
  readonly maxMessageBytes?: number | undefined;
  /** Most messages at a time; senders of more are asked to try again. @default {16} */
  readonly maxMessages?: number | undefined;
  /** Milliseconds in which a message must have come whole. @default {60000} */
  readonly receiveTimeoutMs?: number | undefined;
  /** Told why a message was not taken. @default {nobody} */
  readonly log?: ((message: string) => void) | undefined;
}

/** Where a server listens. */
export interface OtlpServerAddress {
  readonly hostname: string;
  readonly port: number;
}

const DEFAULT_MAX_BYTES = 64 * 1024 * 1024;
const DEFAULT_MAX_MESSAGES = 16;
const DEFAULT_RECEIVE_MS = 60_000;
/** After which a sender that came at a bad time may come again. */
const RETRY_AFTER_SECONDS = 1;
const GZIP = "gzip";
/** Of the frame around a gRPC message. */
const PREFIX_BYTES = 5;

/** Why a request is not taken. */
class Refusal extends Error {
  override name = "Refusal";
  readonly httpStatus: number;
  readonly grpcStatus: number;

  constructor(message: string, httpStatus: number, grpcStatus: number) {
    super(message);
    this.httpStatus = httpStatus;
    this.grpcStatus = grpcStatus;
  }
}

/** Receives OTLP profiles; dispose it to stop. */
export interface OtlpServer extends AsyncDisposable {
  /** Where it listens for HTTP. */
  readonly httpAddress: OtlpServerAddress | undefined;
  /** Where it listens for gRPC. */
  readonly grpcAddress: OtlpServerAddress | undefined;
}

/**
 * Listens for OTLP profiles over HTTP, as protobuf or JSON, and over gRPC.
 *
 * @param options Where, and what is done with messages.
 * @returns The server.
 * @throws {Deno.errors.AddrInUse} When an address is taken.
 */
export async function listenOtlp(
  options: ListenOtlpOptions,
): Promise<OtlpServer> {
  const server = new Receiver(options);
  try {
    if (options.http !== undefined) {
      const { http } = options;
      await explainTaken(http, () => server.listenHttp(http));
    }
    if (options.grpc !== undefined) {
      const { grpc } = options;
      await explainTaken(grpc, () => server.listenGrpc(grpc));
    }
    return server;
  } catch (error) {
    await server[Symbol.asyncDispose]();
    throw error;
  }
}

/** The system's own words name no address. */
async function explainTaken(
  { hostname, port }: OtlpServerAddress,
  listen: () => Promise<void> | void,
): Promise<void> {
  try {
    await listen();
  } catch (cause) {
    const isTaken = cause instanceof Deno.errors.AddrInUse ||
      (cause instanceof Error && cause.message.includes("EADDRINUSE"));
    if (!isTaken) throw cause;
    throw new Deno.errors.AddrInUse(
      `Cannot listen on ${hostname}:${port}: the address is taken`,
      { cause },
    );
  }
}

class Receiver implements OtlpServer {
  httpAddress: OtlpServerAddress | undefined;
  grpcAddress: OtlpServerAddress | undefined;
  readonly #options: ListenOtlpOptions;
  readonly #maxBytes: number;
  readonly #maxMessages: number;
  readonly #receiveMs: number;
  #receiving = 0;
  readonly #stack = new AsyncDisposableStack();

  constructor(options: ListenOtlpOptions) {
    this.#options = options;
    this.#maxBytes = options.maxMessageBytes ?? DEFAULT_MAX_BYTES;
    this.#maxMessages = options.maxMessages ?? DEFAULT_MAX_MESSAGES;
    this.#receiveMs = options.receiveTimeoutMs ?? DEFAULT_RECEIVE_MS;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#stack.disposeAsync();
  }

  listenHttp({ hostname, port }: OtlpServerAddress): void {
    const server = Deno.serve({
      hostname,
      port,
      onListen: () => {},
      onError: (error) => {
        this.#log(error);
        return new Response(null, { status: 500 });
      },
    }, (request) => this.#answerHttp(request));
    this.#stack.defer(() => server.shutdown());
    this.httpAddress = { hostname, port: server.addr.port };
  }

  async #answerHttp(request: Request): Promise<Response> {
    const { pathname } = new URL(request.url);
    if (pathname !== OTLP_HTTP_PATH) {
      const answer = await this.#options.onRequest?.(request);
      await discard(request);
      return answer ?? new Response("not found\n", { status: 404 });
    }
    if (request.method !== "POST") {
      await discard(request);
      return new Response("send profiles with POST\n", {
        status: 405,
        headers: { allow: "POST" },
      });
    }
    const type = request.headers.get("content-type")?.split(";", 1)[0]?.trim()
      .toLowerCase() ?? "";
    const isJson = type === "application/json";
    try {
      if (!isJson && type !== "application/x-protobuf") {
        throw new Refusal(
          `Cannot read profiles: content type is "${type}", expected application/x-protobuf or application/json`,
          415,
          GRPC_STATUS.invalidArgument,
        );
      }
      const encoding = request.headers.get("content-encoding") ?? "identity";
      using receiving = this.#enter();
      const bytes = await this.#collect(
        abortableStream(toAsync(request.body ?? []), receiving.signal),
        encoding,
      );
      receiving.signal.throwIfAborted();
      await this.#take(bytes, isJson ? "http/json" : "http/protobuf");
      return isJson ? Response.json({}) : new Response(new Uint8Array(0), {
        headers: { "content-type": "application/x-protobuf" },
      });
    } catch (error) {
      const refusal = refusalOf(error);
      this.#log(refusal);
      await discard(request);
      return statusResponse(refusal, isJson);
    }
  }

  async listenGrpc({ hostname, port }: OtlpServerAddress): Promise<void> {
    const server = http2.createServer();
    const sessions = new Set<http2.ServerHttp2Session>();
    server.on("session", (session: http2.ServerHttp2Session) => {
      sessions.add(session);
      session.on("close", () => sessions.delete(session));
      session.on("error", () => session.destroy());
    });
    server.on("stream", (stream, headers) => {
      stream.on("error", () => {});
      void this.#answerGrpc(stream, headers);
    });
    const listening = Promise.withResolvers<void>();
    server.once("error", listening.reject);
    server.listen(port, hostname, () => listening.resolve());
    await listening.promise;
    server.off("error", listening.reject);
    server.on("error", (error) => this.#log(error));
    const address = server.address();
    this.grpcAddress = {
      hostname,
      port: typeof address === "object" && address !== null
        ? address.port
        : port,
    };
    this.#stack.defer(async () => {
      const closed = Promise.withResolvers<void>();
      server.close(() => closed.resolve());
      for (const session of sessions) session.destroy();
      await closed.promise;
    });
  }

  async #answerGrpc(
    stream: http2.ServerHttp2Stream,
    headers: http2.IncomingHttpHeaders,
  ): Promise<void> {
    let refusal: Refusal | undefined;
    try {
      if (headers[":path"] !== OTLP_GRPC_PATH) {
        throw new Refusal(
          `Cannot answer ${headers[":path"]}: only profiles are taken`,
          404,
          GRPC_STATUS.unimplemented,
        );
      }
      using receiving = this.#enter();
      const framed = await readStream(
        stream,
        this.#maxBytes + PREFIX_BYTES,
        receiving.signal,
      );
      const frame = unframeGrpcMessage(framed);
      if (frame === undefined) {
        throw new Refusal(
          `Cannot read gRPC message: ${framed.length} bytes came`,
          400,
          GRPC_STATUS.invalidArgument,
        );
      }
      const encoding = String(headers["grpc-encoding"] ?? "identity");
      const bytes = frame.isPacked
        ? await this.#collect(toAsync([frame.message]), encoding)
        : frame.message;
      await this.#take(bytes, "grpc");
    } catch (error) {
      refusal = refusalOf(error);
      this.#log(refusal);
    }
    if (stream.destroyed) return;
    const status = {
      "grpc-status": String(refusal?.grpcStatus ?? GRPC_STATUS.ok),
      ...(refusal === undefined
        ? {}
        : { "grpc-message": encodeGrpcMessage(refusal.message) }),
    };
    const head = {
      ":status": 200,
      "content-type": "application/grpc+proto",
    };
    if (refusal !== undefined) {
      // Without a message the status comes with the first headers.
      respond(stream, { ...head, ...status }, { endStream: true });
      // What still comes is of no use.
      stream.close(http2.constants.NGHTTP2_NO_ERROR);
      return;
    }
    respond(stream, head, { waitForTrailers: true });
    stream.on("wantTrailers", () => stream.sendTrailers(status));
    // Deno 2.6 sends nothing that is given to `end`.
    stream.write(frameGrpcMessage(new Uint8Array(0)));
    stream.end();
  }

  /** Makes room for a message, which must come in time. */
  #enter(): Receiving {
    if (this.#receiving >= this.#maxMessages) {
      throw new Refusal(
        `Cannot receive profiles: ${this.#receiving} messages are coming already`,
        503,
        GRPC_STATUS.unavailable,
      );
    }
    this.#receiving++;
    return new Receiving(this.#receiveMs, () => this.#receiving--);
  }

  async #collect(
    source: AsyncIterable<Uint8Array>,
    encoding: string,
  ): Promise<Uint8Array> {
    const maxBytes = this.#maxBytes;
    if (encoding === "identity") {
      return await collectBytes(source, { maxBytes, what: "profiles" });
    }
    if (encoding !== GZIP) {
      throw new Refusal(
        `Cannot unpack profiles: encoding is "${encoding}", expected ${GZIP}`,
        415,
        GRPC_STATUS.unimplemented,
      );
    }
    return await collectBytes(
      readGzip(bounded(source, maxBytes), {
        limits: { maxDecompressedBytes: maxBytes },
      }),
      { maxBytes, what: "profiles" },
    );
  }

  async #take(
    bytes: Uint8Array,
    transport: ReceivedOtlp["transport"],
  ): Promise<void> {
    const profiles = transport === "http/json"
      ? decodeOtlpJson(new TextDecoder().decode(bytes))
      : decodeOtlp(bytes);
    try {
      await this.#options.onProfiles({ profiles, bytes, transport });
    } catch (error) {
      throw new Refusal(
        error instanceof Error ? error.message : String(error),
        503,
        GRPC_STATUS.unavailable,
      );
    }
  }

  #log(error: unknown): void {
    this.#options.log?.(error instanceof Error ? error.message : String(error));
  }
}

/** A message on its way. */
class Receiving implements Disposable {
  readonly #late = new AbortController();
  readonly #timer: ReturnType<typeof setTimeout>;
  readonly #onEnd: () => void;

  constructor(timeoutMs: number, onEnd: () => void) {
    this.#onEnd = onEnd;
    this.#timer = setTimeout(() =>
      this.#late.abort(
        new Refusal(
          `Cannot receive profiles: they did not come within ${timeoutMs} ms`,
          503,
          GRPC_STATUS.unavailable,
        ),
      ), timeoutMs);
  }

  /** Aborted with a {@linkcode Refusal} when it takes too long. */
  get signal(): AbortSignal {
    return this.#late.signal;
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#timer);
    this.#onEnd();
  }
}

/** Sends the first headers of an answer. */
function respond(
  stream: http2.ServerHttp2Stream,
  headers: http2.OutgoingHttpHeaders,
  options: http2.ServerStreamResponseOptions,
): void {
  stream.respond(headers, options);
  // Deno 2.6 only takes the status over, but sends what its answer has.
  const { _response: answer } = stream as { _response?: unknown };
  if (!(answer instanceof Response)) return;
  for (const [name, value] of Object.entries(headers)) {
    if (!name.startsWith(":")) answer.headers.set(name, String(value));
  }
}

/** What nobody reads must not hold the connection. */
async function discard(request: Request): Promise<void> {
  if (request.bodyUsed || request.body === null) return;
  await request.body.cancel().catch(() => {});
}

/** The body of a gRPC call, bounded. */
function readStream(
  stream: http2.ServerHttp2Stream,
  maxBytes: number,
  signal: AbortSignal,
): Promise<Uint8Array> {
  const { promise, resolve, reject } = Promise.withResolvers<Uint8Array>();
  const parts: Uint8Array[] = [];
  let size = 0;
  signal.addEventListener("abort", () => {
    parts.length = 0;
    reject(signal.reason);
  });
  stream.on("data", (part: Uint8Array) => {
    size += part.length;
    if (signal.aborted) return;
    if (size <= maxBytes) parts.push(part);
    else {
      parts.length = 0;
      reject(
        new LimitError(
          `Cannot receive profiles: more than ${maxBytes} bytes came`,
          { limit: "maxDecompressedBytes", value: size, offset: maxBytes },
        ),
      );
    }
  });
  stream.on("end", () => {
    if (signal.aborted || size > maxBytes) return;
    const bytes = new Uint8Array(size);
    let at = 0;
    for (const part of parts) {
      bytes.set(part, at);
      at += part.length;
    }
    resolve(bytes);
  });
  stream.on(
    "close",
    () => reject(new Error("Cannot receive profiles: connection was closed")),
  );
  return promise;
}

function refusalOf(error: unknown): Refusal {
  if (error instanceof Refusal) return error;
  if (error instanceof LimitError) {
    const isSize = error.limit === "maxDecompressedBytes" ||
      error.limit === "maxCompressionRatio";
    return new Refusal(
      error.message,
      isSize ? 413 : 400,
      isSize ? GRPC_STATUS.resourceExhausted : GRPC_STATUS.invalidArgument,
    );
  }
  if (error instanceof FormatError) {
    return new Refusal(error.message, 400, GRPC_STATUS.invalidArgument);
  }
  return new Refusal(
    error instanceof Error ? error.message : String(error),
    500,
    GRPC_STATUS.internal,
  );
}

function statusResponse(refusal: Refusal, isJson: boolean): Response {
  const { message, httpStatus, grpcStatus } = refusal;
  const retry: Record<string, string> = httpStatus === 503
    ? { "retry-after": String(RETRY_AFTER_SECONDS) }
    : {};
  const status = { status: httpStatus, headers: retry };
  if (isJson) return Response.json({ code: grpcStatus, message }, status);
  const writer = new ProtobufWriter();
  writer.int(1, grpcStatus);
  writer.string(2, message);
  return new Response(writer.toBytes(), {
    ...status,
    headers: { ...retry, "content-type": "application/x-protobuf" },
  });
}

async function* toAsync(
  body: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
): AsyncGenerator<Uint8Array> {
  yield* body;
}

/** Bounds what comes in; what is unpacked has its own bound. */
async function* bounded(
  source: AsyncIterable<Uint8Array>,
  maxBytes: number,
): AsyncGenerator<Uint8Array> {
  let size = 0;
  for await (const chunk of source) {
    size += chunk.length;
    if (size > maxBytes) {
      throw new LimitError(
        `Cannot receive profiles: more than ${maxBytes} bytes came`,
        { limit: "maxDecompressedBytes", value: size, offset: maxBytes },
      );
    }
    yield chunk;
  }
}
