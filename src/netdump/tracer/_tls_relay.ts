import net from "node:net";
import type { Duplex } from "node:stream";
import tls from "node:tls";
import { parseIpAddress } from "../../codec/ip_address.ts";
import { reasonOf } from "./_abort.ts";
import { systemRoots } from "./_system_roots.ts";
import type { TlsRequest, TlsResult } from "./_tls_request.ts";
import { RequestError } from "./request_error.ts";
import type { TracerHost } from "./tracer_host.ts";

/** Words of the runtime's TLS library for a certificate that it refuses. */
const REFUSED_REGEXP = /invalid peer certificate: (.*)$/s;

/** A handshake for {@linkcode relayTls}. */
export interface RelayTlsRequest extends TlsRequest {
  /** Name to ask for and to check. */
  readonly serverName: string;
  /** Where the authorities of this system are read. */
  readonly files: Pick<TracerHost, "readText">;
}

/**
 * Makes a handshake with the `node:tls` of runtimes before Deno 2.9, which runs
 * on sockets only: the tunnel's bytes pass through a connection of this process
 * to itself. The runtime judges the certificate; it shows that of the server
 * alone, and none that it refuses.
 *
 * @param request With whom, on what.
 * @returns The tunnel, with one certificate at most.
 * @throws {RequestError} When the handshake fails.
 */
export async function relayTls(request: RelayTlsRequest): Promise<TlsResult> {
  const { serverName, options, alpn, signal } = request;
  if (signal.aborted) throw reasonOf(signal);
  const caCertificates = options.caCertificates ??
    await systemRoots(request.files);
  const server = await listenForRelay(request.transport);
  const isIp = parseIpAddress(serverName) !== undefined;
  const own = await connectRelay(server, request.transport);
  const socket = tls.connect({
    socket: own,
    rejectUnauthorized: options.insecure !== true,
    ...(isIp ? { host: serverName } : { servername: serverName }),
    ...(alpn.length === 0 ? {} : { ALPNProtocols: [...alpn] }),
    ...(caCertificates === undefined ? {} : { ca: [...caCertificates] }),
    ...(options.certificate === undefined ? {} : { cert: options.certificate }),
    ...(options.privateKey === undefined ? {} : { key: options.privateKey }),
  });
  // HTTP/2 takes the connection over, which nobody may be reading from by then.
  if (alpn.length > 0) holdBack(socket);
  const { promise, resolve, reject } = Promise.withResolvers<TlsResult>();
  const onAbort = () => reject(reasonOf(signal));
  signal.addEventListener("abort", onAbort, { once: true });
  socket.on("error", (error: Error) => {
    const refusal = REFUSED_REGEXP.exec(error.message)?.[1];
    if (refusal === undefined) reject(error);
    else resolve({ ...NOTHING, stream: socket, verifyFailure: refusal });
  });
  socket.once("close", () => reject(new RequestError("EOF", { phase: "tls" })));
  socket.once("secureConnect", () => {
    const leaf: tls.PeerCertificate | undefined = socket.getPeerCertificate();
    if (leaf?.raw === undefined) {
      // It failed, and the first read tells why.
      socket.resume();
      return;
    }
    resolve({
      ...NOTHING,
      stream: socket,
      protocol: typeof socket.alpnProtocol === "string"
        ? socket.alpnProtocol
        : "",
      chain: [leaf.raw],
    });
  });
  try {
    return await promise;
  } catch (error) {
    socket.destroy();
    server.close();
    throw error;
  } finally {
    signal.removeEventListener("abort", onAbort);
  }
}

/** What a runtime does not tell. */
const NOTHING: Omit<TlsResult, "stream"> = {
  protocol: "",
  chain: [],
  cipherSuite: 0,
  didResume: false,
  verifyFailure: undefined,
};

/** Lets the runtime read nothing behind the handshake by itself. */
function holdBack(socket: tls.TLSSocket): void {
  const { _handle } = socket as unknown as {
    readonly _handle: { pauseOnCreate: boolean } | null;
  };
  if (_handle !== null) _handle.pauseOnCreate = true;
}

/** Listens for a connection of this process to itself, whose other end becomes the transport. */
async function listenForRelay(transport: Duplex): Promise<net.Server> {
  const server = net.createServer();
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(0, "127.0.0.1", () => resolve());
  });
  transport.once("close", () => server.close());
  return server;
}

/** Makes that connection, and joins its other end, and nobody else's, with the transport. */
async function connectRelay(
  server: net.Server,
  transport: Duplex,
): Promise<net.Socket> {
  const waiting: net.Socket[] = [];
  const own: { port?: number | undefined } = {};
  const match = () => {
    if (own.port === undefined) return;
    for (const end of waiting.splice(0)) {
      if (end.remotePort !== own.port) {
        end.destroy();
        continue;
      }
      server.close();
      end.setNoDelay(true);
      end.on("error", () => transport.destroy());
      end.on("close", () => transport.destroy());
      transport.on("error", () => end.destroy());
      transport.on("close", () => end.destroy());
      transport.pipe(end);
      end.pipe(transport);
    }
  };
  server.on("connection", (end) => {
    waiting.push(end);
    match();
  });
  const { port } = server.address() as net.AddressInfo;
  const socket = net.connect({ host: "127.0.0.1", port });
  // TLS takes it over, which works only while nothing reads from it.
  socket.pause();
  await new Promise<void>((resolve, reject) => {
    socket.once("connect", resolve);
    socket.on("error", reject);
  });
  socket.setNoDelay(true);
  own.port = socket.localPort;
  match();
  return socket;
}
