import { assertEquals, assertRejects } from "@std/assert";
import { encodeAdvertise } from "../../../src/eventpipe/ipc/advertise_encoder.ts";
import { ServerNotAvailableError } from "../../../src/eventpipe/ipc/diagnostic_error.ts";
import { ReversedServer } from "../../../src/eventpipe/ipc/reversed_server.ts";
import { requireThat, testWith } from "../../support/requirement.ts";

const NEEDS = [
  requireThat(Deno.build.os !== "windows", "needs Unix sockets"),
];
const COOKIE = "123e4567-e89b-12d3-a456-426614174000";
const OTHER_COOKIE = "223e4567-e89b-12d3-a456-426614174000";

/** A server in a folder that goes with it. */
async function start() {
  const folder = await Deno.makeTempDir();
  const path = `${folder}/r`;
  const server = await ReversedServer.listen({ type: "unix", path });
  const connections: Deno.Conn[] = [];
  const connect = async () => {
    const connection = await Deno.connect({ transport: "unix", path });
    connections.push(connection);
    return connection;
  };
  return {
    server,
    connect,
    /** Introduces itself as a runtime does, with `extra` bytes behind. */
    async dial(
      { runtimeCookie = COOKIE, processId = 7n, extra = 0 } = {},
    ): Promise<Deno.Conn> {
      const connection = await connect();
      const advertise = encodeAdvertise({ runtimeCookie, processId });
      await connection.write(
        new Uint8Array([...advertise, ...new Uint8Array(extra)]),
      );
      return connection;
    },
    async [Symbol.asyncDispose]() {
      await server.close();
      for (const connection of connections) connection.close();
      await Deno.remove(folder, { recursive: true });
    },
  };
}

/** Waits until the other side has closed a connection. */
async function closed(connection: Deno.Conn): Promise<void> {
  try {
    while (await connection.read(new Uint8Array(16)) !== null);
  } catch (error) {
    if (!(error instanceof Deno.errors.ConnectionReset)) throw error;
  }
}

testWith(
  "ReversedServer.connect waits for a runtime that has not dialled yet",
  NEEDS,
  async () => {
    await using all = await start();
    const pending = all.server.connect(COOKIE);
    const peer = await all.dial();
    const connection = await pending;
    await peer.write(new Uint8Array([1, 2, 3]));
    const buffer = new Uint8Array(2);
    assertEquals([await connection.read(buffer), ...buffer], [2, 1, 2]);
    assertEquals([await connection.read(buffer), buffer[0]], [1, 3]);
    connection.close();
  },
);

testWith(
  "ReversedServer.waitForConnection looks and does not take",
  NEEDS,
  async () => {
    await using all = await start();
    const looking = all.server.waitForConnection(COOKIE);
    await all.dial();
    await looking;
    await all.server.waitForConnection(COOKIE);
    (await all.server.connect(COOKIE)).close();
    const controller = new AbortController();
    const waiting = all.server.waitForConnection(COOKIE, controller.signal);
    controller.abort(new Error("enough"));
    await assertRejects(() => waiting, Error, "enough");
  },
);

testWith(
  "ReversedServer forgets an idle connection that ends",
  NEEDS,
  async () => {
    await using all = await start();
    const first = await all.dial();
    const runtime = await all.server.accept();
    first.closeWrite();
    await closed(first);
    const next = all.server.connect(COOKIE);
    await all.dial({ processId: 8n });
    (await next).close();
    // The newest word of a runtime counts.
    assertEquals([runtime?.processId, runtime?.client.pid], [8n, 8]);
  },
);

testWith(
  "ReversedServer lets nobody in who says more than a runtime does",
  NEEDS,
  async () => {
    await using all = await start();
    await closed(await all.dial({ extra: 1 }));
    assertEquals(all.server.runtimes, []);
    await all.dial({ runtimeCookie: OTHER_COOKIE });
    assertEquals((await all.server.accept())?.runtimeCookie, OTHER_COOKIE);
  },
);

testWith(
  "ReversedServer keeps one connection of a runtime, the newest",
  NEEDS,
  async () => {
    await using all = await start();
    const old = await all.dial();
    await all.server.waitForConnection(COOKIE);
    const fresh = await all.dial();
    await closed(old);
    const connection = await all.server.connect(COOKIE);
    await connection.write(new Uint8Array([9]));
    assertEquals(await fresh.read(new Uint8Array(4)), 1);
    connection.close();
    all.server.remove(COOKIE);
    assertEquals(all.server.runtimes, []);
  },
);

testWith(
  "ReversedServer gives each connection to one who waits, in order",
  NEEDS,
  async () => {
    await using all = await start();
    const waiting = [1, 2].map(() => all.server.connect(COOKIE));
    await Promise.all([all.dial(), all.dial()]);
    const [first, second] = await Promise.all(waiting);
    assertEquals(first === second, false);
    first!.close();
    second!.close();
  },
);

testWith("ReversedServer.close sends home who waits", NEEDS, async () => {
  await using all = await start();
  const connecting = all.server.connect(COOKIE);
  const accepting = all.server.accept();
  const refused = assertRejects(
    () => connecting,
    ServerNotAvailableError,
    "is closed",
  );
  await all.server.close();
  await refused;
  assertEquals(await accepting, undefined);
  await assertRejects(
    () => all.server.connect(COOKIE),
    ServerNotAvailableError,
  );
});

testWith(
  "ReversedServer.accept gives up on a signal and loses no runtime by it",
  NEEDS,
  async () => {
    await using all = await start();
    const controller = new AbortController();
    const given = all.server.accept(controller.signal);
    controller.abort(new Error("enough"));
    await assertRejects(() => given, Error, "enough");
    await all.dial();
    assertEquals((await all.server.accept())?.processId, 7n);
  },
);

testWith(
  "ReversedServer holds at most 64 who do not introduce themselves",
  NEEDS,
  async () => {
    await using all = await start();
    const silent: Deno.Conn[] = [];
    for (let count = 0; count < 64; count++) silent.push(await all.connect());
    // Those are waited for; one more is shown out at once.
    let isFirstOut = false;
    const first = closed(silent[0]!).then(() => {
      isFirstOut = true;
    });
    await closed(await all.connect());
    assertEquals(isFirstOut, false);
    await first;
    await Promise.all(silent.slice(1).map(closed));
    await all.dial();
    assertEquals((await all.server.accept())?.processId, 7n);
  },
);

testWith(
  "ReversedServer remembers at most 256 runtimes, and forgets those that went",
  NEEDS,
  async () => {
    await using all = await start();
    const cookieOf = (index: number) =>
      `00000000-0000-0000-0000-${String(index).padStart(12, "0")}`;
    for (let index = 0; index < 256; index++) {
      await all.dial({ runtimeCookie: cookieOf(index) });
      await all.server.waitForConnection(cookieOf(index));
      await all.server.accept();
    }
    await closed(await all.dial({ runtimeCookie: cookieOf(256) }));
    (await all.server.connect(cookieOf(3))).close();
    await all.dial({ runtimeCookie: cookieOf(257) });
    await all.server.accept();
    const cookies = all.server.runtimes.map((each) => each.runtimeCookie);
    assertEquals([cookies.length, cookies.includes(cookieOf(3))], [256, false]);
  },
);

Deno.test("ReversedServer goes on when a connection cannot be accepted", async () => {
  let calls = 0;
  const closed = Promise.withResolvers<undefined>();
  const server = new ReversedServer({
    address: { type: "unix-stream", path: "/r" },
    accept() {
      if (calls++ === 0) {
        return Promise.reject(new Error("too many open files"));
      }
      return closed.promise;
    },
    // deno-lint-ignore require-await
    async close() {
      closed.resolve(undefined);
    },
  }, { type: "unix", path: "/r" });
  while (calls < 2) await new Promise((resolve) => setTimeout(resolve, 5));
  await server.close();
  assertEquals(await server.accept(), undefined);
});
