import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { decodeNetworkTrace } from "../../../src/netdump/nettrace_decoder.ts";
import { encodeNetworkTrace } from "../../../src/netdump/nettrace_encoder.ts";
import { checkTrace } from "../../../src/netdump/nettrace_check.ts";
import { NetworkTracer } from "../../../src/netdump/tracer/network_tracer.ts";
import {
  createCounterIds,
  nextCounterId,
  nextShortUuid,
  shortenUuid,
} from "../../../src/netdump/tracer/trace_id.ts";
import { TraceSpill } from "../../../src/netdump/tracer/trace_spill.ts";
import type {
  TraceBatch,
  TraceMemory,
} from "../../../src/netdump/tracer/tracer_options.ts";
import { startDnsServer, zone } from "./_dns_server.ts";
import { testHost } from "./_test_host.ts";

const ROUNDS = 7;

async function run(
  memory: TraceMemory,
  work: (tracer: NetworkTracer) => Promise<void>,
): Promise<void> {
  await using dns = await startDnsServer(zone({ "web.test.": ["127.0.0.1"] }));
  await using server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen() {} },
    () => new Response("pong"),
  );
  await using tracer = new NetworkTracer({
    client: { nameservers: [dns.address], disableKeepAlive: true },
    trace: {
      httpRequests: true,
      dnsQueries: true,
      sockets: true,
      memory,
      traceIds: createCounterIds(),
    },
    host: testHost(),
  });
  for (let round = 0; round < ROUNDS; round++) {
    const response = await tracer.request(
      `http://web.test:${server.addr.port}/${round}`,
    );
    await response.drain();
  }
  await work(tracer);
}

Deno.test("NetworkTracer keeps the newest records when memory is bounded, and counts the others", async () => {
  await run({ type: "bounded", maxRecords: 3 }, async (tracer) => {
    const { trace, droppedRecords } = await tracer.getTrace("");
    assertEquals(
      trace.httpRequests.map(({ reqUrl }) => new URL(reqUrl).pathname),
      ["/4", "/5", "/6"],
    );
    assertEquals(trace.dials.length, 3);
    assertEquals(trace.tcpConns.length + trace.udpConns.length, 3);
    // Per round: one request, one dial, three connections, two DNS queries.
    assertEquals(droppedRecords, ROUNDS * 7 - 4 * 3);
  });
  assertThrows(
    () =>
      new NetworkTracer({
        trace: { memory: { type: "bounded", maxRecords: 0 } },
      }),
    RangeError,
    "maxRecords",
  );
});

Deno.test("NetworkTracer hands everything out in batches, each record whole", async () => {
  const batches: TraceBatch[] = [];
  await run({
    type: "batch",
    threshold: 3,
    onBatch: (batch) => void batches.push(batch),
  }, async (tracer) => {
    const { trace } = await tracer.getTrace("batched");
    assertEquals(trace.description, "batched");
    assertEquals(trace.httpRequests, []);
    assertEquals(trace.dials, []);
    const all = <K extends keyof TraceBatch>(name: K) =>
      batches.flatMap((batch) => batch[name] as readonly { traceId: string }[]);
    assertEquals(all("httpRequests").length, ROUNDS);
    assertEquals(all("dials").length, ROUNDS);
    assertEquals(all("dnsQueries").length, 2 * ROUNDS);
    assertEquals(
      new Set(all("udpConns").map(({ traceId }) => traceId)).size,
      2 * ROUNDS,
    );
    // References that upstream's batches lack are filled in.
    for (const batch of batches) {
      for (const query of batch.dnsQueries) {
        assert(query.fromDial.startsWith("tid-"));
      }
    }
    const merged = decodeNetworkTrace("{}");
    const whole = {
      ...merged,
      ...Object.fromEntries(
        ([
          "dials",
          "tcpConns",
          "udpConns",
          "dnsQueries",
          "tlsTunnels",
          "httpRequests",
        ] as const)
          .map((name) => [name, all(name)]),
      ),
    };
    assertEquals(checkTrace(whole), []);
    // Nothing is handed out twice.
    const before = batches.length;
    await tracer.getTrace("again");
    assertEquals(batches.length, before);
  });
});

Deno.test("NetworkTracer keeps a request in memory until its body is over", async () => {
  const batches: TraceBatch[] = [];
  const finish = Promise.withResolvers<void>();
  await using server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen() {} },
    () =>
      new Response(
        new ReadableStream({
          async start(controller) {
            controller.enqueue(new Uint8Array(10));
            await finish.promise;
            controller.enqueue(new Uint8Array(5));
            controller.close();
          },
        }),
      ),
  );
  // The housekeeping of each second, when the test wants it.
  let housekeep = () => {};
  const { setInterval } = globalThis;
  globalThis.setInterval = ((work: () => void) => {
    housekeep = work;
    return setInterval(() => {}, 60_000);
  }) as typeof setInterval;
  let tracer: NetworkTracer;
  try {
    tracer = new NetworkTracer({
      trace: {
        httpRequests: true,
        memory: {
          type: "batch",
          threshold: 1,
          onBatch: (batch) => void batches.push(batch),
        },
      },
      host: testHost(),
    });
  } finally {
    globalThis.setInterval = setInterval;
  }
  await using _tracer = tracer;
  const response = await tracer.request(
    `http://127.0.0.1:${server.addr.port}/`,
  );
  const drained = response.drain();
  housekeep();
  assertEquals(batches.flatMap(({ httpRequests }) => httpRequests), []);
  finish.resolve();
  assertEquals(await drained, 15);
  housekeep();
  const [request] = batches.flatMap(({ httpRequests }) => httpRequests);
  assertEquals(request?.respContentLen, 15n);
});

Deno.test("NetworkTracer tells when a batch could not be taken", async () => {
  await run({
    type: "batch",
    onBatch: () => Promise.reject(new Error("disk is full")),
  }, async (tracer) => {
    await assertRejects(() => tracer.getTrace(""), Error, "disk is full");
  });
});

Deno.test("NetworkTracer flushes on close when it is told to", async () => {
  for (const finalFlushOnClose of [false, true]) {
    let requests = 0;
    await run({
      type: "batch",
      finalFlushOnClose,
      onBatch: (batch) => void (requests += batch.httpRequests.length),
    }, (tracer) => tracer.close());
    assertEquals(requests, finalFlushOnClose ? ROUNDS : 0);
  }
});

Deno.test("TraceSpill makes the sink form of batches, byte for byte that of memory", async () => {
  await using spill = await TraceSpill.create();
  await run({
    type: "batch",
    threshold: 2,
    onBatch: (batch) => spill.add(batch),
  }, async (tracer) => {
    const { trace } = await tracer.getTrace("<spilled>");
    const text = await new Response(
      ReadableStream.from(spill.encode(trace)),
    ).text();
    const decoded = decodeNetworkTrace(text, { strict: true });
    assertEquals(decoded.httpRequests.length, ROUNDS);
    assertEquals(encodeNetworkTrace(decoded, { form: "sink" }), text);
    assert(text.startsWith('{"description":"\\u003cspilled\\u003e"\n,"trace'));
  });
});

Deno.test("TraceSpill keeps the later of two records with one id, and leaves nothing behind", async () => {
  const parent = await Deno.makeTempDir();
  const spill = await TraceSpill.create(parent);
  const empty = decodeNetworkTrace("{}");
  const record = (error: string) =>
    decodeNetworkTrace(
      `{"httpRequests":[{"traceID":"a","reqError":"${error}"}]}`,
    );
  await Promise.all([
    spill.add(record("first")),
    spill.add(record("second, longer")),
    spill.add(empty),
  ]);
  const text = await new Response(ReadableStream.from(spill.encode(empty)))
    .text();
  assertEquals(
    decodeNetworkTrace(text).httpRequests.map(({ reqError }) => reqError),
    ["second, longer"],
  );
  await spill.close();
  assertEquals((await Array.fromAsync(Deno.readDir(parent))).length, 0);
  await Deno.remove(parent);
});

Deno.test("shortenUuid writes 22 digits of base 57", () => {
  assertEquals(
    shortenUuid("00000000-0000-0000-0000-000000000000"),
    "2".repeat(22),
  );
  assertEquals(
    shortenUuid("00000000-0000-0000-0000-000000000039"),
    `${"2".repeat(20)}32`,
  );
  assertEquals(shortenUuid("ffffffff-ffff-ffff-ffff-ffffffffffff").length, 22);
  const id = nextShortUuid();
  assertEquals(id.length, 22);
  assert(!/[01OIl]/.test(id));
});

Deno.test("nextCounterId counts in decimal", () => {
  const first = Number(/^tid-(\d+)$/.exec(nextCounterId())![1]);
  assertEquals(nextCounterId(), `tid-${first + 1}`);
});
