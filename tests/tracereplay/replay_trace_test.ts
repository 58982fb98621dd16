import { assertEquals, assertRejects } from "@std/assert";
import {
  FormatError,
  LimitError,
  OsError,
  ProtocolError,
} from "../../src/base/errors.ts";
import { PacketBatch } from "../../src/platform/packet_batch.ts";
import type { SeqpacketConn } from "../../src/platform/seqpacket_conn.ts";
import { SeqpacketListener } from "../../src/platform/seqpacket_listener.ts";
import { compileEventFilter } from "../../src/tracereplay/event_filter.ts";
import { decodeMessageHeader } from "../../src/tracereplay/message_decoder.ts";
import { encodeMessage } from "../../src/tracereplay/message_encoder.ts";
import { RemoteSink } from "../../src/tracereplay/remote_sink.ts";
import { replayTrace } from "../../src/tracereplay/replay_trace.ts";
import type { ReplaySource } from "../../src/tracereplay/replay_trace.ts";
import { runLoad } from "../../src/tracereplay/run_load.ts";
import {
  encodeTraceFileHeader,
  encodeTraceRecord,
} from "../../src/tracereplay/trace_file_encoder.ts";
import { openTraceSender } from "../../src/tracereplay/trace_sender.ts";
import { concatBytes, streamOf } from "../support/byte_stream.ts";
import { testWith } from "../support/requirement.ts";
import { requireSharedData, sharedData } from "../support/shared_data.ts";
import { fixture, FIXTURES, packetsOf } from "./_fixtures.ts";
import { startSaveServer } from "./_live.ts";
import {
  NEEDS_PEER,
  NEEDS_SOCKETS,
  startPeerServer,
  temporaryFolder,
} from "./_peer.ts";

const HANDSHAKE = Uint8Array.of(8, 1);

function sourceOf(file: Uint8Array, name = "trace"): ReplaySource {
  return { name, open: () => streamOf(file, 1000) };
}

for (
  const [name, path] of [
    ["all-types.trace", `${FIXTURES}/all-types.trace`],
    ["quirks.trace", `${FIXTURES}/quirks.trace`],
    ["client-0001", sharedData("tracereplay/client-0001") ?? ""],
  ]
) {
  const needs = name === "client-0001"
    ? [requireSharedData("tracereplay/client-0001")]
    : [];
  testWith(
    `replayTrace sends ${name} to a C server, to the byte`,
    [...NEEDS_PEER, ...needs],
    async () => {
      await using folder = await temporaryFolder();
      const endpoint = `${folder.path}/s.sock`;
      const peer = await startPeerServer(
        "receive",
        endpoint,
        `${folder.path}/out`,
      );
      const file = await Deno.readFile(path!);
      await replayTrace(sourceOf(file), endpoint);
      const { code, stderr } = await peer.result;
      assertEquals([code, stderr], [0, ""]);
      assertEquals(await Deno.readFile(`${folder.path}/out`), file);
    },
  );
}

/** A server of one client, whose behaviour the test writes down. */
async function withServer(
  serve: (conn: SeqpacketConn) => Promise<void>,
  run: (endpoint: string) => Promise<void>,
): Promise<void> {
  await using folder = await temporaryFolder();
  const endpoint = `${folder.path}/s.sock`;
  await using listener = SeqpacketListener.listen(endpoint);
  const served = (async () => {
    await using conn = await listener.accept();
    if (conn !== undefined) await serve(conn);
  })();
  await run(endpoint);
  await listener.close();
  await served;
}

/** Receives so many packets, or all until the end. */
async function receive(
  conn: SeqpacketConn,
  count = Infinity,
): Promise<Uint8Array[]> {
  const batch = new PacketBatch();
  const packets: Uint8Array[] = [];
  while (packets.length < count) {
    const end = conn.receive(batch, { maxPackets: 1 });
    for (const packet of batch) packets.push(packet.slice());
    batch.clear();
    if (end === "closed") break;
    if (end === "idle") await conn.readable();
  }
  return packets;
}

for (
  const name of ["bad-signature", "payload-missing", "size-2p53", "no-config"]
) {
  testWith(
    `replayTrace connects to nobody for bad/${name}`,
    NEEDS_SOCKETS,
    async () => {
      await using save = await startSaveServer();
      const error = await assertRejects(
        () =>
          replayTrace(sourceOf(fixture(`bad/${name}.trace`)), save.endpoint),
        Error,
      );
      assertEquals(
        error instanceof FormatError || error instanceof LimitError,
        true,
      );
      await save.server.close();
      assertEquals([save.closed.length, save.warnings.length], [0, 0]);
    },
  );
}

testWith(
  "replayTrace leaves out messages without bytes, and says so",
  NEEDS_SOCKETS,
  async () => {
    await using save = await startSaveServer();
    const warnings: string[] = [];
    const result = await replayTrace(
      sourceOf(fixture("bad/zero-length-record.trace")),
      save.endpoint,
      { onWarning: (text) => warnings.push(text) },
    );
    assertEquals([result.sent, result.skipped], [1, 1]);
    assertEquals(warnings[0]?.startsWith("message 1 has no bytes"), true);
  },
);

testWith(
  "replayTrace states the version of the file, and refuses version 0",
  NEEDS_SOCKETS,
  async () => {
    const hello: string[] = [];
    const serve = async (conn: SeqpacketConn) => {
      hello.push(...(await receive(conn, 1)).map((packet) => packet.toHex()));
      await conn.send(HANDSHAKE);
      await receive(conn);
    };
    await withServer(serve, async (endpoint) => {
      await replayTrace(
        sourceOf(fixture("bad/config-version-2.trace")),
        endpoint,
      );
    });
    assertEquals(hello, ["0802"]);
    const old = sourceOf(fixture("bad/config-version-missing.trace"));
    await assertRejects(
      () => replayTrace(old, "/nowhere"),
      RangeError,
      "its version is 0",
    );
  },
);

for (
  const [name, answer, problem] of [
    ["version 0", Uint8Array.of(8, 0), "its version is 0"],
    ["garbage", new Uint8Array(10).fill(0xff), "longer than 10 bytes"],
    [
      "far too much",
      new Uint8Array(20_000),
      "its answer is longer than 10240 bytes",
    ],
  ] as const
) {
  testWith(
    `replayTrace goes on when the server answers ${name}, unless asked not to`,
    NEEDS_SOCKETS,
    async () => {
      for (const serverVersion of ["any", "known"] as const) {
        const warnings: string[] = [];
        const serve = async (conn: SeqpacketConn) => {
          await receive(conn, 1);
          await conn.send(answer);
          await receive(conn);
        };
        await withServer(serve, async (endpoint) => {
          const replay = replayTrace(
            sourceOf(fixture("quirks.trace")),
            endpoint,
            { serverVersion, onWarning: (text) => warnings.push(text) },
          );
          if (serverVersion === "known") {
            await assertRejects(() => replay, ProtocolError, problem);
          } else {
            assertEquals((await replay).sent, 14);
            assertEquals(warnings[0]?.includes(problem), true, warnings[0]);
          }
        });
      }
    },
  );
}

testWith(
  "replayTrace says after which message the server left",
  NEEDS_SOCKETS,
  async () => {
    const message = encodeTraceRecord(
      encodeMessage("Chdir", { pathname: "x".repeat(50_000) }),
    );
    const file = concatBytes([
      encodeTraceFileHeader(),
      ...Array<Uint8Array>(400).fill(message),
    ]);
    const serve = async (conn: SeqpacketConn) => {
      await receive(conn, 1);
      await conn.send(HANDSHAKE);
      await receive(conn, 3);
    };
    await withServer(serve, async (endpoint) => {
      const error = await assertRejects(
        () => replayTrace(sourceOf(file), endpoint),
        OsError,
        "connection closed by the server after message",
      );
      const [, after = "0"] = /message (\d+) of 400$/.exec(error.message) ?? [];
      assertEquals(
        Number(after) >= 3 && Number(after) < 200,
        true,
        error.message,
      );
    });
  },
);

testWith(
  "replayTrace sends messages beyond the default send buffer, or says what is in the way",
  NEEDS_SOCKETS,
  async () => {
    await using save = await startSaveServer();
    const file = concatBytes([
      encodeTraceFileHeader(),
      encodeTraceRecord(encodeMessage("TaskExit", {})),
      encodeTraceRecord(
        encodeMessage("Chdir", { pathname: "x".repeat(1_000_000) }),
      ),
    ]);
    const most =
      Number(await Deno.readTextFile("/proc/sys/net/core/wmem_max")) * 2;
    if (most > 1_100_000) {
      assertEquals((await replayTrace(sourceOf(file), save.endpoint)).sent, 2);
      await save.untilClosed(1);
      assertEquals(await Deno.readFile(`${save.out}/client-0001`), file);
    } else {
      await assertRejects(
        () => replayTrace(sourceOf(file), save.endpoint),
        LimitError,
        "message 2 of trace: it has 1000012 bytes",
      );
    }
  },
);

testWith(
  "replayTrace sends over several connections several times",
  NEEDS_SOCKETS,
  async () => {
    await using save = await startSaveServer();
    const file = fixture("quirks.trace");
    const { sent } = await replayTrace(sourceOf(file), save.endpoint, {
      clients: 5,
      loop: 3,
    });
    await save.untilClosed(5);
    assertEquals(sent, 14 * 15);
    const once = await packetsOf(file);
    const expected = [...once, ...once, ...once].map((packet) =>
      packet.toHex()
    );
    for (let number = 1; number <= 5; number++) {
      const saved = await Deno.readFile(`${save.out}/client-000${number}`);
      assertEquals(
        (await packetsOf(saved)).map((packet) => packet.toHex()),
        expected,
      );
    }
  },
);

testWith(
  "replayTrace sends only what is wanted, and can set drop counters to 0",
  NEEDS_SOCKETS,
  async () => {
    await using save = await startSaveServer();
    await replayTrace(sourceOf(fixture("all-types.trace")), save.endpoint, {
      isWanted: compileEventFilter({ types: ["Open"], fromSeq: 10 }),
      zeroDropped: true,
    });
    await save.untilClosed(1);
    const saved = await packetsOf(
      await Deno.readFile(`${save.out}/client-0001`),
    );
    assertEquals(
      saved.map((packet) => decodeMessageHeader(packet)),
      Array(2).fill({ headerSize: 8, typeId: 7, dropped: 0 }),
    );
  },
);

Deno.test("replayTrace refuses to read a stream twice, and counts below 1", async () => {
  const source = { ...sourceOf(fixture("quirks.trace")), isStream: true };
  await assertRejects(
    () => replayTrace(source, "/nowhere", { loop: 2 }),
    RangeError,
    "it can be read once only",
  );
  for (const options of [{ clients: 0 }, { loop: 1.5 }]) {
    await assertRejects(
      () => replayTrace(source, "/nowhere", options),
      RangeError,
      "expected an integer of 1 or more",
    );
  }
});

testWith("replayTrace ends by its signal", NEEDS_SOCKETS, async () => {
  await using save = await startSaveServer();
  const controller = new AbortController();
  const replay = replayTrace(
    sourceOf(fixture("all-types.trace")),
    save.endpoint,
    {
      rate: 0.01,
      signal: controller.signal,
      onSent: () => controller.abort(new Error("enough")),
    },
  );
  await assertRejects(() => replay, Error, "enough");
});

testWith(
  "openTraceSender refuses a message that no socket takes",
  NEEDS_SOCKETS,
  async () => {
    await using save = await startSaveServer();
    await assertRejects(
      () =>
        openTraceSender(save.endpoint, {
          largest: { name: "message 5 of x", sizeBytes: 1_000_000_000 },
        }),
      LimitError,
      "Cannot send message 5 of x: it has 1000000000 bytes, the socket takes at most",
    );
  },
);

testWith(
  "openTraceSender says that nobody listens",
  NEEDS_SOCKETS,
  async () => {
    await assertRejects(
      () => openTraceSender("/nonexistent/s.sock"),
      OsError,
      "no such file or directory (ENOENT)",
    );
    await assertRejects(
      () => openTraceSender("-"),
      RangeError,
      "Cannot send to standard output",
    );
  },
);

const NO_WAIT = { retries: 0, backoffNs: 0n, backoffMaxNs: 0n };

testWith(
  "RemoteSink drops what does not fit and tells it with the next event",
  NEEDS_SOCKETS,
  async () => {
    let resume = () => {};
    const paused = new Promise<void>((resolve) => resume = resolve);
    const dropped: number[] = [];
    const serve = async (conn: SeqpacketConn) => {
      await receive(conn, 1);
      await conn.send(HANDSHAKE);
      await paused;
      for (const packet of await receive(conn)) {
        dropped.push(decodeMessageHeader(packet).dropped);
      }
    };
    await withServer(serve, async (endpoint) => {
      const sink = await RemoteSink.connect({ ...NO_WAIT, endpoint });
      const payload = new Uint8Array(20_000);
      let sent = 0;
      while (sink.emit(99, payload)) sent++;
      assertEquals(sink.emit(99, payload), false);
      assertEquals([sink.sent, sink.dropped], [sent, 2]);
      resume();
      // Room is there when the server has read.
      while (!sink.emit(99, new Uint8Array(1))) {
        await new Promise((resolve) => setTimeout(resolve, 1));
      }
      const lost = sink.dropped;
      await sink.close();
      assertEquals(lost >= 2, true);
    });
    // Each event tells how many were lost before it.
    assertEquals(dropped.slice(0, -1).every((count) => count === 0), true);
    assertEquals(dropped.at(-1)! >= 2, true);
  },
);

testWith(
  "RemoteSink tries again as often as configured",
  NEEDS_SOCKETS,
  async () => {
    const serve = async (conn: SeqpacketConn) => {
      await receive(conn, 1);
      await conn.send(HANDSHAKE);
      await conn.readable({ timeoutMs: 10_000 });
      // Never reads.
    };
    await withServer(serve, async (endpoint) => {
      const sink = await RemoteSink.connect({
        endpoint,
        retries: 3,
        backoffNs: 1000n,
        backoffMaxNs: 2000n,
      });
      const payload = new Uint8Array(100_000);
      while (sink.emit(99, payload));
      assertEquals([sink.dropped, sink.retries], [1, 3]);
      await sink.close();
    });
  },
);

testWith(
  "RemoteSink counts events that are too large or have no receiver",
  NEEDS_SOCKETS,
  async () => {
    const serve = async (conn: SeqpacketConn) => {
      await receive(conn, 1);
      await conn.send(HANDSHAKE);
      await receive(conn, 1);
    };
    await withServer(serve, async (endpoint) => {
      const sink = await RemoteSink.connect({ ...NO_WAIT, endpoint });
      assertEquals(sink.emit(99, new Uint8Array(10_000_000)), false);
      assertEquals(sink.lastError?.code, "EMSGSIZE");
      sink.emit(99, new Uint8Array(1));
      while (sink.emit(99, new Uint8Array(1))) {
        await new Promise((resolve) => setTimeout(resolve, 1));
      }
      const code = sink.lastError?.code ?? "";
      assertEquals(["EPIPE", "ECONNRESET"].includes(code), true, code);
      assertEquals(sink.dropped, 2);
      await sink.close();
    });
  },
);

testWith(
  "RemoteSink refuses a server that does not answer as it must",
  NEEDS_SOCKETS,
  async () => {
    const serve = async (conn: SeqpacketConn) => {
      await receive(conn, 1);
    };
    await withServer(serve, async (endpoint) => {
      await assertRejects(
        () => RemoteSink.connect({ ...NO_WAIT, endpoint }),
        ProtocolError,
        "it closed the connection",
      );
    });
  },
);

testWith(
  "replayTrace by the rules of the sink drops instead of waiting",
  NEEDS_SOCKETS,
  async () => {
    let resume = () => {};
    const paused = new Promise<void>((resolve) => resume = resolve);
    const serve = async (conn: SeqpacketConn) => {
      await receive(conn, 1);
      await conn.send(HANDSHAKE);
      await paused;
    };
    const record = encodeTraceRecord(
      encodeMessage("Chdir", { pathname: "x".repeat(10_000) }),
    );
    const file = concatBytes([
      encodeTraceFileHeader(),
      ...Array<Uint8Array>(200).fill(record),
    ]);
    await withServer(serve, async (endpoint) => {
      const { sent, dropped } = await replayTrace(sourceOf(file), endpoint, {
        sink: NO_WAIT,
      });
      assertEquals([sent + dropped, sent > 5, dropped > 100], [
        200,
        true,
        true,
      ]);
      resume();
    });
    await assertRejects(
      () => replayTrace(sourceOf(file), "tcp:127.0.0.1:1", { sink: NO_WAIT }),
      RangeError,
      "only a SOCK_SEQPACKET socket can be full",
    );
  },
);

testWith(
  "runLoad sends synthetic events of the size that is asked for, and loses none while it waits",
  NEEDS_SOCKETS,
  async () => {
    await using save = await startSaveServer();
    let clients = 0;
    for (const messageBytes of [8, 9, 60, 100, 300, 70_000]) {
      const result = await runLoad({
        sink: { ...NO_WAIT, endpoint: save.endpoint },
        clients: 2,
        messages: 10,
        messageBytes,
        waits: true,
      });
      clients += 2;
      assertEquals([result.sent, result.dropped], [20, 0]);
      assertEquals(result.bytes, 20 * messageBytes);
      await save.untilClosed(clients);
      const { path } = save.closed.at(-1)!;
      const packets = await packetsOf(await Deno.readFile(path!));
      assertEquals(
        packets.map((packet) => packet.length),
        Array(10).fill(messageBytes),
      );
    }
  },
);

testWith(
  "runLoad counts what it drops, and says why when there is nobody",
  NEEDS_SOCKETS,
  async () => {
    const serve = async (conn: SeqpacketConn) => {
      await receive(conn, 1);
      await conn.send(HANDSHAKE);
      await receive(conn, 1);
    };
    await withServer(serve, async (endpoint) => {
      const result = await runLoad({
        sink: { ...NO_WAIT, endpoint },
        messages: 5000,
      });
      assertEquals(result.sent + result.dropped, 5000);
      assertEquals(result.dropped > 0, true);
      assertEquals(typeof result.error, "string");
    });
  },
);
