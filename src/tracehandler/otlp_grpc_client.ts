import http2 from "node:http2";
import { gunzipSync, gzipSync } from "node:zlib";
import { encodeOtlp } from "../profile/otlp_encoder.ts";
import type { OtlpProfiles } from "../profile/otlp_types.ts";
import {
  GRPC_RETRYABLE,
  GRPC_STATUS,
  GRPC_STATUS_NAMES,
} from "./grpc_status_table.ts";
import { frameGrpcMessage, unframeGrpcMessage } from "./grpc_framing.ts";
import { decodeGrpcMessage } from "./grpc_message.ts";
import { OTLP_GRPC_PATH, type OtlpEndpoint } from "./otlp_endpoint.ts";
import {
  decodeOtlpResponse,
  decodeRpcStatus,
} from "./otlp_response_decoder.ts";
import {
  DEFAULT_EXPORT_TIMEOUT_MS,
  type ExportOutcome,
  MAX_RESPONSE_BYTES,
  NO_PROFILES_HINT,
  type OtlpTransport,
  type OtlpTransportOptions,
} from "./otlp_transport.ts";

const MAX_REASON = 300;

/** What came back of one call. */
interface Answer {
  /** HTTP status, 0 where there was none. */
  readonly httpStatus: number;
  readonly contentType: string;
  readonly status: string | undefined;
  readonly message: string;
  readonly details: string | undefined;
  readonly body: Uint8Array;
}

/** Sends OTLP profiles over gRPC, with TLS or without. */
export class OtlpGrpcClient implements OtlpTransport {
  readonly #url: string;
  readonly #options: OtlpTransportOptions;
  #session: http2.ClientHttp2Session | undefined;

  /**
   * @param endpoint Where to send to.
   * @param options Headers, packing, certificates.
   */
  constructor(endpoint: OtlpEndpoint, options: OtlpTransportOptions = {}) {
    this.#url = endpoint.url;
    this.#options = options;
  }

  encode(profiles: OtlpProfiles): Uint8Array<ArrayBuffer> {
    return encodeOtlp(profiles, { layout: this.#options.layout });
  }

  async send(
    bytes: Uint8Array<ArrayBuffer>,
    signal: AbortSignal,
  ): Promise<ExportOutcome> {
    const { timeoutMs = DEFAULT_EXPORT_TIMEOUT_MS } = this.#options;
    const timeout = AbortSignal.timeout(timeoutMs);
    try {
      const answer = await this.#call(
        bytes,
        timeoutMs,
        AbortSignal.any([signal, timeout]),
      );
      return judge(answer);
    } catch (error) {
      this.#drop();
      if (signal.aborted) throw signal.reason;
      if (timeout.aborted) {
        return {
          type: "retry",
          reason: `no answer within ${timeoutMs} ms`,
          delayMs: undefined,
        };
      }
      return judgeFailure(error, this.#url);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const session = this.#session;
    this.#session = undefined;
    if (session === undefined || session.destroyed) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    session.close(() => resolve());
    // A peer that does not answer must not hold the program.
    const timer = setTimeout(() => session.destroy(), 500);
    session.on("close", () => resolve());
    await promise;
    clearTimeout(timer);
  }

  #connect(): http2.ClientHttp2Session {
    const known = this.#session;
    if (known !== undefined && !known.closed && !known.destroyed) return known;
    const { caCertificates, clientCertificate, clientKey } = this.#options;
    const session = http2.connect(this.#url, {
      ...(caCertificates === undefined ? {} : { ca: [...caCertificates] }),
      ...(clientCertificate === undefined
        ? {}
        : { cert: clientCertificate, key: clientKey ?? "" }),
    });
    // Errors reach the calls that are under way; without one nobody needs them.
    session.on("error", () => {});
    session.on("goaway", () => {
      if (this.#session === session) this.#session = undefined;
    });
    this.#session = session;
    return session;
  }

  #drop(): void {
    this.#session?.destroy();
    this.#session = undefined;
  }

  #call(
    bytes: Uint8Array,
    timeoutMs: number,
    signal: AbortSignal,
  ): Promise<Answer> {
    const { gzip = true, headers } = this.#options;
    const { promise, resolve, reject } = Promise.withResolvers<Answer>();
    signal.throwIfAborted();
    const session = this.#connect();
    const request = session.request({
      ...headers,
      ":method": "POST",
      ":path": OTLP_GRPC_PATH,
      "content-type": "application/grpc+proto",
      "te": "trailers",
      "grpc-timeout": `${Math.ceil(timeoutMs)}m`,
      ...(gzip ? { "grpc-encoding": "gzip" } : {}),
      "grpc-accept-encoding": "gzip",
    });
    let headersOf: http2.IncomingHttpHeaders = {};
    let trailers: http2.IncomingHttpHeaders = {};
    const parts: Uint8Array[] = [];
    let size = 0;
    const onSessionError = (error: Error) => fail(error);
    const onAbort = () => fail(signal.reason);
    let isSettled = false;
    const settle = () => {
      isSettled = true;
      signal.removeEventListener("abort", onAbort);
      session.off("error", onSessionError);
    };
    const fail = (error: unknown) => {
      if (isSettled) return;
      settle();
      request.close(http2.constants.NGHTTP2_CANCEL);
      reject(error);
    };
    session.on("error", onSessionError);
    signal.addEventListener("abort", onAbort);
    request.on("response", (received) => headersOf = received);
    request.on("trailers", (received) => trailers = received);
    request.on("data", (part: Uint8Array) => {
      // What is beyond the limit is not kept; the status comes behind it.
      if (size < MAX_RESPONSE_BYTES) parts.push(part);
      size += part.length;
    });
    request.on("error", fail);
    const finish = () => {
      if (isSettled) return;
      settle();
      const header = (name: string) => trailers[name] ?? headersOf[name];
      const status = header("grpc-status");
      if (headersOf[":status"] === undefined && status === undefined) {
        reject(new Error("Cannot read answer: connection was closed"));
        return;
      }
      resolve({
        httpStatus: Number(headersOf[":status"] ?? 0),
        contentType: String(headersOf["content-type"] ?? ""),
        status: status === undefined ? undefined : String(status),
        message: decodeGrpcMessage(String(header("grpc-message") ?? "")),
        details: header("grpc-status-details-bin") as string | undefined,
        body: joinParts(parts),
      });
    };
    request.on("close", finish);
    // Deno 2.6 never says that a stream is closed.
    request.on("end", () => setTimeout(finish, 0));
    request.end(
      frameGrpcMessage(gzip ? gzipSync(bytes) : bytes, { isPacked: gzip }),
    );
    return promise;
  }
}

function judge(answer: Answer): ExportOutcome {
  const { httpStatus, status, message, details, body } = answer;
  if (status === undefined) {
    const reason = httpStatus === 200
      ? "answer has no gRPC status"
      : `HTTP status ${httpStatus}`;
    const isWeb = !answer.contentType.startsWith("application/grpc");
    const hint = isWeb
      ? "; the other side may speak HTTP only: use http:// with port 4318"
      : "";
    if ([429, 502, 503, 504].includes(httpStatus)) {
      return { type: "retry", reason, delayMs: undefined };
    }
    return {
      type: "refused",
      reason: `${reason}${hint}`,
      isTooLarge: httpStatus === 413,
    };
  }
  const code = Number(status);
  if (code === GRPC_STATUS.ok) {
    const { rejectedProfiles, message } = decodeOtlpResponse(
      responseOf(body),
    );
    return { type: "sent", rejected: rejectedProfiles, message };
  }
  const retryDelayMs = details === undefined
    ? undefined
    : decodeRpcStatus(decodeBinaryHeader(details)).retryDelayMs;
  const reason = `gRPC status ${GRPC_STATUS_NAMES[code] ?? status}${
    message === "" ? "" : `: ${message.slice(0, MAX_REASON)}`
  }`;
  const isExhausted = code === GRPC_STATUS.resourceExhausted;
  if (
    GRPC_RETRYABLE.has(code) || (isExhausted && retryDelayMs !== undefined)
  ) return { type: "retry", reason, delayMs: retryDelayMs };
  return {
    type: "refused",
    reason: `${reason}${hintOf(code)}`,
    // Servers say so when a message is larger than they accept.
    isTooLarge: isExhausted && /larger than max|too large/i.test(message),
  };
}

function hintOf(code: number): string {
  switch (code) {
    case GRPC_STATUS.unimplemented:
      return `; ${NO_PROFILES_HINT}`;
    case GRPC_STATUS.unauthenticated:
    case GRPC_STATUS.permissionDenied:
      return "; give credentials with a header";
    default:
      return "";
  }
}

function judgeFailure(error: unknown, url: string): ExportOutcome {
  const text = error instanceof Error ? error.message : String(error);
  // The connection's error stands behind that of the stream.
  const message = /\(caused by: (.*)\)$/s.exec(text)?.[1] ?? text;
  if (/certificate|UnknownIssuer|self.signed/i.test(message)) {
    return { type: "refused", reason: message, isTooLarge: false };
  }
  const isForeign =
    /protocol error|PROTOCOL_ERROR|HTTP_1_1_REQUIRED|frame|preface/i
      .test(message);
  const hint = isForeign || new URL(url).port === "4318"
    ? "; the other side may speak HTTP only: use http:// with port 4318"
    : "";
  return {
    type: "retry",
    reason: `${message.slice(0, MAX_REASON)}${hint}`,
    delayMs: undefined,
  };
}

/** The message behind its frame; nothing where there is none. */
function responseOf(body: Uint8Array): Uint8Array {
  const frame = unframeGrpcMessage(body);
  if (frame === undefined) return new Uint8Array(0);
  if (!frame.isPacked) return frame.message;
  try {
    return gunzipSync(frame.message, { maxOutputLength: MAX_RESPONSE_BYTES });
  } catch {
    return new Uint8Array(0);
  }
}

function decodeBinaryHeader(text: string): Uint8Array {
  try {
    return Uint8Array.fromBase64(text);
  } catch {
    return new Uint8Array(0);
  }
}

function joinParts(parts: readonly Uint8Array[]): Uint8Array {
  const size = parts.reduce((sum, part) => sum + part.length, 0);
  const bytes = new Uint8Array(size);
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}
