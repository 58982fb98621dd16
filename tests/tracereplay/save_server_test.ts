import { assertEquals, assertRejects } from "@std/assert";
import { OsError } from "../../src/base/errors.ts";
import { SeqpacketConn } from "../../src/platform/seqpacket_conn.ts";
import { readGzip } from "../../src/container/gzip.ts";
import { encodeMessage } from "../../src/tracereplay/message_encoder.ts";
import { replayTrace } from "../../src/tracereplay/replay_trace.ts";
import { openTraceSender } from "../../src/tracereplay/trace_sender.ts";
import { bytesOf, streamOf } from "../support/byte_stream.ts";
import { requireThat, testWith } from "../support/requirement.ts";
import { requireSharedData, sharedData } from "../support/shared_data.ts";
import { fixture, FIXTURES, packetsOf } from "./_fixtures.ts";
import { startSaveServer } from "./_live.ts";
import {
  NEEDS_PEER,
  NEEDS_SOCKETS,
  runPeer,
  temporaryFolder,
} from "./_peer.ts";

const HANDSHAKE = Uint8Array.of(8, 1);
const NEEDS_FULL_DEVICE = [
  ...NEEDS_SOCKETS,
  requireThat(fullDevice(), "no /dev/full"),
];
const NEEDS_MOUNT = [
  ...NEEDS_SOCKETS,
  requireThat(await canMount(), "needs the right to mount"),
];

async function canMount(): Promise<boolean> {
  if (Deno.build.os !== "linux" || Deno.uid() !== 0) return false;
  const folder = await Deno.makeTempDir({ prefix: "tracedeck-" });
  try {
    const args = ["-t", "tmpfs", "-o", "size=64k", "tmpfs", folder];
    await mustRun("mount", ...args);
    await mustRun("umount", folder);
    return true;
  } catch {
    return false;
  } finally {
    await Deno.remove(folder);
  }
}

/** Names of the files that were made. */
async function savedNames(out: string): Promise<string[]> {
  const entries = await Array.fromAsync(Deno.readDir(out));
  return entries.map(({ name }) => name).sort();
}

/** Connects and shakes hands without reading the answer. */
async function connectRaw(endpoint: string): Promise<SeqpacketConn> {
  const conn = await SeqpacketConn.connect(endpoint);
  await conn.send(HANDSHAKE);
  return conn;
}

for (
  const [name, path] of [
    ["all-types.trace", `${FIXTURES}/all-types.trace`],
    ["quirks.trace", `${FIXTURES}/quirks.trace`],
    ["bad/header-short.trace", `${FIXTURES}/bad/header-short.trace`],
    ["client-0001", sharedData("tracereplay/client-0001") ?? ""],
  ]
) {
  const needs = name === "client-0001"
    ? [requireSharedData("tracereplay/client-0001")]
    : [];
  testWith(
    `SaveServer saves what a C client sends of ${name}, to the byte`,
    [...NEEDS_PEER, ...needs],
    async () => {
      await using save = await startSaveServer();
      const { code, stderr } = await runPeer("send", save.endpoint, path!);
      assertEquals([code, stderr], [0, ""]);
      await save.untilClosed(1);
      assertEquals(
        await Deno.readFile(`${save.out}/client-0001`),
        await Deno.readFile(path!),
      );
    },
  );

  testWith(
    `SaveServer saves a replay of ${name} to an equal file`,
    [...NEEDS_SOCKETS, ...needs],
    async () => {
      const file = await Deno.readFile(path!);
      await using save = await startSaveServer();
      const source = { name: path!, open: () => streamOf(file, 100) };
      const { sent } = await replayTrace(source, save.endpoint);
      await save.untilClosed(1);
      assertEquals(await Deno.readFile(`${save.out}/client-0001`), file);
      assertEquals(save.closed[0]?.messages, sent);
    },
  );
}

testWith(
  "SaveServer numbers files in the order of handshakes and writes over old ones",
  NEEDS_SOCKETS,
  async () => {
    await using save = await startSaveServer({ prefix: "run-" });
    await Deno.writeTextFile(`${save.out}/run-0001`, "old");
    for (let index = 1; index <= 3; index++) {
      await (await connectRaw(save.endpoint)).close();
      await save.untilClosed(index);
    }
    const names = await savedNames(save.out);
    assertEquals(names, ["run-0001", "run-0002", "run-0003"]);
    assertEquals((await Deno.stat(`${save.out}/run-0001`)).size, 37);
  },
);

testWith(
  "SaveServer passes over existing files if asked to",
  NEEDS_SOCKETS,
  async () => {
    await using save = await startSaveServer({ keepExisting: true });
    for (const number of ["0001", "0002", "0004"]) {
      await Deno.writeTextFile(`${save.out}/client-${number}`, "old");
    }
    for (let index = 1; index <= 2; index++) {
      await (await connectRaw(save.endpoint)).close();
      await save.untilClosed(index);
    }
    assertEquals(save.closed.map(({ number }) => number), [3, 5]);
    assertEquals(await Deno.readTextFile(`${save.out}/client-0001`), "old");
  },
);

testWith("SaveServer writes at once what has come", NEEDS_SOCKETS, async () => {
  const { promise, resolve } = Promise.withResolvers<void>();
  await using save = await startSaveServer({ onRecords: () => resolve() });
  await using conn = await connectRaw(save.endpoint);
  await conn.send(encodeMessage("TaskExit", {}));
  await promise;
  assertEquals((await Deno.stat(`${save.out}/client-0001`)).size, 37 + 16);
});

testWith(
  "SaveServer stores on close what clients have sent already",
  NEEDS_SOCKETS,
  async () => {
    const { promise, resolve } = Promise.withResolvers<void>();
    await using save = await startSaveServer({ onOpen: () => resolve() });
    await using conn = await connectRaw(save.endpoint);
    await promise;
    for (let index = 0; index < 100; index++) {
      await conn.send(encodeMessage("TaskExit", { exit_status: index }));
    }
    await save.server.close();
    const file = await Deno.readFile(`${save.out}/client-0001`);
    assertEquals((await packetsOf(file)).length, 100);
    await assertRejects(() => Deno.lstat(save.endpoint), Deno.errors.NotFound);
  },
);

for (
  const [name, packets, warning] of [
    ["closes without one", [], "it closed without a handshake"],
    [
      "sends garbage",
      [new Uint8Array(64).fill(0xff)],
      "its handshake makes no sense",
    ],
    ["is of version 0", [Uint8Array.of(8, 0)], "its version is 0"],
    ["sends 1,025 bytes", [new Uint8Array(1025)], "at most 1024 are possible"],
    [
      "sends 2 MiB",
      [new Uint8Array(2 ** 21 - 100)],
      "at most 1024 are possible",
    ],
  ] as const
) {
  testWith(
    `SaveServer makes no file for a client whose handshake ${name}`,
    NEEDS_SOCKETS,
    async () => {
      await using save = await startSaveServer();
      const conn = await SeqpacketConn.connect(save.endpoint);
      for (const packet of packets) {
        conn.raiseMaxSendBytes(packet.length);
        await conn.send(packet);
      }
      if (packets.length > 0) await conn.readable();
      await conn.close();
      // A good client after it: by then the bad one has been dealt with.
      await (await connectRaw(save.endpoint)).close();
      await save.untilClosed(1);
      const names = await savedNames(save.out);
      assertEquals(names, ["client-0001"]);
      assertEquals(
        save.warnings.filter((text) => text.includes(warning)).length,
        1,
        save.warnings.join("\n"),
      );
      assertEquals(save.server.hasLoss, false);
    },
  );
}

testWith(
  "SaveServer takes newer versions and unknown fields of a handshake",
  NEEDS_SOCKETS,
  async () => {
    await using save = await startSaveServer();
    const conn = await SeqpacketConn.connect(save.endpoint);
    await conn.send(Uint8Array.fromHex("080998060a"));
    await conn.readable();
    await conn.send(encodeMessage("TaskExit", {}));
    await conn.close();
    await save.untilClosed(1);
    assertEquals(save.closed[0]?.client.version, 9);
    assertEquals(save.warnings[0]?.includes("states version 9"), true);
    // The file is of the version that was answered.
    const file = await Deno.readFile(`${save.out}/client-0001`);
    assertEquals(
      new TextDecoder().decode(file.subarray(24, 37)),
      '{"version":1}',
    );
  },
);

testWith(
  "SaveServer turns a silent client away after its time",
  NEEDS_SOCKETS,
  async () => {
    await using save = await startSaveServer({ handshakeTimeoutMs: 20 });
    await using silent = await SeqpacketConn.connect(save.endpoint);
    await silent.readable();
    assertEquals(save.warnings.length, 1);
    assertEquals(
      save.warnings[0]?.includes("no handshake came within 20 ms"),
      true,
    );
  },
);

testWith(
  "SaveServer serves others while one is silent",
  NEEDS_SOCKETS,
  async () => {
    await using save = await startSaveServer({ handshakeTimeoutMs: 600_000 });
    await using _silent = await SeqpacketConn.connect(save.endpoint);
    await (await connectRaw(save.endpoint)).close();
    await save.untilClosed(1);
    assertEquals(save.closed.length, 1);
  },
);

testWith(
  "SaveServer turns clients away that are too many, at once",
  NEEDS_SOCKETS,
  async () => {
    await using save = await startSaveServer({ maxClients: 1 });
    await using _first = await SeqpacketConn.connect(save.endpoint);
    await using second = await SeqpacketConn.connect(save.endpoint);
    await second.readable();
    assertEquals(
      save.warnings[0]?.includes("1 clients are connected, which is the limit"),
      true,
    );
  },
);

testWith(
  "SaveServer keeps the messages of a client that never read the answer",
  NEEDS_SOCKETS,
  async () => {
    await using save = await startSaveServer();
    const conn = await connectRaw(save.endpoint);
    for (let index = 0; index < 20; index++) {
      await conn.send(encodeMessage("TaskExit", { exit_status: index }));
    }
    await conn.close();
    await save.untilClosed(1);
    assertEquals(save.closed[0]?.messages, 20);
    assertEquals(save.server.hasLoss, false);
  },
);

testWith(
  "SaveServer stores malformed messages and warns of ten of them",
  NEEDS_SOCKETS,
  async () => {
    await using save = await startSaveServer();
    const conn = await connectRaw(save.endpoint);
    for (let index = 0; index < 25; index++) {
      await conn.send(Uint8Array.of(index));
    }
    await conn.close();
    await save.untilClosed(1);
    assertEquals(
      [save.closed[0]?.messages, save.closed[0]?.malformed],
      [25, 25],
    );
    assertEquals(save.warnings.length, 11);
    assertEquals(
      save.warnings[10]?.includes("15 more warnings were left out"),
      true,
    );
  },
);

testWith(
  "SaveServer loses what exceeds 1 MiB, says so and goes on",
  NEEDS_SOCKETS,
  async () => {
    await using save = await startSaveServer();
    const conn = await connectRaw(save.endpoint);
    const most = conn.raiseMaxSendBytes(2 ** 20 + 1);
    if (most > 2 ** 20) {
      await conn.send(new Uint8Array(2 ** 20 + 1));
      await conn.send(new Uint8Array(2 ** 20));
    }
    await conn.send(encodeMessage("TaskExit", {}));
    await conn.close();
    await save.untilClosed(1);
    const client = save.closed[0]!;
    assertEquals(client.oversized, most > 2 ** 20 ? 1 : 0);
    assertEquals(client.messages, most > 2 ** 20 ? 2 : 1);
    assertEquals(save.server.hasLoss, most > 2 ** 20);
  },
);

testWith(
  "SaveServer refuses a client whose file cannot be made, and serves the next",
  NEEDS_SOCKETS,
  async () => {
    await using save = await startSaveServer();
    await Deno.mkdir(`${save.out}/client-0001`);
    const first = await connectRaw(save.endpoint);
    await first.readable();
    await first.close();
    await (await connectRaw(save.endpoint)).close();
    await save.untilClosed(1);
    assertEquals(save.closed[0]?.path, `${save.out}/client-0002`);
    assertEquals(
      save.warnings[0]?.startsWith("Cannot save client with pid"),
      true,
    );
  },
);

testWith(
  "SaveServer refuses a client whose disk is full, and serves the others",
  NEEDS_FULL_DEVICE,
  async () => {
    await using save = await startSaveServer();
    await Deno.symlink("/dev/full", `${save.out}/client-0002`);
    await using first = await connectRaw(save.endpoint);
    await first.readable();
    await using second = await connectRaw(save.endpoint);
    await second.readable();
    await first.send(encodeMessage("TaskExit", {}));
    await first.close();
    await save.untilClosed(1);
    assertEquals(save.closed[0]?.messages, 1);
    assertEquals(save.warnings.length, 1);
    assertEquals(save.warnings[0]?.startsWith("Cannot save client"), true);
  },
);

testWith(
  "SaveServer closes the client whose disk gets full, and keeps whole messages",
  NEEDS_MOUNT,
  async () => {
    await using folder = await temporaryFolder();
    const small = `${folder.path}/small`;
    await Deno.mkdir(small);
    await mustRun("mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", small);
    try {
      await using save = await startSaveServer({ outDir: small });
      const conn = await connectRaw(save.endpoint);
      const message = encodeMessage("Chdir", { pathname: "x".repeat(200) });
      try {
        for (let count = 0; count < 1000; count++) await conn.send(message);
      } catch (error) {
        // The server has had enough.
        if (!(error instanceof OsError)) throw error;
      }
      await save.untilClosed(1);
      await conn.close();
      const file = await Deno.readFile(`${small}/client-0001`);
      const packets = await packetsOf(file);
      assertEquals(packets.length, save.closed[0]?.messages);
      assertEquals([packets.length > 100, packets.length < 400], [true, true]);
      assertEquals(save.server.hasLoss, true);
      assertEquals(save.warnings.length, 1, save.warnings.join("\n"));
    } finally {
      await mustRun("umount", small);
    }
  },
);

async function mustRun(command: string, ...args: string[]): Promise<void> {
  const { success } = await new Deno.Command(command, { args }).output();
  if (!success) throw new Error(`${command} failed`);
}

function fullDevice(): boolean {
  try {
    return Deno.statSync("/dev/full").isCharDevice === true;
  } catch {
    return false;
  }
}

testWith(
  "SaveServer goes on in further files, each complete by itself",
  NEEDS_SOCKETS,
  async () => {
    await using save = await startSaveServer({ rotateBytes: 1000 });
    const file = fixture("all-types.trace");
    const packets = await packetsOf(file);
    await using conn = await connectRaw(save.endpoint);
    for (const packet of packets) {
      await conn.send(packet);
      // One at a time, so that what comes together does not depend on speed.
      while (
        (save.server.clients[0]?.messages ?? 0) <= packets.indexOf(packet)
      ) {
        await new Promise((resolve) => setTimeout(resolve, 0));
      }
    }
    await conn.close();
    await save.untilClosed(1);
    const names = await savedNames(save.out);
    assertEquals(names.slice(0, 2), ["client-0001", "client-0001.0002"]);
    const parts = await Promise.all(
      names.map(async (name) =>
        await packetsOf(await Deno.readFile(`${save.out}/${name}`))
      ),
    );
    assertEquals(parts.every((part) => part.length > 0), true);
    assertEquals(
      parts.flat().map((packet) => packet.toHex()),
      packets.map((packet) => packet.toHex()),
    );
  },
);

testWith(
  "SaveServer packs with gzip what unpacks to the same file",
  NEEDS_SOCKETS,
  async () => {
    await using save = await startSaveServer({ gzip: true });
    const file = fixture("all-types.trace");
    const source = { name: "x", open: () => streamOf(file) };
    await replayTrace(source, save.endpoint);
    await save.untilClosed(1);
    const packed = await Deno.readFile(`${save.out}/client-0001.gz`);
    assertEquals(await bytesOf(readGzip(streamOf(packed, 100))), file);
  },
);

testWith(
  "SaveServer closes a client at its limits, to the message",
  NEEDS_SOCKETS,
  async () => {
    await using save = await startSaveServer({ maxMessages: 5 });
    const source = {
      name: "x",
      open: () => streamOf(fixture("all-types.trace")),
    };
    await replayTrace(source, save.endpoint).catch(() => {});
    await save.untilClosed(1);
    const file = await Deno.readFile(`${save.out}/client-0001`);
    assertEquals((await packetsOf(file)).length, 5);
    assertEquals(save.server.hasLoss, false);
  },
);

testWith(
  "SaveServer stops by itself at its limit of bytes",
  NEEDS_SOCKETS,
  async () => {
    await using save = await startSaveServer({ maxTotalBytes: 100 });
    const source = {
      name: "x",
      open: () => streamOf(fixture("all-types.trace")),
    };
    await replayTrace(source, save.endpoint).catch(() => {});
    await save.server.finished;
    await assertRejects(() => Deno.lstat(save.endpoint), Deno.errors.NotFound);
  },
);

testWith(
  "SaveServer takes secrets out before anything is stored",
  NEEDS_SOCKETS,
  async () => {
    await using save = await startSaveServer({ redact: ["env"] });
    const conn = await connectRaw(save.endpoint);
    await conn.send(encodeMessage("Start", { env: ["TOKEN=abc"] }));
    await conn.close();
    await save.untilClosed(1);
    const text = await Deno.readTextFile(`${save.out}/client-0001`);
    assertEquals([text.includes("TOKEN="), text.includes("abc")], [
      true,
      false,
    ]);
  },
);

for (
  const [name, endpoint] of [
    ["unix-stream", (folder: string) => `unix-stream:${folder}/s.sock`],
    ["tcp", () => "tcp:127.0.0.1:0"],
  ] as const
) {
  testWith(`SaveServer saves sessions that come over ${name}`, [], async () => {
    if (Deno.build.os === "windows" && name === "unix-stream") return;
    await using save = await startSaveServer({}, endpoint);
    const file = fixture("all-types.trace");
    for (let index = 1; index <= 2; index++) {
      await replayTrace(
        { name: "x", open: () => streamOf(file, 1000) },
        save.endpoint,
      );
      await save.untilClosed(index);
      assertEquals(await Deno.readFile(`${save.out}/client-000${index}`), file);
    }
    assertEquals(save.warnings, []);
  });
}

Deno.test("SaveServer of a stream keeps what came before a fault, and warns", async () => {
  await using save = await startSaveServer(
    {},
    () => "tcp:127.0.0.1:0",
  );
  const port = Number(save.endpoint.split(":").at(-1));
  const connect = () => Deno.connect({ hostname: "127.0.0.1", port });
  for (
    const [index, [name, messages]] of ([
      ["payload-truncated", 1],
      ["trailing-garbage", 1],
    ] as const).entries()
  ) {
    const conn = await connect();
    await conn.write(fixture(`bad/${name}.trace`));
    conn.close();
    await save.untilClosed(index + 1);
    assertEquals(save.closed[index]?.messages, messages);
  }
  const garbage = await connect();
  await garbage.write(new Uint8Array(100));
  garbage.close();
  await save.server.close();
  assertEquals(save.closed.length, 2);
  assertEquals(save.server.hasLoss, true);
});

testWith(
  "SaveServer forwards each session as a stream of its own",
  NEEDS_SOCKETS,
  async () => {
    await using target = await startSaveServer(
      {},
      (folder) => `unix-stream:${folder}/target.sock`,
    );
    await using save = await startSaveServer({
      outDir: undefined,
      forward: () => openTraceSender(target.endpoint),
    });
    for (const name of ["all-types.trace", "quirks.trace"]) {
      const source = { name, open: () => streamOf(fixture(name)) };
      await replayTrace(source, save.endpoint);
      await save.untilClosed(name === "all-types.trace" ? 1 : 2);
    }
    await target.untilClosed(2);
    assertEquals(
      await Deno.readFile(`${target.out}/client-0001`),
      fixture("all-types.trace"),
    );
    assertEquals(
      await Deno.readFile(`${target.out}/client-0002`),
      fixture("quirks.trace"),
    );
    assertEquals(save.closed[0]?.path, undefined);
  },
);

testWith(
  "SaveServer ends a client that cannot be forwarded, and says so",
  NEEDS_SOCKETS,
  async () => {
    await using save = await startSaveServer({
      forward: () => openTraceSender("tcp:127.0.0.1:1"),
    });
    const conn = await connectRaw(save.endpoint);
    await conn.readable();
    await conn.send(encodeMessage("TaskExit", {}));
    await save.untilClosed(1);
    await conn.close();
    assertEquals(save.server.hasLoss, true);
    assertEquals(save.warnings.length, 1);
  },
);
