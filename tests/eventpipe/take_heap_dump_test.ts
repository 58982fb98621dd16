import { assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { DecodeStats } from "../../src/base/decode_stats.ts";
import { DiagnosticClient } from "../../src/eventpipe/ipc/diagnostic_client.ts";
import { DiagnosticServerDouble } from "../../src/eventpipe/ipc/server_double.ts";
import type { DiagnosticServerDoubleOptions } from "../../src/eventpipe/ipc/server_double.ts";
import type { DiagnosticRequest } from "../../src/eventpipe/ipc/types.ts";
import { takeHeapDump } from "../../src/eventpipe/take_heap_dump.ts";
import { REPOSITORY } from "../support/file_url.ts";
import { requireThat, testWith } from "../support/requirement.ts";

const NEEDS = [
  requireThat(Deno.build.os !== "windows", "needs Unix sockets"),
];
const FIXTURES = `${REPOSITORY}/tests/fixtures/nettrace`;
const HEAP = Deno.readFileSync(`${FIXTURES}/heap.nettrace`);
const EVENTS = Deno.readFileSync(`${FIXTURES}/events.nettrace`);
const HEAP_KEYWORDS = 0x198_0001n;
/** Id of the first session of a double. */
const FIRST_SESSION = 0x20_0000_0000_0001n;

/** A double that walks its heap in the session that asks for it. */
async function start(
  heap: readonly Uint8Array[],
  options: DiagnosticServerDoubleOptions = {},
) {
  const folder = await Deno.makeTempDir();
  const server = await DiagnosticServerDouble.listen(`${folder}/s`, {
    stream: ({ providers }) => ({
      live: providers[0]?.keywords === HEAP_KEYWORDS ? heap : [EVENTS],
    }),
    ...options,
  });
  return {
    server,
    client: DiagnosticClient.forPort(`${server.path},connect`),
    async [Symbol.asyncDispose]() {
      await server.close();
      await Deno.remove(folder, { recursive: true });
    },
  };
}

function sessions(requests: readonly DiagnosticRequest[]) {
  return requests.flatMap((each) =>
    each.type === "collectTracing"
      ? [[each.version, each.bufferingMode, each.bufferSizeMb]]
      : []
  );
}

testWith("takeHeapDump makes the process wait for us", NEEDS, async () => {
  await using all = await start([HEAP]);
  const stats = new DecodeStats();
  const dump = await takeHeapDump(all.client, { stats });
  assertEquals(dump.graph.types.length > 50, true);
  assertEquals(stats.entries().map(({ severity }) => severity), []);
  assertEquals(sessions(all.server.requests), [
    [2, "drop", 1024],
    [6, "block", 1024],
  ]);
});

testWith(
  "takeHeapDump says that objects may be lost before .NET 11",
  NEEDS,
  async () => {
    await using all = await start([HEAP], { runtime: "10" });
    const notes: string[] = [];
    await takeHeapDump(all.client, { onNote: (text) => notes.push(text) });
    assertStringIncludes(notes.join(), "needs .NET 11");
    assertEquals(sessions(all.server.requests).at(-1), [2, "drop", 1024]);
  },
);

testWith(
  "takeHeapDump counts what a cut stream does not have",
  NEEDS,
  async () => {
    // The rest comes never: the process ended in the middle of its heap.
    const cut = HEAP.subarray(0, HEAP.length * 0.9);
    await using all = await start([cut], {
      fault: (request) => {
        if (
          request?.type === "collectTracing" &&
          request.providers[0]?.keywords === HEAP_KEYWORDS
        ) setTimeout(() => all.server.kill(), 100);
        return {};
      },
    });
    const stats = new DecodeStats();
    await takeHeapDump(all.client, { stats });
    assertEquals(
      stats.entries().some(({ severity }) => severity === "data_loss"),
      true,
    );
  },
);

testWith(
  "takeHeapDump gives up on a process that stands still",
  NEEDS,
  async () => {
    await using all = await start([HEAP.subarray(0, 2000)], {
      fault: (request) => ({ stall: request?.type === "stopTracing" }),
    });
    await assertRejects(
      () => takeHeapDump(all.client, { timeoutMs: 100 }),
      DOMException,
      "no collection began within 0.1 s",
    );
  },
);

testWith(
  "takeHeapDump gives what it has when a process stands still behind its objects",
  NEEDS,
  async () => {
    await using all = await start([HEAP.subarray(0, HEAP.length - 100)], {
      fault: (request) => ({
        stall: request?.type === "stopTracing" &&
          request.sessionId !== FIRST_SESSION,
      }),
    });
    const stats = new DecodeStats();
    const dump = await takeHeapDump(all.client, { timeoutMs: 300, stats });
    assertEquals(dump.graph.types.length > 50, true);
    assertEquals(stats.hasLoss, true);
  },
);

testWith(
  "takeHeapDump says that the process has ended",
  NEEDS,
  async () => {
    await using all = await start([], {
      fault: (request) => {
        if (
          request?.type === "collectTracing" &&
          request.providers[0]?.keywords === HEAP_KEYWORDS
        ) setTimeout(() => all.server.kill(), 100);
        return {};
      },
      stream: () => ({ live: [EVENTS] }),
    });
    await assertRejects(
      () => takeHeapDump(all.client),
      DOMException,
      "the process ended",
    );
  },
);

testWith("takeHeapDump ends on a signal", NEEDS, async () => {
  await using all = await start([]);
  const reason = new Error("enough");
  const controller = new AbortController();
  setTimeout(() => controller.abort(reason), 200);
  const error = await assertRejects(() =>
    takeHeapDump(all.client, { signal: controller.signal })
  );
  assertEquals(error, reason);
});
