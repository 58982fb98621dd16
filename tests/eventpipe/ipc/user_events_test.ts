import { assert, assertEquals, assertRejects } from "@std/assert";
import {
  ServerNotAvailableError,
  UnsupportedCommandError,
} from "../../../src/eventpipe/ipc/diagnostic_error.ts";
import { DiagnosticClient } from "../../../src/eventpipe/ipc/diagnostic_client.ts";
import { ReversedServer } from "../../../src/eventpipe/ipc/reversed_server.ts";
import { DiagnosticServerDouble } from "../../../src/eventpipe/ipc/server_double.ts";
import type { DiagnosticServerDoubleOptions } from "../../../src/eventpipe/ipc/server_double.ts";
import { connectForDescriptors } from "../../../src/platform/descriptor_connection.ts";
import { openLibc } from "../../../src/platform/libc.ts";
import { receiveDescriptor } from "../../support/receive_descriptor.ts";
import { requireThat, testWith } from "../../support/requirement.ts";

const LINUX = [
  requireThat(Deno.build.os === "linux", "user_events are for Linux alone"),
];
// Kept open for as long as the process runs; opened here, it is no test's leak.
if (Deno.build.os === "linux") openLibc();

const CONFIG = {
  providers: [{
    name: "P",
    level: 4,
    tracepoints: { defaultName: "t", sets: [] },
  }],
};

async function start(options: DiagnosticServerDoubleOptions = {}) {
  const folder = await Deno.makeTempDir();
  const server = await DiagnosticServerDouble.listen(`${folder}/s`, options);
  const dataPath = `${folder}/user_events_data`;
  await Deno.writeTextFile(dataPath, "");
  return {
    folder,
    dataPath,
    server,
    client: DiagnosticClient.forPort(`${server.path},connect`),
    async [Symbol.asyncDispose]() {
      await server.close();
      await Deno.remove(folder, { recursive: true });
    },
  };
}

testWith(
  "DiagnosticClient starts a session of user_events and ends it",
  LINUX,
  async () => {
    await using all = await start();
    const { client, server, dataPath } = all;
    await using session = await client.startUserEvents(CONFIG, { dataPath });
    assert(session.id > 2n ** 53n);
    assertEquals(server.sessionCount, 1);
    await session.stop();
    await session.ended;
    assertEquals(server.sessionCount, 0);
    const [request] = server.requests;
    assert(request?.type === "collectTracing");
    assertEquals([request.version, request.sessionType], [5, "userEvents"]);
    assertEquals(request.providers[0]?.tracepoints, {
      defaultName: "t",
      sets: [],
    });
  },
);

testWith(
  "DiagnosticClient tells why user_events cannot be had",
  LINUX,
  async () => {
    await using old = await start({ runtime: "9" });
    await assertRejects(
      () => old.client.startUserEvents(CONFIG, { dataPath: old.dataPath }),
      UnsupportedCommandError,
      "10",
    );
    await assertRejects(
      () => old.client.startUserEvents(CONFIG, { dataPath: "/nowhere/data" }),
      Deno.errors.NotSupported,
      "CONFIG_USER_EVENTS",
    );
    const { providers: [provider] } = CONFIG;
    await assertRejects(
      () =>
        old.client.startUserEvents({
          providers: [{ name: provider!.name, level: 4 }],
        }),
      RangeError,
      "has no tracepoint",
    );
    const gone = DiagnosticClient.forPort(`${old.folder}/gone,connect`);
    await assertRejects(
      () => gone.startUserEvents(CONFIG, { dataPath: old.dataPath }),
      ServerNotAvailableError,
    );
    await using reversed = await ReversedServer.listen({
      type: "unix",
      path: `${old.folder}/r`,
    });
    await using _dialling = DiagnosticServerDouble.dial(`${old.folder}/r`);
    const runtime = await reversed.accept();
    await assertRejects(
      () => runtime!.client.startUserEvents(CONFIG, { dataPath: old.dataPath }),
      Deno.errors.NotSupported,
      "use the process id",
    );
  },
);

testWith(
  "UserEventsSession ends with its target",
  LINUX,
  async () => {
    await using all = await start();
    await using session = await all.client.startUserEvents(CONFIG, {
      dataPath: all.dataPath,
    });
    await all.server.kill();
    await session.ended;
    await assertRejects(() => session.stop(), ServerNotAvailableError);
  },
);

testWith("sendDescriptor passes an open file", LINUX, async () => {
  const folder = await Deno.makeTempDir();
  const path = `${folder}/s`;
  await using receiver = receiveDescriptor(path);
  const libc = openLibc();
  const connection = await connectForDescriptors(path);
  const name = `${folder}/file`;
  await Deno.writeTextFile(name, "passed on");
  const fd = libc.symbols.open(new TextEncoder().encode(`${name}\0`), 0);
  assertEquals(await connection.write(new Uint8Array([1, 2, 3])), 3);
  await connection.sendDescriptor(fd);
  libc.symbols.close(fd);
  const { bytes, descriptor } = await receiver.received;
  assertEquals([...bytes], [1, 2, 3, 0]);
  const text = new Uint8Array(16);
  const size = libc.symbols.read(descriptor, text, 16n);
  assertEquals(new TextDecoder().decode(text.subarray(0, size)), "passed on");
  libc.symbols.close(descriptor);
  connection.close();
  await Deno.remove(folder, { recursive: true });
});
