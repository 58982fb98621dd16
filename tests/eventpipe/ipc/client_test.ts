import { assert, assertEquals, assertRejects } from "@std/assert";
import { connectNodePath } from "../../../src/platform/local_connection.ts";
import { DiagnosticClient } from "../../../src/eventpipe/ipc/diagnostic_client.ts";
import {
  BadEncodingError,
  DiagnosticError,
  MalformedReplyError,
  ProfilerAlreadyActiveError,
  RequiresSuspensionError,
  ServerError,
  ServerNotAvailableError,
  SessionIdMismatchError,
  UnsupportedCommandError,
} from "../../../src/eventpipe/ipc/diagnostic_error.ts";
import { formatHresult } from "../../../src/eventpipe/ipc/hresult_table.ts";
import { encodeMessage } from "../../../src/eventpipe/ipc/message_encoder.ts";
import { ReversedServer } from "../../../src/eventpipe/ipc/reversed_server.ts";
import { DiagnosticServerDouble } from "../../../src/eventpipe/ipc/server_double.ts";
import type {
  DiagnosticServerDoubleOptions,
  DoubleFault,
} from "../../../src/eventpipe/ipc/server_double.ts";
import { planTrace } from "../../../src/eventpipe/ipc/trace_plan.ts";

const PLAN = planTrace({});
const PROFILER = {
  profilerId: "cf0d821e-299b-5307-a3d8-b283c03916dd",
  path: "/opt/p.so",
};

/** A double and a client, in a folder that goes with them. */
async function start(options: DiagnosticServerDoubleOptions = {}) {
  const folder = await Deno.makeTempDir();
  const server = await DiagnosticServerDouble.listen(`${folder}/s`, options);
  return {
    folder,
    server,
    client: DiagnosticClient.forPort(`${server.path},connect`),
    async [Symbol.asyncDispose]() {
      await server.close();
      await Deno.remove(folder, { recursive: true });
    },
  };
}

async function sizeOf(stream: ReadableStream<Uint8Array>): Promise<number> {
  let size = 0;
  for await (const bytes of stream) size += bytes.length;
  return size;
}

Deno.test("DiagnosticClient makes every request", async () => {
  await using all = await start({
    environment: { A: "1", B: "x=y" },
    suspended: true,
  });
  const { server, client, folder } = all;
  assertEquals((await client.processInfo()).portableRid, "linux-x64");
  await client.setStartupProfiler(PROFILER);
  await client.applyStartupHook("/hook.dll");
  await client.setEnvironmentVariable("C", "3");
  await client.setEnvironmentVariable("A", null);
  assertEquals([...await client.processEnvironment()], [
    ["B", "x=y"],
    ["C", "3"],
  ]);
  await client.resumeRuntime();
  assertEquals(server.isSuspended, false);
  await assertRejects(
    () => client.setStartupProfiler(PROFILER),
    RequiresSuspensionError,
  );
  await client.attachProfiler(PROFILER, {
    attachTimeoutMs: 5,
    clientData: new Uint8Array([1]),
  });
  await assertRejects(
    () => client.attachProfiler(PROFILER),
    ProfilerAlreadyActiveError,
  );
  await client.enablePerfMap("perfMap");
  await client.disablePerfMap();
  await client.writeDump(`${folder}/core`, { type: "heap", crashReport: true });
  assertEquals(await Deno.readTextFile(`${folder}/core`), "dump");
  assertEquals(server.requests.map(({ type }) => type), [
    "processInfo",
    "startupProfiler",
    "applyStartupHook",
    "setEnvironmentVariable",
    "setEnvironmentVariable",
    "processEnvironment",
    "resumeRuntime",
    "startupProfiler",
    "attachProfiler",
    "attachProfiler",
    "enablePerfMap",
    "disablePerfMap",
    "generateCoreDump",
  ]);
});

for (const [runtime, version] of [["5", 1], ["6", 2], ["8", 3]] as const) {
  Deno.test(`DiagnosticClient asks .NET ${runtime} with version ${version}`, async () => {
    await using all = await start({ runtime });
    const info = await all.client.processInfo();
    assertEquals(info.clrVersion === undefined, version === 1);
    assertEquals(all.server.requests, [{ type: "processInfo", version }]);
  });
}

Deno.test("DiagnosticClient refuses flags of dumps that an old runtime ignores", async () => {
  await using all = await start({ runtime: "5" });
  const path = `${all.folder}/core`;
  await assertRejects(
    () => all.client.writeDump(path, { crashReport: true }),
    UnsupportedCommandError,
    ".NET 6",
  );
  await all.client.writeDump(path, { logging: true });
  const [request] = all.server.requests;
  assert(request?.type === "generateCoreDump");
  assertEquals([request.version, request.flags, request.dumpType], [1, 1, 4]);
});

Deno.test("DiagnosticClient tells the target's words when a dump fails", async () => {
  await using all = await start({
    dumpError: { hresult: 0x80004005, message: "Permission denied" },
  });
  await assertRejects(
    () => all.client.writeDump("/x"),
    ServerError,
    "Permission denied (HRESULT: 0x80004005)",
  );
  await using silent = await start({ dumpError: { hresult: 0 } });
  await assertRejects(
    () => silent.client.writeDump("/x"),
    ServerError,
    "failure without a code",
  );
});

Deno.test("DiagnosticClient tries no older command when the runtime knows the one it got", async () => {
  await using all = await start({ dumpError: { hresult: 0x80070057 } });
  await assertRejects(() => all.client.writeDump("/x"), ServerError);
  assertEquals(all.server.requests.length, 1);
});

Deno.test("DiagnosticClient says which runtime a session needs", async () => {
  await using all = await start({ runtime: "8" });
  const { client } = all;
  const error = await assertRejects(
    () => client.collectTracing({ ...PLAN, bufferingMode: "block" }),
    UnsupportedCommandError,
    "needs .NET 11",
  );
  assertEquals(error.code, "0x80131385");
  await assertRejects(
    () => client.collectTracing({ ...PLAN, rundownKeyword: 1n }),
    UnsupportedCommandError,
    "needs .NET 9",
  );
  await using session = await client.collectTracing(PLAN);
  assertEquals(session.id, 0x20_0000_0000_0001n);
});

Deno.test("Session delivers all and reads while it is being stopped", async () => {
  const rundown = new Uint8Array(8_000_000).fill(7);
  await using all = await start({
    stream: { live: [new Uint8Array(10), new Uint8Array(20)], rundown },
  });
  await using session = await all.client.collectTracing(PLAN);
  // Nobody reads yet: a client that waited for the answer first would hang.
  await session.stop();
  await session.stop();
  assertEquals(await sizeOf(session.stream), 30 + rundown.length);
  assertEquals(
    all.server.requests.filter(({ type }) => type === "stopTracing").length,
    1,
  );
});

Deno.test("DiagnosticServerDouble hangs who stops without reading", async () => {
  await using all = await start({
    stream: { rundown: new Uint8Array(8_000_000) },
  });
  const connection = await connectNodePath(all.server.path);
  const { encodeRequest, planCollectTracing } = await import(
    "../../../src/eventpipe/ipc/request_encoder.ts"
  );
  await connection.write(
    encodeRequest({ type: "collectTracing", ...planCollectTracing(PLAN) }),
  );
  const reply = new Uint8Array(28);
  assertEquals(await connection.read(reply), 28);
  await assertRejects(
    () => all.client.stopTracing(0x20_0000_0000_0001n, { timeoutMs: 300 }),
    DOMException,
    "no answer",
  );
  connection.close();
});

Deno.test("DiagnosticServerDouble leaves open what a runtime leaves open", async () => {
  await using all = await start();
  const cases = [
    [0x0203, "0x80131384", true],
    [0x0309, "0x80131385", true],
    [0x0105, "0x80131385", false],
    [0x0201, "0x80131384", false],
  ] as const;
  for (const [code, hresult, isOpen] of cases) {
    using connection = await Deno.connect({
      transport: "unix",
      path: all.server.path,
    });
    await connection.write(encodeMessage(code));
    const reply = new Uint8Array(24);
    assertEquals(await connection.read(reply), 24);
    const view = new DataView(reply.buffer);
    assertEquals(formatHresult(view.getUint32(20, true)), hresult);
    // It serves one after the other: it is through with the first one.
    await all.client.processInfo();
    const isWritable = await connection.write(new Uint8Array(1))
      .then(() => true, () => false);
    assertEquals(isWritable, isOpen, code.toString(16));
  }
});

Deno.test("Session takes stream bytes that come with the answer", async () => {
  for (const fault of [{ glue: true }, { pieceBytes: 1 }, { delayMs: 30 }]) {
    await using all = await start({
      fault: (request) => request?.type === "collectTracing" ? fault : {},
      stream: { live: [new Uint8Array([1, 2]), new Uint8Array([3])] },
    });
    await using session = await all.client.collectTracing(PLAN);
    await session.stop();
    assertEquals(
      [...await new Response(session.stream).bytes()],
      [1, 2, 3],
    );
  }
});

Deno.test("Session keeps what came when the target dies", async () => {
  await using all = await start({
    stream: { live: [new Uint8Array(100)] },
  });
  await using session = await all.client.collectTracing(PLAN);
  const reader = session.stream.getReader();
  assertEquals((await reader.read()).value?.length, 100);
  await all.server.kill();
  assertEquals((await reader.read()).done, true);
  await assertRejects(() => session.stop(), ServerNotAvailableError);
});

Deno.test("Session notices a confirmation of another session", async () => {
  await using all = await start({
    fault: (request) =>
      request?.type !== "stopTracing" ? {} : {
        edit: (reply) => {
          const other = reply.slice();
          other[20]! ^= 0xff;
          return other;
        },
      },
  });
  await using session = await all.client.collectTracing(PLAN);
  await assertRejects(() => session.stop(), SessionIdMismatchError);
});

const MAGIC_FAULT: DoubleFault = {
  edit: (reply) => {
    const other = reply.slice();
    other[2] = 0;
    return other;
  },
};

const FAULTS: readonly [string, DoubleFault, typeof DiagnosticError][] = [
  ["nothing", { closeAfterBytes: 0 }, ServerNotAvailableError],
  ["half a header", { closeAfterBytes: 10 }, MalformedReplyError],
  ["a cut payload", { closeAfterBytes: 26 }, MalformedReplyError],
  ["a wrong magic", MAGIC_FAULT, MalformedReplyError],
  ["a size of 3", { edit: (r) => withByte(r, 14, 3, 0) }, MalformedReplyError],
  ["an oversized size", {
    edit: (r) => withByte(r, 14, 255, 255),
    closeAfterBytes: 30,
  }, MalformedReplyError],
  ["another set", { edit: (r) => withByte(r, 16, 4) }, MalformedReplyError],
  ["another id", { edit: (r) => withByte(r, 17, 9) }, MalformedReplyError],
  ["an error without a code", {
    edit: (r) => withByte(withByte(r.slice(0, 20), 14, 20, 0), 16, 255, 255),
  }, MalformedReplyError],
  ["an error", {
    reply: Uint8Array.fromHex(
      "444f544e45545f4950435f5631001c00ffff00008413138000000000",
    ),
  }, BadEncodingError],
  [
    "a broken string",
    { edit: (r) => withByte(r, 48, 255, 255, 255, 255) },
    MalformedReplyError,
  ],
  ["a reset", { reset: true }, ServerNotAvailableError],
];

function withByte(
  bytes: Uint8Array,
  at: number,
  ...values: readonly number[]
): Uint8Array {
  const copy = bytes.slice();
  copy.set(values, at);
  return copy;
}

for (const [name, fault, kind] of FAULTS) {
  Deno.test(`DiagnosticClient survives ${name} as an answer`, async () => {
    await using all = await start({
      fault: (request) =>
        fault.reset === true || request !== undefined ? fault : {},
    });
    const error = await assertRejects(
      () => all.client.processInfo(),
      DiagnosticError,
    );
    assert(error instanceof kind, `${error}`);
  });
}

Deno.test("DiagnosticClient takes answers in one-byte pieces and surplus payload", async () => {
  await using all = await start({
    fault: () => ({
      pieceBytes: 1,
      edit: (reply) => {
        const longer = new Uint8Array(reply.length + 5);
        longer.set(reply);
        longer[14] = longer.length & 0xff;
        longer[15] = longer.length >> 8;
        return longer;
      },
    }),
  });
  assertEquals((await all.client.processInfo()).clrVersion, "10.0.0");
});

Deno.test("DiagnosticClient reads long environments and says when they end early", async () => {
  const environment = Object.fromEntries(
    Array.from({ length: 3000 }, (_, at) => [`NAME_${at}`, "x".repeat(50)]),
  );
  await using all = await start({ environment });
  assertEquals((await all.client.processEnvironment()).size, 3000);
  await using cut = await start({
    environment: { A: "1" },
    fault: () => ({ edit: (reply) => withByte(reply, 20, 99) }),
  });
  await assertRejects(
    () => cut.client.processEnvironment(),
    MalformedReplyError,
    "of 99 bytes came",
  );
});

Deno.test("DiagnosticClient gives up after its time limit and on a signal", async () => {
  await using all = await start({ fault: () => ({ stall: true }) });
  await assertRejects(
    () => all.client.processInfo({ timeoutMs: 50 }),
    DOMException,
    "busy with another tool",
  );
  for (const stallAfterBytes of [0, 19, 20, 25]) {
    await using half = await start({ fault: () => ({ stallAfterBytes }) });
    await assertRejects(
      () => half.client.processInfo({ timeoutMs: 50 }),
      DOMException,
      "no answer within 0.05 s",
    );
  }
  const controller = new AbortController();
  const reason = new Error("enough");
  setTimeout(() => controller.abort(reason), 30);
  const error = await assertRejects(
    () => all.client.processInfo({ signal: controller.signal }),
  );
  assertEquals(error, reason);
});

Deno.test("DiagnosticClient says that a socket is stale", async () => {
  await using all = await start();
  await all.server.kill();
  await assertRejects(
    () => all.client.processInfo(),
    ServerNotAvailableError,
    "nobody listens",
  );
});

Deno.test("DiagnosticServerDouble allows 64 sessions", async () => {
  await using all = await start();
  await using sessions = new AsyncDisposableStack();
  for (let count = 0; count < 64; count++) {
    sessions.use(await all.client.collectTracing(PLAN));
  }
  assertEquals(all.server.sessionCount, 64);
  await assertRejects(
    () => all.client.collectTracing(PLAN),
    ServerError,
    "up to 64",
  );
});

Deno.test("ReversedServer serves several runtimes that dial", async () => {
  const folder = await Deno.makeTempDir();
  const path = `${folder}/r`;
  {
    const cookies = [
      "123e4567-e89b-12d3-a456-426614174000",
      "223e4567-e89b-12d3-a456-426614174000",
    ];
    await using first = DiagnosticServerDouble.dial(path, {
      info: { runtimeCookie: cookies[0]!, processId: 7n },
      suspended: true,
      stream: { live: [new Uint8Array(5)], rundown: new Uint8Array(500_000) },
    });
    await using second = DiagnosticServerDouble.dial(path, {
      info: { runtimeCookie: cookies[1]! },
    });
    await using server = await ReversedServer.listen({ type: "unix", path });
    const noise = await connectNodePath(path);
    const runtimes = [(await server.accept())!, (await server.accept())!];
    assertEquals(
      runtimes.map(({ runtimeCookie }) => runtimeCookie).sort(),
      cookies,
    );
    const { client } = runtimes.find(({ processId }) => processId === 7n)!;
    assertEquals((await client.processInfo()).runtimeCookie, cookies[0]);
    await using session = await client.collectTracing(PLAN);
    await client.resumeRuntime();
    assertEquals([first.isSuspended, second.isSuspended], [false, false]);
    await session.stop();
    assertEquals(await sizeOf(session.stream), 500_005);
    // Who stays silent is shown out and keeps nobody waiting.
    assertEquals(await noise.read(new Uint8Array(1)), null);
    noise.close();
  }
  await Deno.remove(folder, { recursive: true });
});
