import http2 from "node:http2";
import type net from "node:net";
import type tls from "node:tls";
import type { KeyPair } from "./_certificates.ts";

/** A server of a test. */
export interface TestServer extends AsyncDisposable {
  readonly port: number;
}

/** An HTTPS server for HTTP/1.1 and HTTP/2. */
export async function serveTls(
  pair: KeyPair,
  options: tls.TlsOptions = {},
): Promise<TestServer> {
  const sockets = new Set<net.Socket>();
  const server = http2.createSecureServer({
    ...pair,
    allowHTTP1: true,
    ...options,
  }, (request, response) => {
    if (request.url === "/reset") {
      response.stream.close(http2.constants.NGHTTP2_INTERNAL_ERROR);
      return;
    }
    let body = "";
    request.on("data", (chunk) => body += String(chunk));
    request.on("end", () => {
      response.setHeader("x-proto", request.httpVersion);
      response.end(body || "pong");
    });
  });
  server.on("connection", (socket: net.Socket) => {
    sockets.add(socket);
    socket.on("error", () => {});
    socket.on("close", () => sockets.delete(socket));
  });
  server.on("tlsClientError", () => {});
  server.on("sessionError", () => {});
  await new Promise<void>((resolve) =>
    server.listen(0, "127.0.0.1", () => resolve())
  );
  return {
    port: (server.address() as net.AddressInfo).port,
    async [Symbol.asyncDispose]() {
      const closed = new Promise<void>((resolve) =>
        server.close(() => resolve())
      );
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}
