import { assert, assertEquals, assertRejects } from "@std/assert";
import { DiagnosticClient } from "../../../src/eventpipe/ipc/diagnostic_client.ts";
import { DiagnosticServerDouble } from "../../../src/eventpipe/ipc/server_double.ts";
import type { DiagnosticServerDoubleOptions } from "../../../src/eventpipe/ipc/server_double.ts";
import { planTrace } from "../../../src/eventpipe/ipc/trace_plan.ts";
import { recordTrace } from "../../../src/eventpipe/record_trace.ts";
import type { RecordTraceOptions } from "../../../src/eventpipe/record_trace.ts";

const PLAN = planTrace({ profiles: ["gc-collect"] });

/** The smallest stream there is: a header and the end. */
const STREAM = Uint8Array.fromHex(
  "4e657474726163650000000006000000" + "0000000028000001e907020001000300" +
    "040005000600000000000000000000" + "00e8030000000000000800000000000000" +
    "00000000",
);
const HALVES = { live: [STREAM.slice(0, 60)], rundown: STREAM.slice(60) };

/** Records from a double into memory. */
async function record(
  double: DiagnosticServerDoubleOptions,
  options: Partial<RecordTraceOptions>,
  during?: (server: DiagnosticServerDouble) => void,
) {
  const folder = await Deno.makeTempDir();
  try {
    await using server = await DiagnosticServerDouble.listen(
      `${folder}/s`,
      double,
    );
    const client = DiagnosticClient.forPort(`${server.path},connect`);
    const pieces: Uint8Array[][] = [];
    const trace = await recordTrace(client, PLAN, {
      retry: PLAN.retry,
      openPart: (index) => {
        pieces[index] = [];
        return Promise.resolve({
          write(bytes) {
            pieces[index]!.push(bytes);
            return Promise.resolve();
          },
          close: () => Promise.resolve(),
        });
      },
      onStart: () => during?.(server),
      ...options,
    });
    const parts = await Promise.all(
      pieces.map((part) => new Blob(part as BlobPart[]).bytes()),
    );
    return { trace, parts, requests: server.requests };
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("recordTrace keeps the stream byte for byte", async () => {
  const { trace, parts } = await record({ stream: HALVES }, { durationMs: 20 });
  assertEquals(parts[0]!.toHex(), STREAM.toHex());
  assertEquals([trace.endedBy, trace.parts[0]!.isComplete], ["duration", true]);
});

Deno.test("recordTrace starts the next part before the last one ends", async () => {
  const { trace, parts, requests } = await record(
    { stream: HALVES },
    { splitMs: 40, durationMs: 100 },
  );
  assert(parts.length >= 2);
  for (const part of parts) assertEquals(part.toHex(), STREAM.toHex());
  assert(trace.parts.every(({ isComplete }) => isComplete));
  assertEquals(
    requests.slice(0, 3).map(({ type }) => type),
    ["collectTracing", "collectTracing", "stopTracing"],
  );
});

Deno.test("recordTrace splits by size", async () => {
  const { parts } = await record(
    { stream: HALVES },
    { splitBytes: 60, durationMs: 50 },
  );
  assert(parts.length >= 2);
});

Deno.test("recordTrace keeps what came when the process dies", async () => {
  const { trace, parts } = await record(
    { stream: HALVES },
    {},
    (server) => void setTimeout(() => void server.kill(), 30),
  );
  assertEquals(parts[0]!.length, 60);
  assertEquals([trace.endedBy, trace.parts[0]!.isComplete], ["target", false]);
});

Deno.test("recordTrace ends the session when the disk is full", async () => {
  const stopped: string[] = [];
  const folder = await Deno.makeTempDir();
  {
    await using server = await DiagnosticServerDouble.listen(`${folder}/s`, {
      stream: { ...HALVES, rundown: new Uint8Array(1_000_000) },
    });
    const client = DiagnosticClient.forPort(`${server.path},connect`);
    await assertRejects(
      () =>
        recordTrace(client, PLAN, {
          openPart: () =>
            Promise.resolve({
              write: () => Promise.reject(new Error("No space left on device")),
              close: () => Promise.resolve(void stopped.push("closed")),
            }),
        }),
      Error,
      "No space left",
    );
    assertEquals(server.sessionCount, 0);
    assertEquals(server.requests.at(-1)?.type, "stopTracing");
  }
  await Deno.remove(folder, { recursive: true });
  assertEquals(stopped, ["closed"]);
});

Deno.test("recordTrace goes on without a rundown that an old runtime cannot choose", async () => {
  const notes: string[] = [];
  const { requests } = await record(
    { stream: HALVES, runtime: "8" },
    { durationMs: 10, onNote: (text) => notes.push(text) },
  );
  const [request] = requests;
  assert(request?.type === "collectTracing");
  assertEquals([request.version, request.rundownKeyword], [2, 0n]);
  assertEquals(notes.length, 1);
});

Deno.test("recordTrace keeps a stream that it cannot read", async () => {
  const live = [new TextEncoder().encode("no trace at all, whatever comes")];
  const { trace, parts } = await record({ stream: { live } }, {
    durationMs: 10,
  });
  assertEquals(parts[0], live[0]);
  assert(trace.parts[0]!.problem !== undefined);
});

Deno.test("recordTrace gives up on a signal before it runs, not later", async () => {
  const reason = new Error("enough");
  const error = await assertRejects(() =>
    record({ stream: HALVES }, { signal: AbortSignal.abort(reason) })
  );
  assertEquals(error, reason);
  const late = new AbortController();
  const { trace } = await record(
    { stream: HALVES },
    { signal: late.signal, durationMs: 30 },
    () => late.abort(reason),
  );
  assertEquals([trace.endedBy, trace.parts[0]!.isComplete], ["duration", true]);
});

Deno.test("recordTrace leaves no session behind when a part cannot be opened", async () => {
  const folder = await Deno.makeTempDir();
  {
    await using server = await DiagnosticServerDouble.listen(`${folder}/s`, {
      stream: HALVES,
    });
    const client = DiagnosticClient.forPort(`${server.path},connect`);
    const closed: number[] = [];
    await assertRejects(
      () =>
        recordTrace(client, PLAN, {
          splitMs: 20,
          openPart: (index) =>
            index === 1 ? Promise.reject(new Error("no room")) : Promise
              .resolve({
                write: () => Promise.resolve(),
                close: () => Promise.resolve(void closed.push(index)),
              }),
        }),
      Error,
      "no room",
    );
    assertEquals([server.sessionCount, closed], [0, [0]]);
    const stops = server.requests.filter(({ type }) => type === "stopTracing");
    assertEquals(stops.length, 2);
  }
  await Deno.remove(folder, { recursive: true });
});

Deno.test("recordTrace keeps its parts when the process ends between two of them", async () => {
  let sessions = 0;
  const { trace, parts } = await record({
    stream: HALVES,
    fault: (request) =>
      request?.type === "collectTracing" && ++sessions === 2
        ? { reset: true }
        : {},
  }, { splitMs: 20 });
  assertEquals([trace.endedBy, parts.length], ["target", 1]);
  assertEquals(parts[0]!.toHex(), STREAM.toHex());
});
