import { collectBytes } from "../container/collect_bytes.ts";
import { writeGzip } from "../container/gzip.ts";
import { encodeOtlp } from "../profile/otlp_encoder.ts";
import { encodeOtlpJson } from "../profile/otlp_json_encoder.ts";
import type { OtlpProfiles } from "../profile/otlp_types.ts";
import { HTTP_RETRYABLE } from "./grpc_status_table.ts";
import type { OtlpEndpoint } from "./otlp_endpoint.ts";
import {
  decodeOtlpResponse,
  decodeOtlpResponseJson,
  decodeRpcStatus,
  decodeRpcStatusJson,
} from "./otlp_response_decoder.ts";
import {
  DEFAULT_EXPORT_TIMEOUT_MS,
  type ExportOutcome,
  MAX_RESPONSE_BYTES,
  NO_PROFILES_HINT,
  type OtlpTransport,
  type OtlpTransportOptions,
} from "./otlp_transport.ts";

const MAX_PACKED_BYTES = 128 * 1024 * 1024;
const MAX_REASON = 300;

/** Sends OTLP profiles over HTTP, as protobuf or JSON. */
export class OtlpHttpClient implements OtlpTransport {
  readonly #url: string;
  readonly #isJson: boolean;
  readonly #options: OtlpTransportOptions;
  readonly #client: Deno.HttpClient | undefined;

  /**
   * @param endpoint Where to send to.
   * @param options Headers, packing, certificates.
   */
  constructor(endpoint: OtlpEndpoint, options: OtlpTransportOptions = {}) {
    this.#url = endpoint.url;
    this.#isJson = endpoint.protocol === "http/json";
    this.#options = options;
    const { caCertificates, clientCertificate, clientKey } = options;
    if (caCertificates !== undefined || clientCertificate !== undefined) {
      this.#client = Deno.createHttpClient({
        ...(caCertificates === undefined
          ? {}
          : { caCerts: [...caCertificates] }),
        ...(clientCertificate === undefined
          ? {}
          : { cert: clientCertificate, key: clientKey ?? "" }),
      });
    }
  }

  encode(profiles: OtlpProfiles): Uint8Array<ArrayBuffer> {
    return this.#isJson
      ? new TextEncoder().encode(encodeOtlpJson(profiles))
      : encodeOtlp(profiles, { layout: this.#options.layout });
  }

  async send(
    bytes: Uint8Array<ArrayBuffer>,
    signal: AbortSignal,
  ): Promise<ExportOutcome> {
    const { headers, gzip = true, timeoutMs = DEFAULT_EXPORT_TIMEOUT_MS } =
      this.#options;
    const timeout = AbortSignal.timeout(timeoutMs);
    const contentType = this.#isJson
      ? "application/json"
      : "application/x-protobuf";
    try {
      const response = await fetch(this.#url, {
        method: "POST",
        headers: {
          "content-type": contentType,
          "accept": contentType,
          ...(gzip ? { "content-encoding": "gzip" } : {}),
          ...headers,
        },
        body: gzip ? await pack(bytes) : bytes,
        redirect: "manual",
        signal: AbortSignal.any([signal, timeout]),
        ...(this.#client === undefined ? {} : { client: this.#client }),
      });
      return this.#judge(response, await readStart(response));
    } catch (error) {
      if (signal.aborted) throw signal.reason;
      if (timeout.aborted) {
        return {
          type: "retry",
          reason: `no answer within ${timeoutMs} ms`,
          delayMs: undefined,
        };
      }
      return this.#judgeFailure(error);
    }
  }

  // deno-lint-ignore require-await
  async [Symbol.asyncDispose](): Promise<void> {
    this.#client?.close();
  }

  #judge(response: Response, body: Uint8Array): ExportOutcome {
    const { status } = response;
    const isJson = response.headers.get("content-type")?.startsWith(
      "application/json",
    ) ?? this.#isJson;
    const text = () => new TextDecoder().decode(body);
    if (status >= 200 && status < 300) {
      const { rejectedProfiles, message } = isJson
        ? decodeOtlpResponseJson(text())
        : decodeOtlpResponse(body);
      return { type: "sent", rejected: rejectedProfiles, message };
    }
    const { message } = isJson
      ? decodeRpcStatusJson(text())
      : decodeRpcStatus(body);
    const said = message !== ""
      ? message
      : response.headers.get("content-type")?.startsWith("text/")
      ? text().trim()
      : "";
    const reason = `HTTP status ${status}${
      said === "" ? "" : `: ${said.slice(0, MAX_REASON)}`
    }`;
    if (HTTP_RETRYABLE.has(status)) {
      return {
        type: "retry",
        reason,
        delayMs: parseRetryAfter(
          response.headers.get("retry-after"),
          this.#options.now?.() ?? Date.now(),
        ),
      };
    }
    return {
      type: "refused",
      reason: `${reason}${hintOf(status)}`,
      isTooLarge: status === 413,
    };
  }

  #judgeFailure(error: unknown): ExportOutcome {
    const message = describeFailure(error);
    const { port, protocol } = new URL(this.#url);
    const hint = /HTTP version|invalid HTTP|http2 error/i.test(message) ||
        port === "4317"
      ? "; the other side may speak gRPC: use grpc:// with port 4317"
      : "";
    if (protocol === "https:" && /certificate|UnknownIssuer/i.test(message)) {
      return { type: "refused", reason: message, isTooLarge: false };
    }
    return {
      type: "retry",
      reason: `${message.slice(0, MAX_REASON)}${hint}`,
      delayMs: undefined,
    };
  }
}

/**
 * Reads the header that says when to try again.
 *
 * @param text Seconds, or an HTTP date.
 * @param nowMs Milliseconds since 1970.
 * @returns Milliseconds to wait, or `undefined`.
 */
export function parseRetryAfter(
  text: string | null,
  nowMs: number,
): number | undefined {
  if (text === null) return undefined;
  const trimmed = text.trim();
  if (/^\d{1,9}$/.test(trimmed)) return Number(trimmed) * 1000;
  const date = Date.parse(trimmed);
  return Number.isNaN(date) ? undefined : Math.max(0, date - nowMs);
}

function hintOf(status: number): string {
  switch (status) {
    case 404:
    case 405:
      return `; ${NO_PROFILES_HINT}`;
    case 401:
    case 403:
      return "; give credentials with a header";
    case 415:
      return "; the collector takes another encoding";
    default:
      return status >= 300 && status < 400
        ? "; the collector sends elsewhere: give its final address"
        : "";
  }
}

/** What fetch says of a failure lies in its cause, behind the address and the layers that it passed. */
function describeFailure(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { message, cause } = error;
  const whole = cause instanceof Error && !message.includes(cause.message)
    ? `${message}: ${cause.message}`
    : message;
  return whole.replace(
    /(?:fetch failed: )?error sending request(?: from \S+)? for (?:url )?\(?\S+\)?(?: \([^)]*\))?: /,
    "",
  )
    .replace(/client error \(\w+\): /, "")
    .replace(/ \(os error \d+\)/, "");
}

async function pack(
  bytes: Uint8Array,
): Promise<Uint8Array<ArrayBuffer>> {
  const packed = await collectBytes(writeGzip([bytes]), {
    maxBytes: MAX_PACKED_BYTES,
    what: "packed message",
  });
  return packed as Uint8Array<ArrayBuffer>;
}

/** The body as far as it is looked at; what follows is not waited for. */
async function readStart(response: Response): Promise<Uint8Array> {
  if (response.body === null) return new Uint8Array(0);
  const parts: Uint8Array[] = [];
  let size = 0;
  for await (const part of response.body) {
    parts.push(part.subarray(0, MAX_RESPONSE_BYTES - size));
    size += part.length;
    // Leaving the loop cancels the rest.
    if (size >= MAX_RESPONSE_BYTES) break;
  }
  const bytes = new Uint8Array(Math.min(size, MAX_RESPONSE_BYTES));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}
