import type { Duplex } from "node:stream";
import net from "node:net";
import type { Socket } from "node:net";
import { Duplex as DuplexStream } from "node:stream";
import { reasonOf } from "./_abort.ts";
import type { TlsRequest, TlsResult } from "./_tls_request.ts";
import { RequestError } from "./request_error.ts";

/**
 * Makes a handshake with `Deno.startTls`, for runtimes whose `node:tls` runs on
 * sockets only: the tunnel's bytes pass through a connection of this process to
 * itself. The runtime judges the certificate and does not show it.
 *
 * @param request With whom, on what.
 * @returns The tunnel, without certificates.
 * @throws {RequestError} When the handshake fails.
 */
export async function relayTls(
  request: TlsRequest & { readonly serverName: string },
): Promise<TlsResult> {
  const { serverName, options, signal } = request;
  if (options.insecure === true) {
    throw new RequestError(
      "tls: certificates cannot be left unchecked by this version of Deno; 2.9 or later can",
      { phase: "tls" },
    );
  }
  if (options.certificate !== undefined) {
    throw new RequestError(
      "tls: client certificates cannot be used by this version of Deno; 2.9 or later can",
      { phase: "tls" },
    );
  }
  if (signal.aborted) throw reasonOf(signal);
  const conn = await openRelay(request.transport);
  let secured: Deno.TlsConn | undefined;
  const onAbort = () => closeQuietly(secured ?? conn);
  signal.addEventListener("abort", onAbort, { once: true });
  try {
    secured = await Deno.startTls(conn, {
      hostname: serverName,
      ...(options.caCertificates === undefined
        ? {}
        : { caCerts: [...options.caCertificates] }),
      // HTTP/2 needs a socket of its own there.
      ...(request.alpn.length === 0 ? {} : { alpnProtocols: ["http/1.1"] }),
    });
    const { alpnProtocol } = await secured.handshake();
    return {
      stream: new TlsConnStream(secured),
      protocol: alpnProtocol ?? "",
      chain: [],
      cipherSuite: 0,
      didResume: false,
      verifyFailure: undefined,
    };
  } catch (error) {
    closeQuietly(secured ?? conn);
    const match = error instanceof Error
      ? /invalid peer certificate: (.*)$/s.exec(error.message)
      : null;
    if (match === null) throw error;
    return {
      stream: request.transport,
      protocol: "",
      chain: [],
      cipherSuite: 0,
      didResume: false,
      verifyFailure: match[1]!,
    };
  } finally {
    signal.removeEventListener("abort", onAbort);
  }
}

/** A connection to this process itself, whose other end is the transport. */
async function openRelay(transport: Duplex): Promise<Deno.TcpConn> {
  const accepted = Promise.withResolvers<Socket>();
  let own: Deno.TcpConn | undefined;
  const server = net.createServer((socket) => {
    // Nobody else may take the place of this process.
    if (own !== undefined && socket.remotePort !== own.localAddr.port) {
      socket.destroy();
      return;
    }
    accepted.resolve(socket);
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(0, "127.0.0.1", () => resolve());
  });
  try {
    const { port } = server.address() as net.AddressInfo;
    own = await Deno.connect({ hostname: "127.0.0.1", port });
    const socket = await accepted.promise;
    if (socket.remotePort !== own.localAddr.port) {
      own.close();
      socket.destroy();
      throw new RequestError("tls: local relay was taken by another process", {
        phase: "tls",
      });
    }
    socket.on("error", () => transport.destroy());
    transport.on("error", () => socket.destroy());
    transport.on("close", () => socket.destroy());
    socket.on("close", () => transport.destroy());
    transport.pipe(socket);
    socket.pipe(transport);
    return own;
  } finally {
    server.close();
  }
}

class TlsConnStream extends DuplexStream {
  readonly #conn: Deno.TlsConn;

  constructor(conn: Deno.TlsConn) {
    super({ allowHalfOpen: true });
    this.#conn = conn;
  }

  override _read(): void {
    const buffer = new Uint8Array(16 * 1024);
    this.#conn.read(buffer).then(
      (size) => this.push(size === null ? null : buffer.subarray(0, size)),
      (error) => this.destroy(error),
    );
  }

  override _write(
    chunk: Uint8Array,
    _encoding: string,
    done: (error?: Error | null) => void,
  ): void {
    (async () => {
      for (let at = 0; at < chunk.length;) {
        at += await this.#conn.write(chunk.subarray(at));
      }
    })().then(() => done(), done);
  }

  override _destroy(
    error: Error | null,
    done: (error?: Error | null) => void,
  ): void {
    closeQuietly(this.#conn);
    done(error);
  }
}

function closeQuietly(conn: { close(): void }): void {
  try {
    conn.close();
  } catch {
    // It is closed already.
  }
}
