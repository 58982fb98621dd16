import { joinHostPort } from "../../codec/ip_address.ts";
import { untilAborted } from "./_abort.ts";
import { ByteChannel } from "./_byte_channel.ts";
import { ChannelStream } from "./_channel_stream.ts";
import type { Dialer } from "./_dialer.ts";
import { Http1Connection } from "./_http1_connection.ts";
import { Http2Connection } from "./_http2_connection.ts";
import type {
  HttpConnection,
  HttpConnectionLimits,
} from "./_http_connection.ts";
import type { LiveConn, LiveHttpRequest } from "./_live_records.ts";
import { connectThroughHttp, connectThroughSocks } from "./_proxy.ts";
import type { Proxy } from "./_proxy.ts";
import { handshakeTls } from "./_tls_handshake.ts";
import type { WatchedStream } from "./_tls_request.ts";
import type { TracerContext } from "./_tracer_context.ts";
import { RequestError } from "./request_error.ts";
import { wordTlsError } from "./tls_errors.ts";

const DEFAULT_MAX_HEADER_BYTES = 1024 * 1024;
const PROXY_PREFIX = "proxyconnect tcp: ";

/** Where a connection is to lead. */
export interface ConnectionTarget {
  readonly url: URL;
  readonly proxy: Proxy | undefined;
  /** The request that needs it, whose record learns of dial and tunnels. */
  readonly request: LiveHttpRequest;
  readonly onIdle: () => void;
  readonly signal: AbortSignal;
}

/**
 * @param url A URL of HTTP.
 * @returns Name or address without brackets, and port.
 */
export function endOf(
  url: URL,
): { readonly host: string; readonly port: number } {
  const isTls = url.protocol === "https:";
  return {
    host: url.hostname.replace(/^\[|\]$/g, ""),
    port: url.port === "" ? (isTls ? 443 : 80) : Number(url.port),
  };
}

/** Makes connections to servers, directly or through proxies, with TLS where the URL wants it. */
export class ConnectionOpener {
  readonly #context: TracerContext;
  readonly #dialer: Dialer;

  constructor(context: TracerContext, dialer: Dialer) {
    this.#context = context;
    this.#dialer = dialer;
  }

  async open(target: ConnectionTarget): Promise<HttpConnection> {
    const { url, proxy } = target;
    const isTls = url.protocol === "https:";
    const stream = await this.#dial(target);
    const { conn } = stream;
    try {
      const transport = proxy === undefined
        ? stream
        : await this.#throughProxy(stream, conn, proxy, target);
      if (!isTls) return this.#http1(transport, conn, target);
      return await this.#secure(transport, conn, target);
    } catch (error) {
      stream.destroy();
      throw error;
    }
  }

  /** A connection that is no part of the request: the request's record does not learn of it. */
  async #reopen<T>(
    target: ConnectionTarget,
    isToProxy: boolean,
    use: (transport: WatchedStream) => Promise<T>,
  ): Promise<T> {
    const apart = { ...target, request: { ...target.request } };
    try {
      const stream = await this.#dial(apart);
      try {
        const { proxy } = apart;
        const transport = proxy === undefined || isToProxy
          ? stream
          : await this.#throughProxy(stream, stream.conn, proxy, apart);
        return await use(transport);
      } finally {
        stream.destroy();
      }
    } finally {
      const { dial } = apart.request;
      if (dial !== undefined && dial !== target.request.dial) {
        dial.scopeEndAt = this.#context.clock.now();
      }
    }
  }

  async #dial(target: ConnectionTarget) {
    const { proxy } = target;
    const { host, port } = proxy ?? endOf(target.url);
    const destination = joinHostPort(host, port);
    try {
      const { stream } = await this.#dialer.dial(
        destination,
        target.signal,
        (dial) => target.request.dial = dial,
      );
      return stream;
    } catch (error) {
      const isProxied = target.proxy !== undefined &&
        error instanceof RequestError && error.phase !== "cancelled";
      throw isProxied ? error.prefixed(PROXY_PREFIX) : error;
    }
  }

  async #throughProxy(
    stream: WatchedStream,
    conn: LiveConn,
    proxy: Proxy,
    target: ConnectionTarget,
  ): Promise<WatchedStream> {
    const { url, signal } = target;
    const { host, port } = endOf(url);
    let channel: ByteChannel;
    if (proxy.scheme === "https") {
      const { client } = this.#context;
      try {
        const secured = await handshakeTls(this.#context, {
          transport: stream,
          conn,
          host: proxy.host,
          // The other name is the server's, not that of its proxy.
          options: client.proxyTls ?? { ...client.tls, serverName: undefined },
          alpn: [],
          signal,
          onTunnel: (tunnel) => target.request.proxyTlsTunnel = tunnel,
          reopen: (use) => this.#reopen(target, true, use),
        });
        channel = new ByteChannel(secured.stream, wordTlsError);
      } catch (error) {
        throw error instanceof RequestError
          ? error.prefixed(PROXY_PREFIX, "proxy")
          : error;
      }
    } else {
      channel = new ByteChannel(stream, wordTlsError);
    }
    if (proxy.scheme === "socks5") {
      await untilAborted(
        signal,
        connectThroughSocks(channel, host, port, proxy),
      );
    } else if (url.protocol === "https:") {
      await untilAborted(
        signal,
        connectThroughHttp(channel, joinHostPort(host, port), proxy),
      );
    }
    return new ChannelStream(channel);
  }

  async #secure(
    transport: WatchedStream,
    conn: LiveConn,
    target: ConnectionTarget,
  ): Promise<HttpConnection> {
    const { client } = this.#context;
    const offersHttp2 = client.preferHttp2 === true;
    const secured = await handshakeTls(this.#context, {
      transport,
      conn,
      host: endOf(target.url).host,
      options: client.tls ?? {},
      alpn: offersHttp2 ? ["h2", "http/1.1"] : [],
      signal: target.signal,
      onTunnel: (tunnel) => target.request.tlsTunnel = tunnel,
      reopen: (use) => this.#reopen(target, false, use),
    });
    if (secured.protocol === "h2") {
      return new Http2Connection(secured.stream, {
        conn,
        limits: this.#limits(),
        origin: target.url.origin,
        onIdle: target.onIdle,
      });
    }
    return this.#http1(secured.stream, conn, target);
  }

  #http1(
    stream: ConstructorParameters<typeof ByteChannel>[0],
    conn: LiveConn,
    target: ConnectionTarget,
  ): HttpConnection {
    return new Http1Connection(new ByteChannel(stream, wordTlsError), {
      conn,
      limits: this.#limits(),
      onIdle: target.onIdle,
    });
  }

  #limits(): HttpConnectionLimits {
    const { client } = this.#context;
    return {
      responseHeaderTimeoutMs: client.responseHeaderTimeoutMs ?? 0,
      expectContinueTimeoutMs: client.expectContinueTimeoutMs ?? 0,
      maxHeaderBytes: client.maxHeaderBytes ?? DEFAULT_MAX_HEADER_BYTES,
    };
  }
}
