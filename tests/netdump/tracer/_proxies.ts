import net from "node:net";
import type { Duplex } from "node:stream";
import tls from "node:tls";
import type { KeyPair } from "./_certificates.ts";

/** A proxy of a test. */
export interface TestProxy extends AsyncDisposable {
  readonly port: number;
  /** First lines that clients said. */
  readonly seen: readonly string[];
}

/** How a proxy behaves. */
export interface TestProxyOptions {
  /** Speaks TLS with these. */
  readonly tls?: KeyPair;
  /** What it answers to CONNECT instead of making the tunnel. */
  readonly refusal?: string;
  /** What it sends behind its consent. */
  readonly trailing?: string;
}

/** An HTTP proxy on 127.0.0.1 that knows CONNECT and absolute URLs. */
export async function startHttpProxy(
  options: TestProxyOptions = {},
): Promise<TestProxy> {
  const seen: string[] = [];
  const serve = (client: Duplex) => {
    client.on("error", () => {});
    client.once("data", (bytes: Uint8Array) => {
      const head = new TextDecoder().decode(bytes);
      seen.push(head);
      const [line = ""] = head.split("\r\n");
      const [method, target = ""] = line.split(" ");
      if (options.refusal !== undefined) {
        client.end(options.refusal);
        return;
      }
      const url = method === "CONNECT"
        ? new URL(`http://${target}`)
        : new URL(target);
      const upstream = net.connect({
        host: "127.0.0.1",
        port: Number(url.port || 80),
      });
      upstream.on("error", () => client.destroy());
      upstream.once("connect", () => {
        if (method === "CONNECT") {
          client.write(
            `HTTP/1.1 200 Connection established\r\n\r\n${
              options.trailing ?? ""
            }`,
          );
        } else {
          upstream.write(
            head.replace(/^(\S+) \S+/, `$1 ${url.pathname}${url.search}`),
          );
        }
        client.pipe(upstream);
        upstream.pipe(client);
      });
      client.on("close", () => upstream.destroy());
      upstream.on("close", () => client.destroy());
    });
  };
  return await listen(
    options.tls === undefined
      ? net.createServer(serve)
      : tls.createServer({ ...options.tls }, serve),
    seen,
  );
}

/** A SOCKS 5 proxy on 127.0.0.1; with a login it wants it. */
export async function startSocksProxy(
  options: { readonly login?: string; readonly reply?: number } = {},
): Promise<TestProxy> {
  const seen: string[] = [];
  const server = net.createServer((client) => {
    client.on("error", () => {});
    let state: "method" | "login" | "request" = "method";
    client.on("data", function onData(bytes: Uint8Array) {
      if (state === "method") {
        state = options.login === undefined ? "request" : "login";
        client.write(new Uint8Array([5, options.login === undefined ? 0 : 2]));
      } else if (state === "login") {
        const name = new TextDecoder().decode(bytes.subarray(2, 2 + bytes[1]!));
        seen.push(`login ${name}`);
        state = "request";
        client.write(new Uint8Array([1, name === options.login ? 0 : 1]));
      } else {
        client.removeListener("data", onData);
        const isName = bytes[3] === 3;
        const host = isName
          ? new TextDecoder().decode(bytes.subarray(5, 5 + bytes[4]!))
          : bytes.subarray(4, 8).join(".");
        const at = isName ? 5 + bytes[4]! : 8;
        const port = bytes[at]! << 8 | bytes[at + 1]!;
        seen.push(`${host}:${port}`);
        const { reply = 0 } = options;
        const answer = new Uint8Array([5, reply, 0, 1, 127, 0, 0, 1, 0, 0]);
        if (reply !== 0) {
          client.end(answer);
          return;
        }
        const upstream = net.connect({ host: "127.0.0.1", port });
        upstream.on("error", () => client.destroy());
        upstream.once("connect", () => {
          // In two pieces, as a network may deliver it.
          client.write(answer.subarray(0, 3));
          client.write(answer.subarray(3));
          client.pipe(upstream);
          upstream.pipe(client);
        });
        client.on("close", () => upstream.destroy());
        upstream.on("close", () => client.destroy());
      }
    });
  });
  return await listen(server, seen);
}

async function listen(server: net.Server, seen: string[]): Promise<TestProxy> {
  const open = new Set<net.Socket>();
  server.on("connection", (socket: net.Socket) => {
    open.add(socket);
    socket.on("error", () => {});
    socket.on("close", () => open.delete(socket));
  });
  await new Promise<void>((resolve) =>
    server.listen(0, "127.0.0.1", () => resolve())
  );
  return {
    port: (server.address() as net.AddressInfo).port,
    seen,
    async [Symbol.asyncDispose]() {
      const closed = new Promise<void>((resolve) =>
        server.close(() => resolve())
      );
      for (const socket of open) socket.destroy();
      await closed;
    },
  };
}
