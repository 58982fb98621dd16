import { delay, openScope, untilAborted } from "./_abort.ts";
import type { ByteChannel } from "./_byte_channel.ts";
import { StaleConnectionError } from "./_http_connection.ts";
import type {
  HttpConnection,
  HttpConnectionLimits,
  IncomingResponse,
  OutgoingRequest,
} from "./_http_connection.ts";
import type { LiveConn } from "./_live_records.ts";
import { Http1ResponseDecoder, valuesOf } from "./http1_response_decoder.ts";
import type { HttpResponseHead } from "./http1_response_decoder.ts";
import { RequestError } from "./request_error.ts";

const encoder = new TextEncoder();
const MAX_INFORMATIONAL = 16;
/** How long a response is waited for when the request could not be sent. */
const LATE_RESPONSE_MS = 50;

/** What an {@linkcode Http1Connection} is told of its use. */
export interface Http1ConnectionOptions {
  readonly conn: LiveConn;
  readonly limits: HttpConnectionLimits;
  /** Called when another request can be sent, or when it is closed. */
  readonly onIdle: () => void;
}

/** HTTP/1.1 on one connection, one request after the other. */
export class Http1Connection implements HttpConnection {
  readonly version = 1;
  readonly conn: LiveConn;
  readonly #channel: ByteChannel;
  readonly #options: Http1ConnectionOptions;
  #requestCount = 0;
  #state: "idle" | "busy" | "closed" = "idle";

  constructor(channel: ByteChannel, options: Http1ConnectionOptions) {
    this.conn = options.conn;
    this.#channel = channel;
    this.#options = options;
  }

  get isUsable(): boolean {
    // Bytes that nobody asked for, or the end: the server is done with it.
    return this.#state === "idle" && !this.#channel.isClosed &&
      !this.#channel.hasPending;
  }

  get isClosed(): boolean {
    return this.#state === "closed" || this.#channel.isClosed;
  }

  get requestCount(): number {
    return this.#requestCount;
  }

  async roundTrip(request: OutgoingRequest): Promise<IncomingResponse> {
    this.#state = "busy";
    const isReused = this.#requestCount++ > 0;
    const receivedBefore = this.conn.receivedBytes;
    const decoder = new Http1ResponseDecoder({
      method: request.method,
      maxHeaderBytes: this.#options.limits.maxHeaderBytes,
    });
    const onAbort = () => this.#channel.close();
    request.signal.addEventListener("abort", onAbort, { once: true });
    try {
      const head = await untilAborted(
        request.signal,
        this.#exchange(request, decoder),
      );
      const isEmpty = decoder.isDone;
      if (isEmpty) {
        request.signal.removeEventListener("abort", onAbort);
        this.#finish(request, decoder, head, true);
      }
      return {
        ...head,
        isEmpty,
        body: isEmpty ? nothing() : this.#body(request, decoder, head, onAbort),
        cancel: () => {
          if (isEmpty) return;
          request.signal.removeEventListener("abort", onAbort);
          this.close();
        },
      };
    } catch (error) {
      request.signal.removeEventListener("abort", onAbort);
      this.close();
      const isSilent = this.conn.receivedBytes === receivedBefore;
      const mayRepeat = isReused && isSilent && !request.signal.aborted &&
        error instanceof RequestError && !error.isTimeout;
      if (!mayRepeat) throw error;
      throw new StaleConnectionError(error.reason, {
        phase: error.phase,
        cause: error,
      });
    }
  }

  close(): void {
    if (this.#state === "closed") return;
    this.#state = "closed";
    this.#channel.close();
    this.#options.onIdle();
  }

  async #exchange(
    request: OutgoingRequest,
    decoder: Http1ResponseDecoder,
  ): Promise<HttpResponseHead> {
    const { limits } = this.#options;
    const waitsForContinue = request.body !== undefined &&
      limits.expectContinueTimeoutMs > 0 &&
      valuesOf(request.header, "expect").includes("100-continue");
    await this.#channel.write(encodeHead(request));
    const sendBody = Promise.withResolvers<boolean>();
    if (!waitsForContinue) sendBody.resolve(true);
    using continueScope = openScope(
      undefined,
      waitsForContinue ? limits.expectContinueTimeoutMs : 0,
      () => new RequestError("", { phase: "timeout" }),
    );
    continueScope.signal.addEventListener(
      "abort",
      () => sendBody.resolve(true),
    );
    const sending = this.#sendBody(request, sendBody.promise);
    sending.catch(() => {});
    const reading = this.#readHead(decoder, () => sendBody.resolve(true));
    reading.catch(() => {});
    // The response may come before the body is out: then it counts, and also
    // if the server has closed behind it.
    const sent = sending.then(() => undefined, async (error) => {
      const over = new AbortController();
      const late = delay(LATE_RESPONSE_MS, over.signal).then(() => undefined);
      const head = await Promise.race([reading.catch(() => undefined), late]);
      over.abort();
      if (head !== undefined) return head;
      throw error;
    });
    const first = await Promise.race([reading, sent]);
    if (first !== undefined) {
      sendBody.resolve(false);
      return first;
    }
    using headerScope = openScope(
      undefined,
      limits.responseHeaderTimeoutMs,
      () =>
        new RequestError("net/http: timeout awaiting response headers", {
          phase: "response",
          isTimeout: true,
        }),
    );
    return await untilAborted(headerScope.signal, reading);
  }

  async #sendBody(
    request: OutgoingRequest,
    isWanted: Promise<boolean>,
  ): Promise<void> {
    const { body, bodyLength } = request;
    if (body === undefined || !await isWanted) return;
    let left = bodyLength;
    for await (const bytes of body) {
      if (bytes.length === 0) continue;
      request.onSent(bytes.length);
      if (left === undefined) {
        await this.#channel.write(encodeChunk(bytes));
        continue;
      }
      left -= bytes.length;
      if (left < 0) {
        throw new RequestError(
          "http: ContentLength set but body is longer",
          { phase: "request" },
        );
      }
      await this.#channel.write(bytes);
    }
    if (left === undefined) {
      await this.#channel.write(encoder.encode("0\r\n\r\n"));
    } else if (left > 0) {
      throw new RequestError(
        `http: ContentLength=${bodyLength} with Body length ${
          bodyLength! - left
        }`,
        { phase: "request" },
      );
    }
  }

  async #readHead(
    decoder: Http1ResponseDecoder,
    onContinue: () => void,
  ): Promise<HttpResponseHead> {
    let informational = 0;
    while (true) {
      const head = decoder.readHead();
      if (head !== undefined) {
        if (head.status >= 200 || head.status === 101) return head;
        if (head.status === 100) onContinue();
        if (++informational > MAX_INFORMATIONAL) {
          throw new RequestError(
            "net/http: too many 1xx informational responses",
            {
              phase: "response",
            },
          );
        }
        continue;
      }
      const bytes = await this.#channel.read();
      if (bytes === undefined) {
        throw new RequestError(
          decoder.hasBytes ? "unexpected EOF" : "EOF",
          { phase: "response" },
        );
      }
      decoder.push(bytes);
    }
  }

  async *#body(
    request: OutgoingRequest,
    decoder: Http1ResponseDecoder,
    head: HttpResponseHead,
    onAbort: () => void,
  ): AsyncGenerator<Uint8Array, void, undefined> {
    let isComplete = false;
    try {
      while (true) {
        const bytes = decoder.readBody();
        if (bytes !== undefined) {
          yield bytes;
          continue;
        }
        if (decoder.isDone) break;
        const more = await untilAborted(request.signal, this.#channel.read());
        if (more === undefined) {
          decoder.end();
          break;
        }
        decoder.push(more);
      }
      isComplete = true;
    } finally {
      request.signal.removeEventListener("abort", onAbort);
      this.#finish(request, decoder, head, isComplete);
    }
  }

  #finish(
    request: OutgoingRequest,
    decoder: Http1ResponseDecoder,
    head: HttpResponseHead,
    isComplete: boolean,
  ): void {
    const options = valuesOf(head.header, "connection").map((each) =>
      each.toLowerCase()
    );
    const isOld = head.protoMajor === 1 && head.protoMinor === 0;
    const keepsOpen = isComplete && !request.isLast &&
      decoder.framing.type !== "close" && decoder.rest().length === 0 &&
      !options.includes("close") &&
      (!isOld || options.includes("keep-alive"));
    if (!keepsOpen || this.#state !== "busy") {
      this.conn.isFinished = isComplete;
      this.close();
      return;
    }
    this.#state = "idle";
    this.#options.onIdle();
  }
}

async function* nothing(): AsyncGenerator<Uint8Array, void, undefined> {}

function encodeHead(request: OutgoingRequest): Uint8Array {
  const { method, url, header, body, bodyLength } = request;
  const target = request.isAbsolute
    ? `${url.protocol}//${url.host}${url.pathname}${url.search}`
    : `${url.pathname}${url.search}`;
  const has = (name: string) =>
    header.some(([each]) => each.toLowerCase() === name);
  const lines = [`${method} ${target} HTTP/1.1`];
  if (!has("host")) lines.push(`Host: ${url.host}`);
  for (const [name, value] of header) lines.push(`${name}: ${value}`);
  if (body !== undefined) {
    if (bodyLength === undefined) lines.push("Transfer-Encoding: chunked");
    else if (!has("content-length")) {
      lines.push(`Content-Length: ${bodyLength}`);
    }
  } else if (/^(POST|PUT|PATCH)$/.test(method) && !has("content-length")) {
    lines.push("Content-Length: 0");
  }
  if (request.isLast && !has("connection")) lines.push("Connection: close");
  return encoder.encode(lines.join("\r\n") + "\r\n\r\n");
}

function encodeChunk(bytes: Uint8Array): Uint8Array {
  const head = encoder.encode(`${bytes.length.toString(16)}\r\n`);
  const chunk = new Uint8Array(head.length + bytes.length + 2);
  chunk.set(head);
  chunk.set(bytes, head.length);
  chunk.set([0x0d, 0x0a], head.length + bytes.length);
  return chunk;
}
