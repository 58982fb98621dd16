import tls from "node:tls";
import { parseIpAddress } from "../../codec/ip_address.ts";
import { openScope, reasonOf } from "./_abort.ts";
import type { LiveConn, LiveTlsTunnel } from "./_live_records.ts";
import { hasFullTls } from "./_runtime_tls.ts";
import { relayTls } from "./_tls_relay.ts";
import type { RelayTlsRequest } from "./_tls_relay.ts";
import type { TlsRequest, TlsResult, TlsTunnelStream } from "./_tls_request.ts";
import { TlsWatcher } from "./_tls_watcher.ts";
import type { TracerContext } from "./_tracer_context.ts";
import type { TlsOptions } from "./tracer_options.ts";
import { decodeCertificate, toPeerCert } from "./certificate_decoder.ts";
import type { DecodedCertificate } from "./certificate_decoder.ts";
import { codeOf, RequestError } from "./request_error.ts";
import { wordTlsError, wordVerifyFailure } from "./tls_errors.ts";
import { TLS_CIPHER_SUITES } from "./tls_table.ts";

/** Certificates of a chain that are looked at. */
const MAX_CHAIN = 16;
const MAX_CERTIFICATE_BYTES = 128 * 1024;
/** First byte of the cipher suites of TLS 1.3. */
const TLS13_SUITES = 0x13;

/**
 * Makes a TLS handshake and records it. The certificate is judged here before
 * a byte of HTTP can be written.
 *
 * @param context The tracer.
 * @param request With whom, on what.
 * @returns The tunnel.
 * @throws {RequestError} In Go's words.
 */
export async function handshakeTls(
  context: TracerContext,
  request: TlsRequest,
): Promise<TlsTunnelStream> {
  const { transport, host, options } = request;
  const serverName = options.serverName ?? host;
  const tunnel: LiveTlsTunnel = {
    traceId: context.nextId(),
    conn: request.conn,
    beginAt: context.clock.now(),
    endAt: undefined,
    error: "",
    didResume: false,
    peerCerts: [],
    cipherSuite: 0,
    negotiatedProto: "",
    serverName: "",
  };
  context.addTlsTunnel(tunnel);
  request.onTunnel(tunnel);
  using scope = openScope(
    request.signal,
    context.client.tlsHandshakeTimeoutMs ?? 0,
    () =>
      new RequestError("net/http: TLS handshake timeout", {
        phase: "tls",
        isTimeout: true,
      }),
  );
  const watcher = new TlsWatcher();
  const unwatch = transport.watch((chunk) => watcher.push(chunk));
  const isIp = parseIpAddress(serverName) !== undefined;
  try {
    const own: RuntimeRequest = {
      ...request,
      serverName,
      signal: scope.signal,
      files: context.host,
    };
    const result = await handshakeOfRuntime(own);
    tunnel.endAt = context.clock.now();
    let chain = decodeChain(context, asSent(result, watcher));
    const refusal = result.verifyFailure ?? refuseLegacyName(chain[0]);
    if (refusal !== undefined && options.insecure !== true) {
      result.stream.destroy();
      if (chain.length === 0) chain = await fetchRefused(context, own);
      tunnel.peerCerts = chain.map(toPeerCert);
      throw new RequestError(
        wordVerifyFailure(refusal, {
          host: serverName,
          chain,
          nowMs: context.clock.wall(),
        }),
        { phase: "tls", code: refusal },
      );
    }
    tunnel.peerCerts = chain.map(toPeerCert);
    tunnel.cipherSuite = result.cipherSuite || watcher.cipherSuite;
    checkVersion(tunnel.cipherSuite, options.minVersion);
    tunnel.didResume = result.didResume;
    tunnel.negotiatedProto = result.protocol;
    tunnel.serverName = isIp ? "" : serverName;
    return { stream: result.stream, protocol: result.protocol };
  } catch (error) {
    const failure = wordFailure(error, scope.signal, watcher, request.conn);
    tunnel.endAt ??= context.clock.now();
    tunnel.error = failure.reason;
    transport.destroy();
    throw failure;
  } finally {
    unwatch();
  }
}

type RuntimeRequest = RelayTlsRequest;

function handshakeOfRuntime(request: RuntimeRequest): Promise<TlsResult> {
  return hasFullTls() ? connectTls(request) : relayTls(request);
}

/**
 * The wire tells up to TLS 1.2 what was sent. Later it tells how much: runtimes
 * that show the way up to a trusted authority show more than came, others the
 * first certificate alone.
 */
function asSent(
  result: TlsResult,
  watcher: TlsWatcher,
): readonly Uint8Array[] {
  const seen = watcher.certificates;
  const chain = seen.length > 0 ? [...seen] : [...result.chain];
  let size = chain.reduce((sum, { length }) => sum + length, 0);
  while (chain.length > 1 && size > watcher.size && !watcher.isFull) {
    size -= chain.pop()!.length;
  }
  return chain.slice(0, MAX_CHAIN)
    .filter(({ length }) => length <= MAX_CERTIFICATE_BYTES);
}

/**
 * Looks at a certificate that a runtime refused without showing it: on a
 * connection of its own, over which nothing else is sent.
 */
async function fetchRefused(
  context: TracerContext,
  request: RuntimeRequest,
): Promise<DecodedCertificate[]> {
  const watcher = new TlsWatcher();
  try {
    return await request.reopen(async (transport) => {
      const unwatch = transport.watch((chunk) => watcher.push(chunk));
      try {
        const result = await handshakeOfRuntime({
          ...request,
          transport,
          options: { ...request.options, insecure: true },
        });
        result.stream.destroy();
        context.warn(
          "a certificate that was refused was looked at on a second connection: Deno shows it by itself since 2.9",
        );
        return decodeChain(context, asSent(result, watcher));
      } finally {
        unwatch();
      }
    });
  } catch (error) {
    context.log(`the refused certificate cannot be looked at: ${error}`);
    return [];
  }
}

/** Runtimes that cannot be told of a lowest version take any that they know. */
function checkVersion(
  cipherSuite: number,
  minVersion: TlsOptions["minVersion"],
): void {
  const isOld = cipherSuite !== 0 && cipherSuite >> 8 !== TLS13_SUITES;
  if (minVersion !== "TLSv1.3" || !isOld) return;
  throw new RequestError(
    "remote error: tls: protocol version not supported",
    { phase: "tls" },
  );
}

function connectTls(request: RuntimeRequest): Promise<TlsResult> {
  const { transport, serverName, options, alpn, signal } = request;
  const { promise, resolve, reject } = Promise.withResolvers<TlsResult>();
  if (signal.aborted) return Promise.reject(reasonOf(signal));
  const isIp = parseIpAddress(serverName) !== undefined;
  const socket = tls.connect({
    socket: transport,
    // The chain is wanted even if it is bad; it is judged below.
    rejectUnauthorized: false,
    minVersion: options.minVersion ?? "TLSv1.2",
    ...(isIp ? { host: serverName } : { servername: serverName }),
    ...(alpn.length === 0 ? {} : { ALPNProtocols: [...alpn] }),
    ...(options.caCertificates === undefined
      ? {}
      : { ca: [...options.caCertificates] }),
    ...(options.certificate === undefined ? {} : { cert: options.certificate }),
    ...(options.privateKey === undefined ? {} : { key: options.privateKey }),
  });
  const onAbort = () => {
    socket.destroy();
    reject(reasonOf(signal));
  };
  signal.addEventListener("abort", onAbort, { once: true });
  socket.on("error", (error: Error) => reject(error));
  socket.once("close", () => reject(new RequestError("EOF", { phase: "tls" })));
  socket.once("secureConnect", () => {
    const chain = readChain(socket);
    resolve({
      stream: socket,
      protocol: typeof socket.alpnProtocol === "string"
        ? socket.alpnProtocol
        : "",
      chain,
      cipherSuite: TLS_CIPHER_SUITES[cipherName(socket)] ?? 0,
      didResume: socket.isSessionReused(),
      verifyFailure: judgeCertificate(socket, serverName),
    });
  });
  return promise.finally(() => signal.removeEventListener("abort", onAbort));
}

function judgeCertificate(
  socket: tls.TLSSocket,
  serverName: string,
): string | undefined {
  // Of several faults Go tells a wrong name before a wrong authority. The name
  // is checked of good certificates too: a runtime that forgot it would go unnoticed.
  const wrongName = tls.checkServerIdentity(
    serverName,
    socket.getPeerCertificate(),
  );
  if (wrongName !== undefined) return codeOf(wrongName) ?? wrongName.message;
  if (socket.authorized) return undefined;
  const error: unknown = socket.authorizationError;
  return typeof error === "string"
    ? error
    : codeOf(error) ?? (error instanceof Error ? error.message : "unknown");
}

/** Go takes no name from the subject, which the runtime still does. */
function refuseLegacyName(
  leaf: DecodedCertificate | undefined,
): string | undefined {
  const hasNames = leaf === undefined || leaf.dnsNames.length > 0 ||
    leaf.ipAddresses.length > 0;
  return hasNames ? undefined : "ERR_TLS_CERT_ALTNAME_INVALID";
}

function readChain(socket: tls.TLSSocket): Uint8Array[] {
  const chain: Uint8Array[] = [];
  const seen = new Set<unknown>();
  let certificate: tls.DetailedPeerCertificate | undefined = socket
    .getPeerCertificate(true);
  while (
    certificate?.raw !== undefined && !seen.has(certificate) &&
    chain.length < MAX_CHAIN
  ) {
    seen.add(certificate);
    chain.push(certificate.raw);
    certificate = certificate.issuerCertificate;
  }
  return chain;
}

function cipherName(socket: tls.TLSSocket): string {
  const cipher = socket.getCipher();
  return cipher?.standardName ?? cipher?.name ?? "";
}

function decodeChain(
  context: TracerContext,
  chain: readonly Uint8Array[],
): DecodedCertificate[] {
  return chain.flatMap((der) => {
    try {
      return [decodeCertificate(der)];
    } catch (error) {
      context.log(`certificate of the peer cannot be read: ${error}`);
      return [];
    }
  });
}

function wordFailure(
  error: unknown,
  signal: AbortSignal,
  watcher: TlsWatcher,
  conn: LiveConn,
): RequestError {
  if (signal.aborted) return reasonOf(signal);
  const isWorded = error instanceof RequestError && error.reason !== "EOF";
  if (watcher.foreign === "http") {
    return new RequestError(
      "http: server gave HTTP response to HTTPS client",
      { phase: "tls", cause: error },
    );
  }
  if (watcher.foreign === "other") {
    return new RequestError(
      "tls: first record does not look like a TLS handshake",
      { phase: "tls", cause: error },
    );
  }
  if (watcher.alert !== undefined) {
    return new RequestError(`remote error: tls: ${watcher.alert}`, {
      phase: "tls",
      cause: error,
    });
  }
  if (isWorded) return error;
  // A socket that failed below tells more than the library above it.
  const below = conn.failure;
  if (below !== "" && below !== "EOF") {
    return new RequestError(below, { phase: "tls", cause: error });
  }
  const isEnd = below === "EOF" || codeOf(error) === "ECONNRESET" ||
    error instanceof RequestError;
  return isEnd
    ? new RequestError("EOF", { phase: "tls", cause: error })
    : wordTlsError(error instanceof Error ? error : new Error(String(error)));
}
