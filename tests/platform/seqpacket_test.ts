import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { OsError } from "../../src/base/errors.ts";
import { openLibc } from "../../src/platform/libc.ts";
import { PacketBatch } from "../../src/platform/packet_batch.ts";
import { SeqpacketConn } from "../../src/platform/seqpacket_conn.ts";
import { SeqpacketListener } from "../../src/platform/seqpacket_listener.ts";
import { testWith } from "../support/requirement.ts";
import { NEEDS_SOCKETS, temporaryFolder } from "../tracereplay/_peer.ts";

// Open for the whole file: the resources of a test are counted.
if (Deno.build.os === "linux") openLibc();

/** Both ends of a connection. */
interface Pair extends AsyncDisposable {
  readonly server: SeqpacketConn;
  readonly client: SeqpacketConn;
}

let names = 0;

/** A name of which no other test knows. */
function abstractName(): string {
  return `@tracedeck-test-${Deno.pid}-${names++}`;
}

async function connectPair(): Promise<Pair> {
  const name = abstractName();
  const listener = SeqpacketListener.listen(name);
  const client = await SeqpacketConn.connect(name);
  const server = await listener.accept();
  await listener.close();
  return {
    server: server!,
    client,
    async [Symbol.asyncDispose]() {
      await client.close();
      await server!.close();
    },
  };
}

/** Takes everything that comes until the end. */
async function receiveAll(conn: SeqpacketConn): Promise<string[]> {
  const batch = new PacketBatch();
  const packets: string[] = [];
  while (true) {
    const end = conn.receive(batch);
    for (const packet of batch) packets.push(packet.toHex());
    batch.clear();
    if (end === "closed") return packets;
    await conn.readable();
  }
}

testWith(
  "SeqpacketConn keeps the bounds of packets",
  NEEDS_SOCKETS,
  async () => {
    await using pair = await connectPair();
    await pair.client.send(new Uint8Array([1]));
    await pair.client.send(new Uint8Array([2, 3]));
    await pair.client.send(new Uint8Array([4, 5, 6]));
    await pair.client.close();
    assertEquals(await receiveAll(pair.server), ["01", "0203", "040506"]);
  },
);

testWith(
  "SeqpacketConn tells idle, more and closed apart",
  NEEDS_SOCKETS,
  async () => {
    await using pair = await connectPair();
    const batch = new PacketBatch();
    assertEquals(pair.server.receive(batch), "idle");
    await pair.client.send(new Uint8Array([1]));
    await pair.client.send(new Uint8Array([2]));
    assertEquals(pair.server.receive(batch, { maxPackets: 1 }), "more");
    assertEquals(batch.packets, 1);
    assertEquals(pair.server.receive(batch), "idle");
    await pair.client.close();
    assertEquals(pair.server.receive(batch), "closed");
    assertEquals([...batch].map((packet) => packet.toHex()), ["01", "02"]);
  },
);

testWith(
  "PacketBatch holds packets behind their sizes",
  NEEDS_SOCKETS,
  async () => {
    await using pair = await connectPair();
    const batch = new PacketBatch();
    await pair.client.send(new Uint8Array([7, 8]));
    pair.server.receive(batch);
    assertEquals(batch.bytes.toHex(), "0200000000000000" + "0708");
    batch.clear();
    assertEquals([batch.packets, batch.bytes.length], [0, 0]);
  },
);

testWith(
  "SeqpacketConn stops at a full batch and loses nothing",
  NEEDS_SOCKETS,
  async () => {
    await using pair = await connectPair();
    const batch = new PacketBatch({ maxPacketBytes: 10, fullBytes: 20 });
    for (let index = 0; index < 5; index++) {
      await pair.client.send(new Uint8Array(10).fill(index));
    }
    const seen: number[] = [];
    while (seen.length < 5) {
      pair.server.receive(batch);
      for (const packet of batch) seen.push(packet[0]!);
      batch.clear();
    }
    assertEquals(seen, [0, 1, 2, 3, 4]);
  },
);

testWith(
  "SeqpacketConn counts a packet that is too large and goes on",
  NEEDS_SOCKETS,
  async () => {
    await using pair = await connectPair();
    const batch = new PacketBatch({ maxPacketBytes: 4 });
    await pair.client.send(new Uint8Array([1, 2, 3, 4, 5]));
    await pair.client.send(new Uint8Array([6]));
    pair.server.receive(batch);
    assertEquals(batch.oversized, [5]);
    assertEquals([...batch].map((packet) => packet.toHex()), ["06"]);
  },
);

testWith(
  "SeqpacketConn keeps what was sent before a reset",
  NEEDS_SOCKETS,
  async () => {
    await using pair = await connectPair();
    // The client leaves without reading this: the kernel reports a reset first.
    await pair.server.send(new Uint8Array([9]));
    await pair.client.send(new Uint8Array([1]));
    await pair.client.send(new Uint8Array([2]));
    await pair.client.close();
    assertEquals(await receiveAll(pair.server), ["01", "02"]);
    assertEquals(pair.server.wasReset, true);
  },
);

testWith(
  "SeqpacketConn says that the peer has closed",
  NEEDS_SOCKETS,
  async () => {
    await using pair = await connectPair();
    await pair.server.close();
    const error = assertThrows(
      () => pair.client.trySend(new Uint8Array([1])),
      OsError,
      "connection was closed by the peer (EPIPE)",
    );
    assertEquals(error.code, "EPIPE");
  },
);

testWith(
  "SeqpacketConn says how large a packet may be, and raises it",
  NEEDS_SOCKETS,
  async () => {
    await using pair = await connectPair();
    const most = pair.client.maxSendBytes;
    const error = assertThrows(
      () => pair.client.trySend(new Uint8Array(most + 1)),
      OsError,
      `at most ${most} bytes are possible`,
    );
    assertEquals(error.code, "EMSGSIZE");
    assertEquals(pair.client.trySend(new Uint8Array(most)), true);
    assertEquals(pair.client.raiseMaxSendBytes(most + 1) > most, true);
    assertEquals(pair.client.raiseMaxSendBytes(1) > most, true);
  },
);

testWith("SeqpacketConn.send waits for room", NEEDS_SOCKETS, async () => {
  await using pair = await connectPair();
  const packet = new Uint8Array(50_000);
  let sent = 0;
  while (pair.client.trySend(packet)) sent++;
  assertEquals(sent > 0, true);
  const waiting = pair.client.send(packet);
  const batch = new PacketBatch();
  let received = 0;
  while (received < sent + 1) {
    pair.server.receive(batch);
    received += batch.packets;
    batch.clear();
    if (received < sent + 1) await pair.server.readable();
  }
  await waiting;
});

testWith(
  "SeqpacketConn.readable ends at its time limit, by its signal and by close",
  NEEDS_SOCKETS,
  async () => {
    await using pair = await connectPair();
    assertEquals(await pair.server.readable({ timeoutMs: 1 }), false);
    const controller = new AbortController();
    const waiting = pair.server.readable({ signal: controller.signal });
    controller.abort(new Error("enough"));
    await assertRejects(() => waiting, Error, "enough");
    const closing = pair.server.readable();
    await pair.server.close();
    assertEquals(await closing, false);
    assertThrows(
      () => pair.server.trySend(new Uint8Array(1)),
      Error,
      "connection is closed",
    );
  },
);

testWith(
  "SeqpacketConn.close reaches the peer while others go on to wait",
  NEEDS_SOCKETS,
  async () => {
    const name = abstractName();
    await using listener = SeqpacketListener.listen(name);
    await using client = await SeqpacketConn.connect(name);
    const server = await listener.accept();
    // Both wait in one poll, which holds the socket open on its own.
    const accepting = listener.accept();
    const waiting = server!.readable();
    await new Promise((resolve) => setTimeout(resolve, 5));
    await server!.close();
    assertEquals(await waiting, false);
    assertEquals(await client.readable({ timeoutMs: 10_000 }), true);
    assertEquals(client.receive(new PacketBatch()), "closed");
    await listener.close();
    assertEquals(await accepting, undefined);
  },
);

testWith(
  "SeqpacketConn knows who is at the other end",
  NEEDS_SOCKETS,
  async () => {
    await using pair = await connectPair();
    assertEquals(pair.server.peer, {
      pid: Deno.pid,
      uid: Deno.uid()!,
      gid: Deno.gid()!,
    });
  },
);

testWith(
  "many connections wait with one poll, each for its own",
  NEEDS_SOCKETS,
  async () => {
    const name = abstractName();
    await using listener = SeqpacketListener.listen(name);
    await using stack = new AsyncDisposableStack();
    const clients: SeqpacketConn[] = [];
    const served: Promise<string[]>[] = [];
    for (let index = 0; index < 50; index++) {
      clients.push(stack.use(await SeqpacketConn.connect(name)));
      const conn = stack.use((await listener.accept())!);
      served.push(receiveAll(conn));
    }
    for (const [index, client] of clients.entries()) {
      await client.send(new Uint8Array([index]));
    }
    for (const client of clients.toReversed()) await client.close();
    const packets = await Promise.all(served);
    assertEquals(
      packets,
      clients.map((_, index) => [new Uint8Array([index]).toHex()]),
    );
  },
);

testWith(
  "SeqpacketListener gives its socket to the owner alone, and removes it",
  NEEDS_SOCKETS,
  async () => {
    await using folder = await temporaryFolder();
    const path = `${folder.path}/s.sock`;
    {
      await using _listener = SeqpacketListener.listen(path);
      const info = await Deno.lstat(path);
      assertEquals([info.isSocket, info.mode! & 0o777], [true, 0o600]);
    }
    await assertRejects(() => Deno.lstat(path), Deno.errors.NotFound);
    await using _open = SeqpacketListener.listen(path, { mode: 0o666 });
    assertEquals((await Deno.lstat(path)).mode! & 0o777, 0o666);
  },
);

testWith(
  "SeqpacketListener leaves a file alone that took the place of its own",
  NEEDS_SOCKETS,
  async () => {
    await using folder = await temporaryFolder();
    const path = `${folder.path}/s.sock`;
    const listener = SeqpacketListener.listen(path);
    await Deno.remove(path);
    await Deno.writeTextFile(path, "another");
    await listener.close();
    assertEquals(await Deno.readTextFile(path), "another");
  },
);

testWith(
  "SeqpacketListener replaces a socket nobody listens on",
  NEEDS_SOCKETS,
  async () => {
    await using folder = await temporaryFolder();
    const path = `${folder.path}/s.sock`;
    const dead = SeqpacketListener.listen(path);
    await Deno.rename(path, `${path}.kept`);
    await dead.close();
    await Deno.rename(`${path}.kept`, path);
    await using listener = SeqpacketListener.listen(path);
    await using client = await SeqpacketConn.connect(path);
    await using server = await listener.accept();
    assertEquals([client === undefined, server === undefined], [false, false]);
  },
);

testWith(
  "SeqpacketListener refuses sockets of others, files and folders",
  NEEDS_SOCKETS,
  async () => {
    await using folder = await temporaryFolder();
    const path = `${folder.path}/s.sock`;
    await using _listener = SeqpacketListener.listen(path);
    assertThrows(
      () => SeqpacketListener.listen(path),
      Deno.errors.AddrInUse,
      "another process listens there",
    );
    const stream = `${folder.path}/stream.sock`;
    using _stream = Deno.listen({ transport: "unix", path: stream });
    assertThrows(() => SeqpacketListener.listen(stream), Deno.errors.AddrInUse);
    const file = `${folder.path}/file`;
    await Deno.writeTextFile(file, "precious");
    for (const force of [false, true]) {
      assertThrows(
        () => SeqpacketListener.listen(file, { force }),
        Deno.errors.AlreadyExists,
        "path is a regular file, not a socket",
      );
      assertThrows(
        () => SeqpacketListener.listen(folder.path, { force }),
        Deno.errors.AlreadyExists,
        "path is a folder, not a socket",
      );
    }
    assertEquals(await Deno.readTextFile(file), "precious");
    assertThrows(
      () => SeqpacketListener.listen(`${folder.path}/none/s.sock`),
      Deno.errors.NotFound,
      "does not exist",
    );
    await using replacing = SeqpacketListener.listen(path, { force: true });
    await using client = await SeqpacketConn.connect(path);
    await using server = await replacing.accept();
    assertEquals([client === undefined, server === undefined], [false, false]);
  },
);

testWith(
  "SeqpacketListener refuses a folder in which everybody can replace its socket",
  NEEDS_SOCKETS,
  async () => {
    await using folder = await temporaryFolder();
    await Deno.chmod(folder.path, 0o777);
    const path = `${folder.path}/s.sock`;
    assertThrows(
      () => SeqpacketListener.listen(path),
      Deno.errors.PermissionDenied,
      "everybody can replace files",
    );
    await Deno.chmod(folder.path, 0o1777);
    await SeqpacketListener.listen(path).close();
  },
);

testWith(
  "SeqpacketListener and SeqpacketConn take paths longer than 107 bytes",
  NEEDS_SOCKETS,
  async () => {
    await using folder = await temporaryFolder();
    const deep = `${folder.path}/${"d".repeat(120)}`;
    await Deno.mkdir(deep);
    const path = `${deep}/s.sock`;
    await using listener = SeqpacketListener.listen(path);
    await using client = await SeqpacketConn.connect(path);
    await using server = await listener.accept();
    await client.send(new Uint8Array([1]));
    const batch = new PacketBatch();
    server!.receive(batch);
    assertEquals(batch.packets, 1);
    assertThrows(
      () => SeqpacketListener.listen(`${folder.path}/${"f".repeat(120)}`),
      RangeError,
      "the name of the file is too long",
    );
  },
);

testWith(
  "SeqpacketListener.accept ends by its signal and by close",
  NEEDS_SOCKETS,
  async () => {
    const listener = SeqpacketListener.listen(abstractName());
    const controller = new AbortController();
    const first = listener.accept({ signal: controller.signal });
    controller.abort(new Error("enough"));
    await assertRejects(() => first, Error, "enough");
    const second = listener.accept();
    await listener.close();
    assertEquals(await second, undefined);
    assertEquals(await listener.accept(), undefined);
  },
);

testWith(
  "SeqpacketConn.connect says why it cannot",
  NEEDS_SOCKETS,
  async () => {
    await using folder = await temporaryFolder();
    const path = `${folder.path}/s.sock`;
    const missing = await assertRejects(
      () => SeqpacketConn.connect(path),
      OsError,
      "no such file or directory (ENOENT)",
    );
    assertEquals(missing.code, "ENOENT");
    using _stream = Deno.listen({ transport: "unix", path });
    await assertRejects(
      () => SeqpacketConn.connect(path),
      OsError,
      "of another type than SOCK_SEQPACKET",
    );
    await Deno.writeTextFile(`${folder.path}/file`, "");
    await assertRejects(
      () => SeqpacketConn.connect(`${folder.path}/file`),
      OsError,
      "nobody listens there",
    );
  },
);

testWith(
  "SeqpacketConn.connect waits for a server whose backlog is full",
  NEEDS_SOCKETS,
  async () => {
    const name = abstractName();
    await using listener = SeqpacketListener.listen(name, { backlog: 0 });
    await using first = await SeqpacketConn.connect(name);
    const controller = new AbortController();
    const given = SeqpacketConn.connect(name, { signal: controller.signal });
    controller.abort(new Error("enough"));
    await assertRejects(() => given, Error, "enough");
    const waiting = SeqpacketConn.connect(name);
    await using one = await listener.accept();
    await using two = await listener.accept();
    await using second = await waiting;
    assertEquals(
      [first, second, one, two].every((conn) => conn !== undefined),
      true,
    );
  },
);
