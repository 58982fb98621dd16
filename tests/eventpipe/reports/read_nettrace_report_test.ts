import { assertAlmostEquals, assertEquals, assertExists } from "@std/assert";
import type {
  Report,
  ReportCell,
  ReportSection,
} from "../../../src/base/report.ts";
import {
  ownCapture,
  requireCaptures,
  type SharedCapture,
  sharedCapture,
} from "../../support/nettrace_captures.ts";
import { readNettraceReport } from "../../../src/eventpipe/reports/read_nettrace_report.ts";
import { streamOf } from "../../support/byte_stream.ts";
import { bytesBy, utf16z } from "../../support/nettrace_streams.ts";
import { testWith } from "../../support/requirement.ts";
import { type BuiltEvent, TraceBuilder } from "../../support/trace_builder.ts";
import { concatBytes } from "../../support/byte_stream.ts";

const MS = 1_000_000;
const RUNTIME = "Microsoft-Windows-DotNETRuntime";

async function reportOf(bytes: Uint8Array, top = 1000): Promise<Report> {
  return (await readNettraceReport(streamOf(bytes, 65_536), { top })).report;
}

function sectionOf(report: Report, key: string): ReportSection {
  const section = report.sections.find((each) => each.key === key);
  assertExists(
    section,
    `${key} of ${report.sections.map((each) => each.key)}`,
  );
  return section;
}

function factsOf(report: Report, key: string): Record<string, ReportCell> {
  const section = sectionOf(report, key);
  assertEquals(section.type, "facts");
  return section.type === "facts"
    ? Object.fromEntries(
      section.facts.filter(({ value }) => value !== undefined)
        .map((fact) => [fact.key, fact.value]),
    )
    : {};
}

function rowsOf(report: Report, key: string): Record<string, ReportCell>[] {
  const section = sectionOf(report, key);
  assertEquals(section.type, "table");
  return section.type === "table"
    ? section.rows.map((row) =>
      Object.fromEntries(
        section.columns.map((column, index) => [column.key, row[index]]),
      )
    )
    : [];
}

const WORKLOAD = await reportOf(ownCapture("workload"));

Deno.test("EventCounts counts a trace's events by provider and kind", () => {
  const events = rowsOf(WORKLOAD, "events");
  const countOf = (provider: string, id: number) =>
    events.filter((row) => row.provider === provider && row.id === id)
      .reduce((sum, row) => sum + Number(row.count), 0);
  assertEquals(events.reduce((sum, row) => sum + Number(row.count), 0), 16_270);
  assertEquals(countOf("Microsoft-DotNETCore-SampleProfiler", 0), 7966);
  for (
    const [id, count] of [
      [1, 6],
      [3, 952],
      [10, 52],
      [29, 118],
      [80, 54],
      [
        81,
        7,
      ],
      [85, 22],
      [200, 19],
      [39, 12],
    ] as const
  ) assertEquals(countOf(RUNTIME, id), count, `${id}`);
  assertEquals(countOf(`${RUNTIME}Rundown`, 144), 2463 + 309);
  assertEquals(rowsOf(WORKLOAD, "providers").length, 9);
  assertEquals(
    events.find((row) => row.provider === RUNTIME && row.id === 1)?.name,
    "GC/Start",
  );
});

Deno.test("ProcessFacts tells command line, runtime and system", () => {
  assertEquals(factsOf(WORKLOAD, "process"), {
    commandLine:
      "/usr/share/dotnet/dotnet /tmp/workload/Workload.dll all 6 --seconds 1.3",
    runtime: ".NET 10.0.1226.42308",
    operatingSystem: "Linux",
    architecture: "x64",
  });
});

Deno.test("GcPart tells of the collections that the workload asks for", () => {
  const facts = factsOf(WORKLOAD, "gc");
  assertEquals([facts.collections, facts.induced, facts.pauses], [6, 6, 6]);
  assertEquals(
    rowsOf(WORKLOAD, "gcGenerations").map((row) => [row.generation, row.count]),
    [["0", 2], ["1", 2], ["2", 2]],
  );
  assertEquals(rowsOf(WORKLOAD, "gcReasons"), [
    { reason: "Induced", count: 6, triggers: 6 },
  ]);
  for (const row of rowsOf(WORKLOAD, "gcLongest")) {
    assertEquals(Number(row.pause) > 0, true);
    assertEquals(Number(row.heap) > 0, true);
  }
  assertEquals(rowsOf(WORKLOAD, "gcHeap").map((row) => row.generation), [
    "0",
    "1",
    "2",
    "large objects",
    "pinned objects",
  ]);
});

Deno.test("ExceptionsPart tells types and messages", () => {
  assertEquals(factsOf(WORKLOAD, "exceptions").count, 54);
  assertEquals(
    rowsOf(WORKLOAD, "exceptionTypes").map((row) => [row.type, row.count]),
    [
      ["WorkloadException", 12],
      ["System.FormatException", 6],
      ["System.ArgumentException", 6],
      ["System.TimeoutException", 6],
      ["System.NotSupportedException", 6],
      ["System.Collections.Generic.KeyNotFoundException", 6],
      ["System.OverflowException", 6],
      ["System.InvalidOperationException", 6],
    ].toSorted((a, b) => Number(b[1]) - Number(a[1])),
  );
  const messages = rowsOf(WORKLOAD, "exceptionMessages");
  assertEquals(
    messages.filter((row) => String(row.message).startsWith("caught ")).length,
    6,
  );
});

Deno.test("ContentionPart tells of waits by lock", () => {
  assertEquals(factsOf(WORKLOAD, "contention").count, 7);
  const locks = rowsOf(WORKLOAD, "locks");
  assertEquals(locks.reduce((sum, row) => sum + Number(row.count), 0), 7);
  assertEquals(
    locks.every((row) => /^0x[0-9a-f]+$/.test(String(row.lock))),
    true,
  );
});

Deno.test("AllocationsPart weighs ticks by type", () => {
  const types = rowsOf(WORKLOAD, "allocatedTypes");
  assertEquals(types.reduce((sum, row) => sum + Number(row.samples), 0), 52);
  assertEquals(types[0]?.type, "System.Double[]");
});

Deno.test("ThreadsPart tells events and samples of each thread", () => {
  const threads = rowsOf(WORKLOAD, "threads");
  assertEquals(threads.length, 22);
  assertEquals(
    threads.reduce((sum, row) => sum + Number(row.events), 0),
    16_270,
  );
  assertEquals(
    threads.reduce((sum, row) => sum + Number(row.samples), 0),
    7966,
  );
  assertEquals(
    [threads[0]?.threadId, threads[0]?.processId],
    ["12710", "12710"],
  );
});

Deno.test("LoaderPart tells modules and assemblies", () => {
  assertEquals(factsOf(WORKLOAD, "loader"), {
    modules: 14,
    loaded: 14,
    assemblies: 14,
    domains: 1,
  });
});

Deno.test("CountersPart tells of event counters and meters", () => {
  const rows = rowsOf(WORKLOAD, "counters");
  const find = (name: string, tags: string, kind?: string) =>
    rows.find((row) =>
      row.name === name && row.tags === tags &&
      (kind === undefined || row.kind === kind)
    );
  assertEquals(find("queue-depth", "")?.last, 7);
  assertEquals(find("order-size", "")?.unit, "items");
  assertEquals(find("temperature", "site=north")?.last, 20.5);
  assertEquals(find("waiting", "site=north,queue=slow")?.max, 9);
  assertEquals(find("balance", "site=north")?.last, -3);
  assertEquals(
    find("latency", "site=north,code=200,route=/a,Percentile=50")?.kind,
    "histogram",
  );
  assertEquals(
    find("latency", "site=north,code=200,route=/a", "histogram count")?.count,
    2,
  );
});

Deno.test("JitPart tells methods by tier with the time that they took", async () => {
  const report = await reportOf(ownCapture("jit"));
  const facts = factsOf(report, "jit");
  assertEquals(facts.methods, 53);
  const tiers = rowsOf(report, "jitTiers");
  assertEquals(tiers.reduce((sum, row) => sum + Number(row.methods), 0), 53);
  const slowest = rowsOf(report, "jitSlowest");
  assertEquals(slowest.length, 53);
  assertEquals(slowest.every((row) => Number(row.time) > 0), true);
  assertEquals(
    slowest.some((row) => String(row.method).includes("CpuWork.Outer(")),
    true,
  );
});

Deno.test("ActivitiesPart measures activities and makes their ids readable", async () => {
  const report = await reportOf(ownCapture("events"));
  assertEquals(
    rowsOf(report, "activities").map((
      row,
    ) => [row.provider, row.name, row.count]),
    [["Tracedeck-Workload", "Request", 2]],
  );
  assertEquals(
    rowsOf(report, "activitiesLongest").map((row) => row.path),
    ["/#13583/1/1/", "/#13583/1/1/1/"],
  );
});

Deno.test("NettraceReport leaves out what a trace has nothing of", async () => {
  const report = await reportOf(ownCapture("events"));
  assertEquals(report.sections.map(({ key }) => key), [
    "process",
    "providers",
    "events",
    "threads",
    "activities",
    "activitiesLongest",
  ]);
});

Deno.test("readNettraceReport limits tables and says what it left out", async () => {
  const section = sectionOf(
    await reportOf(ownCapture("workload"), 3),
    "events",
  );
  assertEquals(section.type === "table" && section.rows.length, 3);
  assertEquals(section.type === "table" && section.omittedRows! > 50, true);
});

testWith(
  "GcPart, JitPart and ThreadPoolPart agree with a trace of known counts",
  [requireCaptures("objver4")],
  async () => {
    const report = await reportOf(await sharedCapture("objver4"));
    const gc = factsOf(report, "gc");
    assertEquals([gc.collections, gc.pauses], [478, 478]);
    assertEquals(
      rowsOf(report, "gcGenerations").map((row) => [row.generation, row.count]),
      [["0", 473], ["1", 5]],
    );
    assertEquals(factsOf(report, "jit").methods, 53);
    assertEquals(factsOf(report, "jit").entryPoints, 1547);
    const pool = factsOf(report, "threadPool");
    assertEquals([pool.started, pool.adjustments, pool.starvation], [12, 8, 8]);
    assertEquals([pool.enqueued, pool.dequeued], [5, 5]);
    assertEquals(factsOf(report, "contention").count, 8);
    assertEquals(
      rowsOf(report, "allocatedTypes").reduce(
        (sum, row) => sum + Number(row.samples),
        0,
      ),
      35_458,
    );
  },
);

const KINDS: readonly [
  string,
  SharedCapture,
  readonly (readonly [string, number, number])[],
][] = [
  ["one thread", "singleThread", [
    ["Microsoft-DotNETCore-SampleProfiler", 0, 5564],
    [RUNTIME, 3, 5564],
    [RUNTIME, 85, 3],
    [`${RUNTIME}Rundown`, 144, 104],
    [`${RUNTIME}Rundown`, 150, 10],
  ]],
  ["version 3 on Linux", "v3Linux", [
    ["System.Threading.Tasks.TplEventSource", 25, 1],
    [`${RUNTIME}Rundown`, 144, 26_053],
  ]],
  ["version 2", "objver2", [
    ["Microsoft-DotNETCore-SampleProfiler", 0, 163_801],
    [RUNTIME, 10, 169],
    [`${RUNTIME}Rundown`, 150, 2914],
  ]],
];

for (const [title, path, expected] of KINDS) {
  testWith(
    `EventCounts counts the events of ${title}`,
    [requireCaptures(path)],
    async () => {
      const events = rowsOf(
        await reportOf(await sharedCapture(path)),
        "events",
      );
      for (const [provider, id, count] of expected) {
        assertEquals(
          events.filter((row) => row.provider === provider && row.id === id)
            .reduce((sum, row) => sum + Number(row.count), 0),
          count,
          `${provider} ${id}`,
        );
      }
    },
  );
}

function event(
  id: number,
  version: number,
  time: number,
  payload: Uint8Array<ArrayBuffer>,
  thread = 1,
): BuiltEvent {
  return { provider: RUNTIME, id, version, time, thread, payload };
}

function words(...values: readonly number[]): Uint8Array<ArrayBuffer> {
  return bytesBy((writer) => values.forEach((value) => writer.u32(value)));
}

Deno.test("GcPart gives the later pauses of a background collection to it", async () => {
  const suspend = (time: number) =>
    event(9, 1, time, concatBytes([words(1, 0), new Uint8Array(2)]));
  const restarted = (time: number) => event(3, 1, time, new Uint8Array(2));
  const start = (
    time: number,
    count: number,
    generation: number,
    type: number,
  ) =>
    event(
      1,
      1,
      time,
      concatBytes([words(count, generation, 0, type), new Uint8Array(2)]),
    );
  const end = (time: number, count: number) =>
    event(2, 1, time, concatBytes([words(count, 0), new Uint8Array(2)]));
  const trace = new TraceBuilder().add(
    suspend(1 * MS),
    start(2 * MS, 1, 2, 1),
    restarted(3 * MS),
    // A foreground collection in the midst of it.
    suspend(10 * MS),
    start(11 * MS, 2, 0, 2),
    end(12 * MS, 2),
    restarted(13 * MS),
    suspend(20 * MS),
    restarted(25 * MS),
    end(30 * MS, 1),
    // Suspended for the sampler: no pause of the collector.
    event(9, 1, 40 * MS, concatBytes([words(0, 0), new Uint8Array(2)])),
    restarted(41 * MS),
  );
  const report = await reportOf(trace.bytes());
  assertEquals(
    rowsOf(report, "gcLongest").map((row) => [
      row.number,
      row.type,
      row.pause,
      row.duration,
    ]),
    [
      [1, "BackgroundGC", 7 * MS, 28 * MS],
      [2, "ForegroundGC", 3 * MS, 1 * MS],
    ],
  );
  assertEquals(factsOf(report, "gc").pauses, 3);
  assertEquals(
    rowsOf(report, "gcGenerations").map((row) => row.generation),
    ["0", "2 background"],
  );
});

Deno.test("AllocationsPart weighs sampled allocations by their probability and prefers them", async () => {
  const sampled = concatBytes([
    words(0),
    new Uint8Array(2 + 8),
    utf16z("App.Node"),
    new Uint8Array(8),
    bytesBy((writer) => {
      writer.u64(102_400n);
      writer.u64(7n);
    }),
  ]);
  const tick = concatBytes([
    words(1000, 1),
    new Uint8Array(2),
    bytesBy((writer) => writer.u64(2000n)),
    new Uint8Array(8),
    utf16z("App.Big"),
    new Uint8Array(4 + 8),
    bytesBy((writer) => writer.u64(500n)),
  ]);
  const ticks = await reportOf(
    new TraceBuilder().add(event(10, 4, 1, tick)).bytes(),
  );
  assertEquals(rowsOf(ticks, "allocatedTypes"), [
    { bytes: 2000, share: 100, objects: 4, samples: 1, type: "App.Big" },
  ]);
  const both = await reportOf(
    new TraceBuilder().add(event(10, 4, 1, tick), event(303, 0, 2, sampled))
      .bytes(),
  );
  const [row] = rowsOf(both, "allocatedTypes");
  assertEquals(row!.type, "App.Node");
  assertAlmostEquals(
    Number(row!.bytes),
    102_400 / (1 - Math.exp(-1)),
    1,
  );
});

Deno.test("LossesPart tells how many events are missing and when", async () => {
  const bytes = await Deno.readFile(
    new URL(
      "../../fixtures/nettrace/synthetic/v5-features.nettrace",
      import.meta.url,
    ),
  );
  const { report, result } = await readNettraceReport([bytes]);
  assertEquals(result.lostEventCount, 2);
  assertEquals(
    rowsOf(report, "lostEvents").map((
      row,
    ) => [row.count, row.thread, row.cause]),
    [[2, "9002", "a sequence point"]],
  );
});

Deno.test("NettraceReport survives payloads that end early", async () => {
  const ids = [
    1,
    2,
    3,
    4,
    9,
    10,
    13,
    35,
    50,
    51,
    54,
    55,
    57,
    59,
    80,
    81,
    91,
    143,
    144,
    145,
    151,
    152,
    153,
    154,
    155,
    156,
    157,
    187,
    281,
    283,
    284,
    291,
    303,
  ];
  for (const size of [0, 1, 3, 7, 15, 31]) {
    const trace = new TraceBuilder();
    for (const id of ids) {
      for (const version of [0, 1, 2, 4]) {
        trace.add(event(id, version, id, new Uint8Array(size).fill(1)));
      }
    }
    const { result } = await readNettraceReport([trace.bytes()]);
    assertEquals(result.eventCount, ids.length * 4);
  }
});
