import { joinHostPort, parseIpAddress } from "../../codec/ip_address.ts";
import type { ByteChannel } from "./_byte_channel.ts";
import { Http1ResponseDecoder } from "./http1_response_decoder.ts";
import { RequestError } from "./request_error.ts";
import { USER_AGENT } from "./user_agent.ts";

/** Most bytes of an answer to CONNECT. */
const MAX_ANSWER_BYTES = 64 * 1024;
const encoder = new TextEncoder();

/** Kinds of proxies. */
export type ProxyScheme = "http" | "https" | "socks5";

const DEFAULT_PORTS: Readonly<Record<ProxyScheme, number>> = {
  http: 80,
  https: 443,
  socks5: 1080,
};

/** A proxy. */
export interface Proxy {
  readonly scheme: ProxyScheme;
  readonly host: string;
  readonly port: number;
  readonly username: string;
  readonly password: string;
  /** As configured. */
  readonly url: string;
}

/**
 * Reads the URL of a proxy.
 *
 * @param value URL; without a scheme it is taken as `http`.
 * @returns The proxy.
 * @throws {RequestError} When it is no URL of a proxy.
 */
export function parseProxy(value: string | URL): Proxy {
  const text = String(value);
  const url = URL.parse(
    /^[a-z][a-z0-9+.-]*:\/\//i.test(text) ? text : `http://${text}`,
  );
  const scheme = url?.protocol.slice(0, -1).replace(/^socks5h$/, "socks5");
  const isKnown = scheme === "http" || scheme === "https" ||
    scheme === "socks5";
  if (url === null || !isKnown || url.hostname === "") {
    throw new RequestError(
      `proxyconnect tcp: invalid proxy address: expected http, https or socks5 with a host`,
      { phase: "url" },
    );
  }
  return {
    scheme,
    host: url.hostname.replace(/^\[|\]$/g, ""),
    port: url.port === "" ? DEFAULT_PORTS[scheme] : Number(url.port),
    username: decodeLogin(url.username),
    password: decodeLogin(url.password),
    url: text.replace(/\/$/, ""),
  };
}

/**
 * @param text User name or password of a URL.
 * @returns It without its escapes; as it stands where a `%` begins none.
 */
export function decodeLogin(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** @param proxy A proxy. @returns Value of `Proxy-Authorization`, if it needs one. */
export function proxyAuthorization(proxy: Proxy): string | undefined {
  if (proxy.username === "" && proxy.password === "") return undefined;
  const bytes = encoder.encode(`${proxy.username}:${proxy.password}`);
  return `Basic ${bytes.toBase64()}`;
}

/**
 * Asks a proxy for a tunnel.
 *
 * @param channel Connection to the proxy.
 * @param destination `host:port`.
 * @param proxy The proxy.
 * @throws {RequestError} When it refuses or answers with anything else.
 */
export async function connectThroughHttp(
  channel: ByteChannel,
  destination: string,
  proxy: Proxy,
): Promise<void> {
  const authorization = proxyAuthorization(proxy);
  const lines = [
    `CONNECT ${destination} HTTP/1.1`,
    `Host: ${destination}`,
    `User-Agent: ${USER_AGENT}`,
    ...(authorization === undefined
      ? []
      : [`Proxy-Authorization: ${authorization}`]),
  ];
  await channel.write(encoder.encode(lines.join("\r\n") + "\r\n\r\n"));
  const decoder = new Http1ResponseDecoder({
    method: "CONNECT",
    maxHeaderBytes: MAX_ANSWER_BYTES,
  });
  while (true) {
    const head = decoder.readHead();
    if (head !== undefined) {
      if (head.status !== 200) {
        throw new RequestError(
          head.reason === "" ? "unknown status code" : head.reason,
          { phase: "proxy", code: String(head.status) },
        );
      }
      // Whatever is there already comes from nobody who was spoken to.
      if (decoder.rest().length > 0) {
        throw new RequestError("proxy sent data behind its answer to CONNECT", {
          phase: "proxy",
        });
      }
      return;
    }
    const bytes = await channel.read();
    if (bytes === undefined) {
      throw new RequestError(decoder.hasBytes ? "unexpected EOF" : "EOF", {
        phase: "proxy",
      });
    }
    decoder.push(bytes);
  }
}

const SOCKS_REPLIES: readonly string[] = [
  "succeeded",
  "general SOCKS server failure",
  "connection not allowed by ruleset",
  "network unreachable",
  "host unreachable",
  "connection refused",
  "TTL expired",
  "command not supported",
  "address type not supported",
];

/**
 * Asks a SOCKS 5 proxy for a connection; the proxy looks the name up.
 *
 * @param channel Connection to the proxy.
 * @param host Name or address.
 * @param port Port.
 * @param proxy The proxy.
 * @throws {RequestError} When it refuses.
 */
export async function connectThroughSocks(
  channel: ByteChannel,
  host: string,
  port: number,
  proxy: Proxy,
): Promise<void> {
  const prefix = `socks connect tcp ${joinHostPort(proxy.host, proxy.port)}->${
    joinHostPort(host, port)
  }: `;
  const fail = (text: string) =>
    new RequestError(prefix + text, { phase: "proxy" });
  const hasLogin = proxy.username !== "";
  await channel.write(
    new Uint8Array(hasLogin ? [5, 2, 0, 2] : [5, 1, 0]),
  );
  const [version, method] = await take(channel, 2, fail);
  if (version !== 5) throw fail(`unexpected protocol version ${version}`);
  if (method === 2 && hasLogin) {
    const name = encoder.encode(proxy.username);
    const word = encoder.encode(proxy.password);
    if (name.length > 255 || word.length > 255) {
      throw fail("invalid username/password");
    }
    await channel.write(
      new Uint8Array([1, name.length, ...name, word.length, ...word]),
    );
    const [, status] = await take(channel, 2, fail);
    if (status !== 0) throw fail("username/password authentication failed");
  } else if (method !== 0) {
    throw fail("no acceptable authentication methods");
  }
  await channel.write(encodeSocksRequest(host, port, fail));
  const [answer, reply, , kind] = await take(channel, 4, fail);
  if (answer !== 5) throw fail(`unexpected protocol version ${answer}`);
  if (reply !== 0) {
    throw fail(`unknown error ${SOCKS_REPLIES[reply!] ?? `code ${reply}`}`);
  }
  const length = kind === 1
    ? 4
    : kind === 4
    ? 16
    : kind === 3
    ? (await take(channel, 1, fail))[0]!
    : undefined;
  if (length === undefined) throw fail("unknown address type");
  await take(channel, length + 2, fail);
}

function encodeSocksRequest(
  host: string,
  port: number,
  fail: (text: string) => RequestError,
): Uint8Array {
  const address = parseIpAddress(host);
  const name = encoder.encode(host);
  if (name.length > 255) throw fail("FQDN too long");
  const target = address === undefined
    ? [3, name.length, ...name]
    : [address.length === 4 ? 1 : 4, ...address];
  return new Uint8Array([5, 1, 0, ...target, port >> 8, port & 0xff]);
}

async function take(
  channel: ByteChannel,
  count: number,
  fail: (text: string) => RequestError,
): Promise<Uint8Array> {
  const bytes = new Uint8Array(count);
  for (let filled = 0; filled < count;) {
    const chunk = await channel.read();
    if (chunk === undefined) throw fail("EOF");
    const part = chunk.subarray(0, count - filled);
    bytes.set(part, filled);
    filled += part.length;
    channel.unread(chunk.subarray(part.length));
  }
  return bytes;
}
