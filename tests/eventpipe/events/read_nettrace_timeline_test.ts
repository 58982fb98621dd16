import { assertEquals } from "@std/assert";
import { DecodeStats } from "../../../src/base/decode_stats.ts";
import { readNettraceTimeline } from "../../../src/eventpipe/events/read_nettrace_timeline.ts";
import type { ReadNettraceTimelineOptions } from "../../../src/eventpipe/events/read_nettrace_timeline.ts";
import type { TimelineEvent } from "../../../src/timeline/types.ts";
import { streamOf } from "../../support/byte_stream.ts";
import { expectedOf, ownCapture } from "../../support/nettrace_captures.ts";
import {
  type BuiltEvent,
  methodPayload,
  modulePayload,
  TraceBuilder,
} from "../../support/trace_builder.ts";

async function eventsOf(
  bytes: Uint8Array,
  options: ReadNettraceTimelineOptions & {
    readonly chunkBytes?: number;
    readonly isRepeatable?: boolean;
  } = {},
): Promise<TimelineEvent[]> {
  const { chunkBytes = 65_536, isRepeatable = true } = options;
  const batches = await Array.fromAsync(readNettraceTimeline({
    open: () => streamOf(bytes, chunkBytes),
    isRepeatable,
  }, options));
  assertEquals(batches.every((batch) => batch.length > 0), true);
  return batches.flat();
}

const RUNTIME = "Microsoft-Windows-DotNETRuntime";
const FEATURES = await eventsOf(ownCapture("v5Features"));

Deno.test("readNettraceTimeline gives events in order of time with typed fields", () => {
  const arrays = FEATURES[0]!;
  assertEquals(arrays.name, "Arrays");
  assertEquals(arrays.fields, {
    a: [1, 2, 4_294_967_295],
    b: "hé",
    c: -5n,
    d: ["p", ""],
    e: [{ k: "k", v: -2 }],
  });
  assertEquals([arrays.pid, arrays.tid, arrays.relativeNs], [
    777,
    9001,
    10_000,
  ]);
  assertEquals(arrays.level, "Verbose");
  const times = FEATURES.map(({ relativeNs }) => relativeNs!);
  assertEquals(times, times.toSorted((a, b) => a - b));
});

Deno.test("readNettraceTimeline shows activities, raw payloads and bridged arguments", () => {
  const named = (name: string) =>
    FEATURES.find((event) => event.name === name)!;
  assertEquals(
    named("UnknownTag").fields["$activity"],
    "aaaaaaaa-0000-0000-0000-000000000001",
  );
  assertEquals(
    named("UnknownTag").fields["$relatedActivity"],
    "bbbbbbbb-0000-0000-0000-000000000002",
  );
  assertEquals(named("BadType").fields, { $payload: new Uint8Array([1, 2]) });
  assertEquals(named("Event").fields["Arguments"], [
    { Key: "Method", Value: "GET" },
    { Key: "Uri", Value: "http://x/" },
  ]);
  assertEquals(
    named("Exception/Start").fields["ExceptionType"],
    "System.InvalidOperationException",
  );
});

Deno.test("readNettraceTimeline makes counters of both mechanisms", () => {
  const counters = FEATURES.filter((event) => event.type === "counter");
  assertEquals(
    counters.map((each) => [each.provider, each.name, each.value, each.unit]),
    [
      ["System.Runtime", "cpu-usage", 12.5, "%"],
      ["System.Runtime", "alloc-rate", 8192, "B"],
      ["Shop", "orders", 120, "{order}"],
      ["Shop", "queue", 3.5, ""],
      ["Shop", "latency", 0.01, "s"],
      ["Shop", "latency", 0.2, "s"],
      ["Shop", "latency", 1.5, "s"],
      ["Shop", "latency count", 10, "count"],
      ["Shop", "latency sum", 2.5, "s"],
      ["Shop", "inflight", -3, ""],
    ],
  );
  assertEquals(counters[2]!.fields, {
    kind: "counter",
    tags: "mt=2,it=1,color=red,size=7",
    rate: 5,
  });
  assertEquals(counters[5]!.fields["percentile"], 95);
});

Deno.test("readNettraceTimeline delivers a version 6 stream in its order", async () => {
  const events = await eventsOf(ownCapture("v6Full"), { full: true });
  const { dispatchOrder } = expectedOf("v6Full") as {
    dispatchOrder: readonly { id: number }[];
  };
  assertEquals(
    events.map(({ fields }) => fields["$id"]),
    dispatchOrder.map(({ id }) => id),
  );
});

Deno.test("readNettraceTimeline adds ids, keywords and opcodes on request", async () => {
  const [first] = await eventsOf(ownCapture("events"), { full: true });
  assertEquals(first!.name, "Scalars");
  assertEquals(
    [
      first!.fields["$id"],
      first!.fields["$version"],
      first!.fields["$keywords"],
    ],
    [2, 3, "0x2"],
  );
  const [plain] = await eventsOf(ownCapture("events"));
  assertEquals("$id" in plain!.fields, false);
});

Deno.test("readNettraceTimeline shows the payload of events that declare nothing", async () => {
  const events = await eventsOf(ownCapture("events"));
  const bytes = events.find(({ name }) => name === "Bytes")!;
  assertEquals(
    (bytes.fields["$payload"] as Uint8Array).toHex(),
    "0500000000000000" + "05000000" + "000102feff",
  );
  assertEquals(events.find(({ name }) => name === "Nothing")!.fields, {});
});

Deno.test("readNettraceTimeline gives the same for pieces of any size", async () => {
  const bytes = ownCapture("v5Features");
  for (const chunkBytes of [1, 7, 4093]) {
    assertEquals(await eventsOf(bytes, { chunkBytes }), FEATURES);
  }
});

function event(
  id: number,
  time: number,
  payload: Uint8Array<ArrayBuffer>,
  stack?: readonly bigint[],
): BuiltEvent {
  return {
    provider: RUNTIME,
    id,
    version: 1,
    time,
    payload,
    ...(stack === undefined ? {} : { stack }),
  };
}

const STACKED = new TraceBuilder().add(
  { provider: "Own", id: 1, name: "Early", time: 1, stack: [0x1010n, 0x9000n] },
  event(
    143,
    10,
    methodPayload({ start: 0x1000n, size: 0x100, name: "Leaf" }),
    [0x1010n],
  ),
  event(152, 11, modulePayload(7n, "/app/App.dll")),
  { provider: "Own", id: 1, name: "Early", time: 20, stack: [0x1010n] },
).bytes();

Deno.test("readNettraceTimeline resolves stacks by names that come later", async () => {
  const events = await eventsOf(STACKED, { stacks: true });
  assertEquals(events.map(({ name, stack }) => [name, stack]), [
    ["Early", ["App!App.Program.Leaf()", "0x9000"]],
    // Events about methods have the stack of their writer, which is left out.
    ["Method/LoadVerbose", undefined],
    ["Loader/ModuleLoad", undefined],
    ["Early", ["App!App.Program.Leaf()"]],
  ]);
});

Deno.test("readNettraceTimeline names what is known so far where it can read only once", async () => {
  const stats = new DecodeStats();
  const events = await eventsOf(STACKED, {
    stacks: true,
    isRepeatable: false,
    stats,
  });
  assertEquals(events.map(({ stack }) => stack?.[0]), [
    "0x1010",
    undefined,
    undefined,
    "App!App.Program.Leaf()",
  ]);
  assertEquals(stats.get("nettrace_names_incomplete"), 1);
});

Deno.test("readNettraceTimeline counts a fault once although it reads twice", async () => {
  const bytes = ownCapture("events");
  const stats = new DecodeStats();
  await eventsOf(bytes.subarray(0, bytes.length - 10), { stacks: true, stats });
  assertEquals(stats.get("nettrace_truncated"), 1);
});

Deno.test("readNettraceTimeline counts payloads that end early", async () => {
  const stats = new DecodeStats();
  const trace = new TraceBuilder().add(event(1, 1, new Uint8Array(3)));
  const events = await eventsOf(trace.bytes(), { stats });
  assertEquals(events[0]!.fields, {});
  assertEquals(stats.get("nettrace_payload_damaged"), 1);
});

Deno.test("readNettraceTimeline leaves out events of kinds that are not wanted", async () => {
  const workload = ownCapture("workload");
  const all = await eventsOf(workload);
  const collections = await eventsOf(workload, {
    isWanted: (provider, name) => provider === RUNTIME && name === "GC/Start",
  });
  assertEquals(
    collections,
    all.filter(({ type, name }) => type === "counter" || name === "GC/Start"),
  );
  assertEquals(collections.some(({ name }) => name === "GC/Start"), true);
});

Deno.test("readNettraceTimeline judges events by the opcode of their labels", async () => {
  const v6 = ownCapture("v6Full");
  const all = await eventsOf(v6);
  for (const { provider, name } of all) {
    const chosen = await eventsOf(v6, {
      isWanted: (...wanted) => wanted[0] === provider && wanted[1] === name,
    });
    assertEquals(
      chosen,
      all.filter((event) =>
        event.type === "counter" ||
        event.provider === provider && event.name === name
      ),
    );
  }
});

Deno.test("readNettraceTimeline names threads of version 6", async () => {
  const named = (await eventsOf(ownCapture("v6Full"))).map(({ threadName }) =>
    threadName
  );
  assertEquals(new Set(named), new Set(["main", "worker ✓", undefined]));
});

Deno.test("readNettraceTimeline gives chosen events the stacks that they have among all", async () => {
  const workload = ownCapture("workload");
  const all = await eventsOf(workload, { stacks: true });
  for (const wanted of ["Exception/Start", "Contention/Stop", "GC/Start"]) {
    const chosen = await eventsOf(workload, {
      stacks: true,
      isWanted: (_, name) => name === wanted,
    });
    assertEquals(
      chosen.filter(({ name }) => name === wanted),
      all.filter(({ name }) => name === wanted),
    );
  }
});
