import { FormatError } from "../../../base/errors.ts";
import {
  joinHostPort,
  parseIpAddress,
  splitHostPort,
} from "../../../codec/ip_address.ts";
import { decodeCertificatePem } from "../../../netdump/tracer/pem.ts";
import type {
  HttpClientOptions,
  TlsOptions,
  TraceCaptureOptions,
} from "../../../netdump/tracer/tracer_options.ts";
import type { TracedRequestOptions } from "../../../netdump/tracer/traced_request.ts";
import type { OptionValues } from "../../../formats/option_spec.ts";
import { UsageError } from "../../usage_error.ts";

const NS_PER_MS = 1e6;
const DNS_PORT = 53;
const KEY_REGEXP = /-----BEGIN (?:[A-Z0-9]+ )*PRIVATE KEY-----/;

/**
 * Reads the URL of the command line.
 *
 * @param text As typed; without a scheme it is taken as `https`.
 * @returns The URL.
 * @throws {UsageError} When it is none of HTTP.
 */
export function readTraceUrl(text: string): URL {
  const url = URL.parse(
    /^[a-z][a-z0-9+.-]*:\/\//i.test(text) ? text : `https://${text}`,
  );
  if (url === null || url.hostname === "") {
    throw new UsageError(`Cannot trace "${text}": it is no URL`);
  }
  if (url.protocol !== "http:" && url.protocol !== "https:") {
    throw new UsageError(
      `Cannot trace "${text}": scheme is ${url.protocol.slice(0, -1)}`,
      "supported are http and https",
    );
  }
  return url;
}

/**
 * Makes the options of the client.
 *
 * @param options Values of the command line.
 * @param url Where to, which decides the family of an interface's address.
 * @returns The options.
 * @throws {UsageError} When an address, an interface or a proxy is not one.
 */
export async function readClientOptions(
  options: OptionValues,
  url: URL,
): Promise<HttpClientOptions> {
  const ms = (name: string) =>
    ((options[name] as number | undefined) ?? 0) / NS_PER_MS;
  const skipped = listOf(options, "skip-nameserver").map(checkAddress);
  const tls: TlsOptions = {
    caCertificates: await readPems(options, "ca"),
    certificate: await readCertificates(options["cert"]),
    privateKey: await readKey(options),
    serverName: options["server-name"] as string | undefined,
    insecure: options["insecure"] === true,
    minVersion: options["tls-min"] === "1.3" ? "TLSv1.3" : undefined,
  };
  const proxyCa = await readPems(options, "proxy-ca");
  return {
    preferHttp2: options["http2"] === true,
    sourceIp: readSource(options, url),
    nameservers: listOf(options, "nameserver").map(readNameserver),
    skipNameserver: skipped.length === 0
      ? undefined
      : (ip) => skipped.includes(ip) ? "left out by option" : undefined,
    proxy: readProxy(options["proxy"] as string | undefined),
    tls,
    proxyTls: proxyCa === undefined
      ? undefined
      : { ...tls, caCertificates: proxyCa, serverName: undefined },
    requestTimeoutMs: ms("timeout"),
    tcpHandshakeTimeoutMs: ms("connect-timeout"),
    tlsHandshakeTimeoutMs: ms("tls-timeout"),
    responseHeaderTimeoutMs: ms("response-timeout"),
    disableKeepAlive: options["keep-alive"] === false,
    disableCompression: options["compression"] === false,
    maxRedirects: options["redirects"] as number,
  };
}

/**
 * Makes the options of the request.
 *
 * @param options Values of the command line.
 * @param signal Ends the request.
 * @returns The options.
 * @throws {UsageError} When a header is none.
 */
export async function readRequestOptions(
  options: OptionValues,
  signal: AbortSignal,
): Promise<TracedRequestOptions> {
  const data = options["data"] as string | undefined;
  const body = data === undefined
    ? undefined
    : data.startsWith("@")
    ? await readFile(data.slice(1))
    : new TextEncoder().encode(data);
  const method = options["method"] as string | undefined;
  return {
    method: method ?? (body === undefined ? "GET" : "POST"),
    headers: listOf(options, "header").map(readHeader),
    body,
    followRedirects: options["redirects"] !== 0,
    maxBodyBytes: options["max-body"] as number | undefined,
    signal,
  };
}

/**
 * Makes the options of the capture.
 *
 * @param options Values of the command line.
 * @returns The options, `undefined` when nothing is captured.
 */
export function readCaptureOptions(
  options: OptionValues,
): TraceCaptureOptions | undefined {
  const interfaces = listOf(options, "pcap");
  if (interfaces.length === 0) return undefined;
  return {
    interfaces,
    snapLength: options["pcap-snaplen"] as number,
    totalSizeLimit: options["pcap-limit"] as number,
    includeArp: options["pcap-arp"] !== false,
    includeIcmp: options["pcap-icmp"] !== false,
    tcpWithoutPayload: options["pcap-payload"] === false,
  };
}

function listOf(options: OptionValues, name: string): readonly string[] {
  return (options[name] as readonly string[] | undefined) ?? [];
}

function checkAddress(text: string): string {
  if (parseIpAddress(text) !== undefined) return text;
  throw new UsageError(`Cannot use "${text}": it is no IP address`);
}

function readNameserver(text: string): string {
  const end = splitHostPort(text, DNS_PORT);
  if (end === undefined) {
    throw new UsageError(
      `Cannot use "${text}" for --nameserver: expected an address, with or without port`,
    );
  }
  return joinHostPort(checkAddress(end.host), end.port);
}

function readProxy(text: string | undefined): string | undefined {
  if (text === undefined) return undefined;
  const url = URL.parse(
    /^[a-z0-9+.-]+:\/\//i.test(text) ? text : `http://${text}`,
  );
  const isKnown = url !== null && /^(https?|socks5h?):$/.test(url.protocol) &&
    url.hostname !== "";
  if (!isKnown) {
    throw new UsageError(
      `Cannot use "${text}" for --proxy: expected a URL of http, https or socks5`,
    );
  }
  return text;
}

function readHeader(text: string): readonly [string, string] {
  const colon = text.indexOf(":");
  const name = text.slice(0, Math.max(colon, 0)).trim();
  if (!/^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/.test(name)) {
    throw new UsageError(
      `Cannot use "${text}" for --header: expected a name, a colon and a value`,
    );
  }
  return [name, text.slice(colon + 1).trim()];
}

function readSource(options: OptionValues, url: URL): string | undefined {
  const source = options["source"] as string | undefined;
  if (source !== undefined) return checkAddress(source);
  const name = options["interface"] as string | undefined;
  if (name === undefined) return undefined;
  const all = Deno.networkInterfaces();
  const own = all.filter((each) => each.name === name);
  if (own.length === 0) {
    throw new UsageError(
      `Cannot send from interface "${name}": it has no address`,
      `interfaces with one are ${
        [...new Set(all.map((each) => each.name))].join(", ")
      }`,
    );
  }
  const literal = parseIpAddress(url.hostname.replace(/^\[|\]$/g, ""));
  const family = literal?.length === 16 ? "IPv6" : "IPv4";
  const isLinkLocal = (address: string) => /^fe80:/i.test(address);
  const best =
    own.find((each) => each.family === family && !isLinkLocal(each.address)) ??
      own.find((each) => !isLinkLocal(each.address)) ?? own[0]!;
  return best.address;
}

async function readPems(
  options: OptionValues,
  name: string,
): Promise<readonly string[] | undefined> {
  const paths = listOf(options, name);
  if (paths.length === 0) return undefined;
  const pems: string[] = [];
  for (const path of paths) pems.push((await readCertificates(path))!);
  return pems;
}

/** The key may stand in the file of the certificate. */
async function readKey(options: OptionValues): Promise<string | undefined> {
  const { cert, key = cert } = options;
  if (key !== undefined && cert === undefined) {
    throw new UsageError("Cannot use --key without --cert");
  }
  const text = await readPem(key);
  if (text === undefined || KEY_REGEXP.test(text)) return text;
  throw new UsageError(
    `Cannot use ${key} as the key of --cert: it holds no private key`,
    options["key"] === undefined ? "give its file with --key" : undefined,
  );
}

async function readCertificates(path: unknown): Promise<string | undefined> {
  const text = await readPem(path);
  if (text === undefined) return undefined;
  try {
    decodeCertificatePem(text);
    return text;
  } catch (error) {
    if (!(error instanceof FormatError)) throw error;
    throw new UsageError(`Cannot use ${path}: ${error.message}`);
  }
}

async function readPem(path: unknown): Promise<string | undefined> {
  if (typeof path !== "string") return undefined;
  const text = new TextDecoder().decode(await readFile(path));
  if (text.includes("-----BEGIN ")) return text;
  throw new UsageError(`Cannot use ${path}: it holds nothing in PEM`);
}

async function readFile(path: string): Promise<Uint8Array<ArrayBuffer>> {
  try {
    return await Deno.readFile(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) {
      throw new UsageError(`Cannot read ${path}: no such file`);
    }
    throw error;
  }
}
