import { FormatError, LimitError } from "../../base/errors.ts";
import { readGzip } from "../../container/gzip.ts";
import { openScope, reasonOf } from "./_abort.ts";
import type { Scope } from "./_abort.ts";
import { ConnectionOpener } from "./_connection_opener.ts";
import { ConnectionPool } from "./_connection_pool.ts";
import type { Dialer } from "./_dialer.ts";
import { StaleConnectionError } from "./_http_connection.ts";
import type { IncomingResponse, OutgoingRequest } from "./_http_connection.ts";
import type { LiveDial, LiveHttpRequest } from "./_live_records.ts";
import { parseProxy, proxyAuthorization } from "./_proxy.ts";
import type { Proxy } from "./_proxy.ts";
import { isHttp, isRepeatable, nextHop, toHop } from "./_request_hop.ts";
import type { Hop, RequestHeader } from "./_request_hop.ts";
import type { TracerContext } from "./_tracer_context.ts";
import { valuesOf } from "./http1_response_decoder.ts";
import { CANCELLED, DEADLINE_EXCEEDED, RequestError } from "./request_error.ts";
import type { TracedRequestOptions, TracedResponse } from "./traced_request.ts";
import { USER_AGENT } from "./user_agent.ts";

const DEFAULT_MAX_REDIRECTS = 10;
/** Bytes of the body of a redirect that are read so that the connection can be used again. */
const MAX_REDIRECT_BODY = 2048;
/** How often a request is sent anew because a kept connection was dead. */
const MAX_REPEATS = 5;

interface RunningRequest {
  readonly scope: Scope;
  readonly dials: LiveDial[];
  readonly options: TracedRequestOptions;
  isOver: boolean;
}

/** Sends requests, follows redirects, and records every round trip. */
export class HttpClient {
  readonly #context: TracerContext;
  readonly #pool: ConnectionPool;
  readonly #opener: ConnectionOpener;
  readonly #running = new Set<RunningRequest>();

  constructor(context: TracerContext, dialer: Dialer) {
    this.#context = context;
    this.#pool = new ConnectionPool(context.client);
    this.#opener = new ConnectionOpener(context, dialer);
  }

  async request(
    target: string | URL,
    options: TracedRequestOptions,
  ): Promise<TracedResponse> {
    const first = toHop(target, options);
    const running: RunningRequest = {
      scope: openScope(
        options.signal,
        this.#context.client.requestTimeoutMs ?? 0,
        () =>
          new RequestError(DEADLINE_EXCEEDED, {
            phase: "timeout",
            isTimeout: true,
          }),
      ),
      dials: [],
      options,
      isOver: false,
    };
    this.#running.add(running);
    try {
      return await this.#follow(first, running);
    } catch (error) {
      this.#end(running);
      throw error;
    }
  }

  /** Closes connections that wait for work. */
  closeIdle(): void {
    this.#pool.closeIdle();
  }

  /** Gives up all requests and closes all connections. */
  close(): void {
    for (const running of [...this.#running]) {
      running.scope.abort(new RequestError(CANCELLED, { phase: "cancelled" }));
      this.#end(running);
    }
    this.#pool.close();
  }

  async #follow(first: Hop, running: RunningRequest): Promise<TracedResponse> {
    const { maxRedirects = DEFAULT_MAX_REDIRECTS } = this.#context.client;
    let hop = first;
    for (let redirects = 0;; redirects++) {
      const record = this.#newRecord(hop);
      let incoming: IncomingResponse;
      try {
        incoming = await this.#roundTrip(hop, record, running);
      } catch (error) {
        record.isDone = true;
        throw error;
      }
      const next = this.#nextHop(hop, record, incoming, running);
      if (next === undefined) {
        return this.#toResponse(hop, record, incoming, running);
      }
      await this.#passOver(record, incoming);
      if (redirects >= maxRedirects) {
        throw new RequestError(`stopped after ${maxRedirects} redirects`, {
          phase: "redirect",
        });
      }
      hop = next;
    }
  }

  #nextHop(
    hop: Hop,
    record: LiveHttpRequest,
    incoming: IncomingResponse,
    { options }: RunningRequest,
  ): Hop | undefined {
    if (options.followRedirects === false) return undefined;
    try {
      return nextHop(hop, incoming);
    } catch (error) {
      incoming.cancel();
      record.isDone = true;
      throw error;
    }
  }

  #newRecord(hop: Hop): LiveHttpRequest {
    const { clock } = this.#context;
    const record: LiveHttpRequest = {
      traceId: this.#context.nextId(),
      conn: undefined,
      dial: undefined,
      tlsTunnel: undefined,
      proxyTlsTunnel: undefined,
      protoMajor: 1,
      protoMinor: 1,
      networkProxy: "",
      sentAt: clock.now(),
      method: hop.method,
      url: hop.url.href,
      header: hop.header,
      requestBytes: 0,
      error: "",
      receivedAt: undefined,
      status: 0,
      responseHeader: [],
      responseBytes: 0,
      isDone: false,
    };
    this.#context.addHttpRequest(record);
    return record;
  }

  async #roundTrip(
    hop: Hop,
    record: LiveHttpRequest,
    running: RunningRequest,
  ): Promise<IncomingResponse> {
    const { clock } = this.#context;
    try {
      if (!isHttp(hop.url)) {
        throw new RequestError(
          `unsupported protocol scheme "${hop.url.protocol.slice(0, -1)}"`,
          { phase: "url" },
        );
      }
      const proxy = this.#chooseProxy(hop.url);
      record.networkProxy = proxy?.url ?? "";
      const incoming = await this.#send(hop, proxy, record, running);
      record.receivedAt = clock.now();
      record.status = incoming.status;
      record.protoMajor = incoming.protoMajor;
      record.protoMinor = incoming.protoMinor;
      record.responseHeader = incoming.header;
      return incoming;
    } catch (error) {
      if (!(error instanceof RequestError)) throw error;
      record.error = error.reason;
      throw error;
    }
  }

  async #send(
    hop: Hop,
    proxy: Proxy | undefined,
    record: LiveHttpRequest,
    running: RunningRequest,
  ): Promise<IncomingResponse> {
    const { client } = this.#context;
    const { signal } = running.scope;
    const key = `${proxy?.url ?? ""} ${hop.url.protocol}//${hop.url.host}`;
    const asksGzip = this.#asksGzip(hop);
    for (let repeats = 0;; repeats++) {
      const connection = await this.#pool.acquire(
        key,
        signal,
        (onIdle) => this.#open(hop, proxy, record, running, onIdle),
      );
      record.conn = connection.conn;
      try {
        const incoming = await connection.roundTrip({
          ...this.#outgoing(hop, proxy, asksGzip),
          isLast: client.disableKeepAlive === true,
          signal,
          onSent: (bytes) => record.requestBytes += bytes,
        });
        return asksGzip ? withoutGzip(incoming) : incoming;
      } catch (error) {
        const mayRepeat = error instanceof StaleConnectionError &&
          repeats < MAX_REPEATS && isRepeatable(hop.body) && !signal.aborted;
        if (!mayRepeat) throw signal.aborted ? reasonOf(signal) : error;
        record.requestBytes = 0;
        record.conn = undefined;
      }
    }
  }

  async #open(
    hop: Hop,
    proxy: Proxy | undefined,
    request: LiveHttpRequest,
    running: RunningRequest,
    onIdle: () => void,
  ) {
    try {
      return await this.#opener.open({
        url: hop.url,
        proxy,
        request,
        onIdle,
        signal: running.scope.signal,
      });
    } finally {
      if (request.dial !== undefined) running.dials.push(request.dial);
    }
  }

  #outgoing(
    hop: Hop,
    proxy: Proxy | undefined,
    asksGzip: boolean,
  ): Omit<OutgoingRequest, "isLast" | "signal" | "onSent"> {
    const { method, url, body } = hop;
    const has = (name: string) =>
      hop.header.some(([each]) => each.toLowerCase() === name);
    const isAbsolute = proxy !== undefined && proxy.scheme !== "socks5" &&
      url.protocol === "http:";
    const header = [...hop.header];
    if (!has("user-agent")) header.unshift(["User-Agent", USER_AGENT]);
    if (asksGzip) header.push(["Accept-Encoding", "gzip"]);
    const authorization = isAbsolute ? proxyAuthorization(proxy) : undefined;
    if (authorization !== undefined && !has("proxy-authorization")) {
      header.push(["Proxy-Authorization", authorization]);
    }
    const bytes = typeof body === "string"
      ? new TextEncoder().encode(body)
      : body instanceof Uint8Array
      ? body
      : undefined;
    return {
      method,
      url,
      header,
      body: bytes === undefined
        ? body as AsyncIterable<Uint8Array> | undefined
        : once(bytes),
      bodyLength: bytes?.length ?? announcedLength(hop.header),
      isAbsolute,
    };
  }

  #asksGzip({ method, header }: Hop): boolean {
    const has = (name: string) =>
      header.some(([each]) => each.toLowerCase() === name);
    return this.#context.client.disableCompression !== true &&
      method !== "HEAD" && !has("accept-encoding") && !has("range");
  }

  #chooseProxy(url: URL): Proxy | undefined {
    const { proxy } = this.#context.client;
    const chosen = typeof proxy === "function" ? proxy(url) : proxy;
    return chosen === undefined || chosen === ""
      ? undefined
      : parseProxy(chosen);
  }

  /** The body of a redirect is read if it is short, so that its connection can be used again. */
  async #passOver(
    record: LiveHttpRequest,
    incoming: IncomingResponse,
  ): Promise<void> {
    try {
      for await (const bytes of incoming.body) {
        record.responseBytes += bytes.length;
        if (record.responseBytes > MAX_REDIRECT_BODY) break;
      }
    } catch {
      // Where to go is known already.
    } finally {
      record.isDone = true;
    }
  }

  #toResponse(
    hop: Hop,
    record: LiveHttpRequest,
    incoming: IncomingResponse,
    running: RunningRequest,
  ): TracedResponse {
    const body = this.#countBody(record, incoming, running);
    if (incoming.isEmpty) {
      record.isDone = true;
      this.#end(running);
    }
    // A body that is never asked for still ends with the request's scope.
    running.scope.signal.addEventListener("abort", () => {
      if (!record.isDone) {
        record.error ||= reasonOf(running.scope.signal).reason;
      }
      record.isDone = true;
      this.#end(running);
    }, { once: true });
    return {
      status: incoming.status,
      url: hop.url.href,
      protoMajor: incoming.protoMajor,
      protoMinor: incoming.protoMinor,
      header: incoming.header,
      body,
      async drain() {
        let total = 0;
        for await (const bytes of body) total += bytes.length;
        return total;
      },
      cancel: () => {
        incoming.cancel();
        record.isDone = true;
        this.#end(running);
      },
    };
  }

  async *#countBody(
    record: LiveHttpRequest,
    incoming: IncomingResponse,
    running: RunningRequest,
  ): AsyncGenerator<Uint8Array, void, undefined> {
    const { maxBodyBytes = Infinity } = running.options;
    try {
      for await (const bytes of incoming.body) {
        record.responseBytes += bytes.length;
        if (record.responseBytes > maxBodyBytes) {
          throw new RequestError(
            `http: response body exceeds ${maxBodyBytes} bytes`,
            { phase: "body" },
          );
        }
        yield bytes;
      }
    } catch (error) {
      const failure = toBodyFailure(error, running.scope.signal);
      if (record.error === "") record.error = failure.reason;
      throw failure;
    } finally {
      record.isDone = true;
      this.#end(running);
    }
  }

  #end(running: RunningRequest): void {
    if (running.isOver) return;
    running.isOver = true;
    this.#running.delete(running);
    running.scope[Symbol.dispose]();
    for (const dial of running.dials) {
      dial.scopeEndAt ??= this.#context.clock.now();
    }
  }
}

function toBodyFailure(error: unknown, signal: AbortSignal): RequestError {
  if (error instanceof RequestError) return error;
  if (signal.aborted) return reasonOf(signal);
  if (error instanceof FormatError || error instanceof LimitError) {
    return new RequestError(`gzip: ${error.message}`, {
      phase: "body",
      cause: error,
    });
  }
  throw error;
}

function announcedLength(header: RequestHeader): number | undefined {
  const [length] = valuesOf(header, "content-length");
  return length !== undefined && /^\d{1,15}$/.test(length)
    ? Number(length)
    : undefined;
}

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}

/** Takes off what the client asked for by itself. */
function withoutGzip(response: IncomingResponse): IncomingResponse {
  const isGzip = valuesOf(response.header, "content-encoding")
    .some((coding) => coding.toLowerCase() === "gzip");
  if (!isGzip) return response;
  return {
    ...response,
    header: response.header.filter(([name]) =>
      !/^content-(encoding|length)$/i.test(name)
    ),
    body: unpack(response.body),
  };
}

async function* unpack(
  body: AsyncGenerator<Uint8Array, void, undefined>,
): AsyncGenerator<Uint8Array, void, undefined> {
  // Answers without a body are told to be gzip too.
  const first = await body.next();
  if (first.done === true) return;
  async function* whole() {
    yield first.value as Uint8Array;
    yield* body;
  }
  yield* readGzip(whole());
}
