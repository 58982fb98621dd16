/**
 * The servers of the lab. Run in a namespace with a {@linkcode ServiceConfig}
 * as JSON on standard input; prints `ok` when all listen, and ends when
 * standard output is closed.
 *
 * @module
 */

import { createSocket } from "node:dgram";
import { createServer as createHttpServer } from "node:http";
import type { IncomingMessage, ServerResponse } from "node:http";
import { createServer as createHttpsServer } from "node:https";
import { answerDns } from "./dns_answer.ts";
import type { ServiceConfig } from "./service_config.ts";

/** NTP counts from 1900. */
const NTP_EPOCH_SECONDS = 2_208_988_800;

function respond(shiftMs: number) {
  return (request: IncomingMessage, response: ServerResponse): void => {
    const size = Number(/^\/bytes\/(\d+)/.exec(request.url ?? "")?.[1] ?? 15);
    response.sendDate = false;
    response.setHeader("Date", new Date(Date.now() + shiftMs).toUTCString());
    if (request.url === "/redirect") {
      response.writeHead(302, { location: "/" }).end();
      return;
    }
    if (request.url === "/generate_204") {
      response.writeHead(204).end();
      return;
    }
    response.writeHead(200, { "content-length": size });
    response.end("x".repeat(size));
  };
}

async function listenHttp(config: ServiceConfig): Promise<void> {
  for (const { ip, port, shiftMs = 0, certificate, key } of config.http ?? []) {
    const server = certificate === undefined
      ? createHttpServer(respond(shiftMs))
      : createHttpsServer({ cert: certificate, key: key! }, respond(shiftMs));
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    server.once("error", reject);
    server.listen(port, ip, resolve);
    await promise;
  }
}

function listenProxies(config: ServiceConfig): void {
  for (const { ip, port, answer } of config.proxies ?? []) {
    const listener = Deno.listen({ hostname: ip, port });
    (async () => {
      for await (const conn of listener) serveProxy(conn, answer);
    })();
  }
}

async function serveProxy(
  conn: Deno.Conn,
  answer: string | undefined,
): Promise<void> {
  try {
    const buffer = new Uint8Array(65_536);
    let text = "";
    while (!text.includes("\r\n\r\n")) {
      const size = await conn.read(buffer);
      if (size === null) return conn.close();
      text += new TextDecoder().decode(buffer.subarray(0, size));
    }
    const [, method, target] = /^(\S+) (\S+)/.exec(text)!;
    if (answer !== undefined) {
      await conn.write(new TextEncoder().encode(answer));
      return conn.close();
    }
    const url = new URL(method === "CONNECT" ? `http://${target}` : target!);
    const upstream = await Deno.connect({
      hostname: url.hostname,
      port: Number(url.port || 80),
    });
    const head = method === "CONNECT"
      ? undefined
      : text.replace(target!, url.pathname);
    if (head === undefined) {
      const done = "HTTP/1.1 200 Connection established\r\n\r\n";
      await conn.write(new TextEncoder().encode(done));
    } else await upstream.write(new TextEncoder().encode(head));
    await Promise.allSettled([
      conn.readable.pipeTo(upstream.writable),
      upstream.readable.pipeTo(conn.writable),
    ]);
  } catch {
    // The client has gone, or there is no upstream: either ends the connection.
    try {
      conn.close();
    } catch {
      // Closed by the pipe.
    }
  }
}

async function listenDns(config: ServiceConfig): Promise<void> {
  for (const { ip, zone, rcode } of config.dns ?? []) {
    const socket = createSocket(ip.includes(":") ? "udp6" : "udp4");
    socket.on("message", (message, peer) => {
      const reply = answerDns(message, zone, rcode);
      if (reply) socket.send(reply, peer.port, peer.address);
    });
    await new Promise<void>((resolve) => socket.bind(53, ip, resolve));
    const listener = Deno.listen({ hostname: ip, port: 53 });
    (async () => {
      for await (const conn of listener) {
        serveDns(conn, (query) => answerDns(query, zone, rcode))
          .catch(() => {});
      }
    })();
  }
}

async function serveDns(
  conn: Deno.Conn,
  answer: (query: Uint8Array) => Uint8Array | undefined,
): Promise<void> {
  using _ = conn;
  const buffer = new Uint8Array(65_537);
  let filled = 0;
  for (;;) {
    const size = await conn.read(buffer.subarray(filled));
    if (size === null) return;
    filled += size;
    const length = (buffer[0]! << 8) + buffer[1]!;
    if (filled < length + 2) continue;
    const reply = answer(buffer.subarray(2, 2 + length));
    if (!reply) return;
    await conn.write(
      new Uint8Array([reply.length >> 8, reply.length & 0xff, ...reply]),
    );
    buffer.copyWithin(0, length + 2, filled);
    filled -= length + 2;
  }
}

async function listenNtp(config: ServiceConfig): Promise<void> {
  for (const { ip, shiftMs = 0 } of config.ntp ?? []) {
    const socket = createSocket(ip.includes(":") ? "udp6" : "udp4");
    socket.on("message", (message, peer) => {
      const reply = new DataView(new ArrayBuffer(48));
      const now = (Date.now() + shiftMs) / 1000 + NTP_EPOCH_SECONDS;
      reply.setUint8(0, 0x24);
      reply.setUint8(1, 2);
      for (let at = 0; at < 8; at++) {
        reply.setUint8(24 + at, message[40 + at] ?? 0);
      }
      for (const at of [16, 32, 40]) {
        reply.setUint32(at, Math.floor(now));
        reply.setUint32(at + 4, now % 1 * 2 ** 32);
      }
      socket.send(new Uint8Array(reply.buffer), peer.port, peer.address);
    });
    await new Promise<void>((resolve) => socket.bind(123, ip, resolve));
  }
}

if (import.meta.main) {
  const config: ServiceConfig = JSON.parse(
    await new Response(Deno.stdin.readable).text(),
  );
  await listenHttp(config);
  listenProxies(config);
  await listenDns(config);
  await listenNtp(config);
  Deno.stdout.writeSync(new TextEncoder().encode("ok\n"));
}
