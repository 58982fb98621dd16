import { assert, assertEquals, assertRejects } from "@std/assert";
import { OsError } from "../../src/base/errors.ts";
import { openLibc } from "../../src/platform/libc.ts";
import { openTcpConnection } from "../../src/platform/tcp_connection.ts";
import type { TcpConnection } from "../../src/platform/tcp_connection.ts";
import { requireThat, testWith } from "../support/requirement.ts";

const NEEDS = [
  requireThat(Deno.build.os === "linux", "its calls are those of Linux"),
];

// It stays open for the whole process, which is no leak of one test.
if (Deno.build.os === "linux") openLibc();

async function readAll(connection: TcpConnection): Promise<string> {
  const buffer = new Uint8Array(7);
  let text = "";
  for (
    let size = await connection.read(buffer);
    size !== null;
    size = await connection.read(buffer)
  ) text += new TextDecoder().decode(buffer.subarray(0, size));
  return text;
}

testWith(
  "openTcpConnection carries bytes both ways until each side ends",
  NEEDS,
  async () => {
    for (const hostname of ["127.0.0.1", "::1"]) {
      using listener = Deno.listen({ hostname, port: 0 });
      const serving = (async () => {
        using conn = await listener.accept();
        const text = await new Response(conn.readable).text();
        return [text.length, (conn.remoteAddr as Deno.NetAddr).port];
      })();
      const connection = await openTcpConnection(hostname, listener.addr.port, {
        keepAliveMs: 15_000,
      });
      // More than the buffers of the kernel hold, so that writing has to wait.
      await connection.write(new Uint8Array(8 * 1024 * 1024).fill(0x61));
      connection.closeWrite();
      assertEquals(await serving, [8 * 1024 * 1024, connection.own.port]);
      assertEquals(await readAll(connection), "");
      assertEquals(connection.own.address, hostname);
      await connection.close();
      await connection.close();
      assertEquals(await connection.read(new Uint8Array(1)), null);
      await assertRejects(
        () => connection.write(new Uint8Array(1)),
        OsError,
        "EPIPE",
      );
    }
  },
);

testWith(
  "openTcpConnection sends from the address that it is told",
  NEEDS,
  async () => {
    using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    const ends: unknown[] = [];
    const connection = await openTcpConnection(
      "127.0.0.1",
      listener.addr.port,
      { sourceIp: "127.0.0.9", onOwnEnd: (end) => ends.push(end) },
    );
    using conn = await listener.accept();
    const { hostname, port } = conn.remoteAddr as Deno.NetAddr;
    assertEquals(hostname, "127.0.0.9");
    assertEquals(ends, [{ address: "127.0.0.9", port }]);
    await connection.close();
    const error = await assertRejects(
      () =>
        openTcpConnection("127.0.0.1", listener.addr.port, {
          sourceIp: "192.0.2.55",
        }),
      OsError,
    );
    assertEquals([error.syscall, error.code], ["bind", "EADDRNOTAVAIL"]);
  },
);

testWith(
  "openTcpConnection tells why nobody answers, and by then its own port",
  NEEDS,
  async () => {
    const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    const { port } = listener.addr;
    listener.close();
    let ownPort = 0;
    const error = await assertRejects(
      () =>
        openTcpConnection("127.0.0.1", port, {
          onOwnEnd: (end) => ownPort = end.port,
        }),
      OsError,
    );
    assertEquals([error.syscall, error.code], ["connect", "ECONNREFUSED"]);
    assert(ownPort > 0);
    await assertRejects(
      () => openTcpConnection("localhost", port),
      TypeError,
      'Cannot connect to "localhost": it is no IP address',
    );
  },
);

testWith(
  "openTcpConnection gives up with its signal, and a read ends with its connection",
  NEEDS,
  async () => {
    const reason = new Error("enough");
    await assertRejects(
      () =>
        openTcpConnection("127.0.0.1", 9, {
          signal: AbortSignal.abort(reason),
        }),
      Error,
      "enough",
    );
    // With its queue full a listener answers no SYN more.
    using listener = Deno.listen({
      hostname: "127.0.0.1",
      port: 0,
      tcpBacklog: 1,
    });
    const { port } = listener.addr;
    const waiting: TcpConnection[] = [];
    let isPending = false;
    while (!isPending && waiting.length < 1000) {
      const controller = new AbortController();
      const timer = setTimeout(() => controller.abort(reason), 100);
      try {
        waiting.push(
          await openTcpConnection("127.0.0.1", port, {
            signal: controller.signal,
          }),
        );
      } catch (error) {
        assertEquals(error, reason);
        isPending = true;
      } finally {
        clearTimeout(timer);
      }
    }
    assert(isPending);
    const [first, ...others] = waiting;
    const reading = first!.read(new Uint8Array(1));
    await first!.close();
    assertEquals(await reading, null);
    for (const other of others) await other.close();
  },
);
