import { assertEquals, assertStringIncludes } from "@std/assert";
import { parquetMetadata, parquetReadObjects } from "hyparquet";
import { parseUnixNs } from "../../src/base/time.ts";
import { writeChromiumEvents } from "../../src/timeline/chromium_writer.ts";
import {
  CSV_COLUMNS,
  csvText,
  writeCsvEvents,
} from "../../src/timeline/csv_writer.ts";
import { writeJsonLines } from "../../src/timeline/json_lines_writer.ts";
import { mergeTimelines } from "../../src/timeline/merge_timelines.ts";
import {
  TIMELINE_PARQUET_SCHEMA,
  writeParquet,
} from "../../src/timeline/parquet_writer.ts";
import {
  renderEvent,
  writeTextEvents,
} from "../../src/timeline/text_writer.ts";
import type { TimelineEvent } from "../../src/timeline/types.ts";

const START = parseUnixNs("2026-01-31T12:00:00.000000001Z");

const EVENTS: readonly TimelineEvent[] = [
  {
    type: "event",
    timestamp: START,
    relativeNs: 0,
    provider: "Runtime",
    name: "GC/Start",
    level: "Informational",
    pid: 42,
    tid: 7,
    processName: "app",
    threadName: "main, 1",
    cpu: 1,
    fields: {
      Count: 2n ** 63n,
      Text: 'a "b"\nc',
      Bytes: new Uint8Array([1, 255]),
    },
    stack: ["app!Inner()", "app!Main()"],
  },
  {
    type: "span",
    timestamp: START,
    relativeNs: 1500,
    provider: "Http",
    name: "=GET",
    durationNs: 2500,
    fields: {},
  },
  {
    type: "counter",
    timestamp: undefined,
    relativeNs: undefined,
    provider: "System.Runtime",
    name: "cpu-usage",
    value: 12.5,
    unit: "%",
    fields: { tags: "a=b,c=d" },
  },
];

async function* inBatches(
  events: readonly TimelineEvent[],
  size = 2,
): AsyncGenerator<readonly TimelineEvent[]> {
  for (let at = 0; at < events.length; at += size) {
    yield events.slice(at, at + size);
  }
}

async function text(stream: AsyncIterable<Uint8Array>): Promise<string> {
  return new TextDecoder().decode(await bytes(stream));
}

async function bytes(
  stream: AsyncIterable<Uint8Array>,
): Promise<Uint8Array<ArrayBuffer>> {
  return new Uint8Array(
    await new Blob(await Array.fromAsync(stream) as BlobPart[]).arrayBuffer(),
  );
}

Deno.test("writeJsonLines gives a line per record with stable members", async () => {
  assertEquals(
    await text(writeJsonLines(inBatches(EVENTS))),
    [
      '{"timestamp":"2026-01-31T12:00:00.000000001Z","relativeNs":0,"type":"event","provider":"Runtime","name":"GC/Start","level":"Informational","pid":42,"tid":7,"processName":"app","threadName":"main, 1","cpu":1,"fields":{"Count":9223372036854775808,"Text":"a \\"b\\"\\nc","Bytes":"01ff"},"stack":["app!Inner()","app!Main()"]}',
      '{"timestamp":"2026-01-31T12:00:00.000000001Z","relativeNs":1500,"type":"span","provider":"Http","name":"=GET","durationNs":2500,"fields":{}}',
      '{"type":"counter","provider":"System.Runtime","name":"cpu-usage","value":12.5,"unit":"%","fields":{"tags":"a=b,c=d"}}',
      "",
    ].join("\n"),
  );
});

Deno.test("writeCsvEvents quotes as RFC 4180 and disarms formulas", async () => {
  const lines = (await text(writeCsvEvents(inBatches(EVENTS)))).split("\r\n");
  assertEquals(lines, [
    CSV_COLUMNS.join(","),
    '2026-01-31T12:00:00.000000001Z,0,event,Runtime,GC/Start,Informational,42,7,app,"main, 1",1,,,,"{""Count"":9223372036854775808,""Text"":""a \\""b\\""\\nc"",""Bytes"":""01ff""}",app!Inner();app!Main()',
    "2026-01-31T12:00:00.000000001Z,1500,span,Http,'=GET,,,,,,,2500,,,{},",
    ',,counter,System.Runtime,cpu-usage,,,,,,,,12.5,%,"{""tags"":""a=b,c=d""}",',
    "",
  ]);
});

for (
  const [input, expected] of [["-1", "'-1"], ["a,b", '"a,b"'], [
    "a\rb",
    '"a\rb"',
  ], ["", ""]] as const
) {
  Deno.test(`csvText(${JSON.stringify(input)})`, () => {
    assertEquals(csvText(input), expected);
  });
}

Deno.test("writeTextEvents gives a line per record and frame, escaped", async () => {
  assertEquals(
    await text(writeTextEvents(inBatches(EVENTS))),
    [
      '    0.000000 app/main, 1 42/7 cpu1 Informational Runtime GC/Start Count=9223372036854775808 Text="a \\"b\\"\\nc" Bytes="01ff"',
      "    app!Inner()",
      "    app!Main()",
      "    0.000002 Http =GET took 0.0025 ms",
      'System.Runtime cpu-usage = 12.5 % tags="a=b,c=d"',
      "",
    ].join("\n"),
  );
});

Deno.test("renderEvent escapes what steers a terminal", () => {
  const event: TimelineEvent = {
    type: "event",
    timestamp: START,
    relativeNs: undefined,
    provider: "p\x1b[2J",
    name: "n",
    tid: 3,
    fields: { "k\x07": "\u202e" },
  };
  assertEquals(
    renderEvent(event),
    "2026-01-31T12:00:00.000000Z -/3 p\\u001b[2J n k\\u0007=\\u202e",
  );
});

Deno.test("writeChromiumEvents writes instants, spans and counters with microseconds", async () => {
  const counter = { ...EVENTS[2]!, relativeNs: 5000 } as TimelineEvent;
  const { traceEvents, displayTimeUnit } = JSON.parse(
    await text(writeChromiumEvents(inBatches([...EVENTS, counter]))),
  );
  assertEquals(displayTimeUnit, "ns");
  assertEquals(
    traceEvents.map((
      { ph, ts, dur, name }: Record<string, unknown>,
    ) => [ph, ts, dur, name]),
    [
      ["M", undefined, undefined, "process_name"],
      ["M", undefined, undefined, "thread_name"],
      ["i", 0, undefined, "GC/Start"],
      ["b", 0, undefined, "=GET"],
      ["e", 2.5, undefined, "=GET"],
      ["C", 5, undefined, "cpu-usage"],
    ],
  );
  assertEquals(traceEvents[0].args, { name: "app" });
  assertEquals(traceEvents[2].s, "t");
  assertEquals(traceEvents[2].args.stack, ["app!Inner()", "app!Main()"]);
  assertEquals(traceEvents[5].args, { "%": 12.5 });
});

Deno.test("writeChromiumEvents makes slices of spans that lie within each other and no others", async () => {
  const span = (
    name: string,
    startNs: number,
    endNs: number,
    tid: number | undefined = 1,
  ): TimelineEvent => ({
    type: "span",
    timestamp: undefined,
    relativeNs: startNs,
    durationNs: endNs - startNs,
    provider: "p",
    name,
    tid,
    fields: {},
  });
  const spans = [
    span("outer", 0, 100),
    span("inner", 10, 50),
    span("innermost", 20, 50),
    span("overlaps", 40, 60),
    span("next", 50, 100),
    span("other thread", 60, 500, 2),
    span("behind", 100, 200),
    { ...span("no thread", 110, 120), tid: undefined },
  ];
  const { traceEvents } = JSON.parse(
    await text(writeChromiumEvents(inBatches(spans))),
  );
  const phases = new Map<string, string>();
  for (const { ph, name } of traceEvents) {
    phases.set(name, (phases.get(name) ?? "") + ph);
  }
  assertEquals(Object.fromEntries(phases), {
    "outer": "X",
    "inner": "X",
    "innermost": "X",
    "overlaps": "be",
    "next": "X",
    "other thread": "X",
    "behind": "X",
    "no thread": "be",
  });
  const [begin, end] = traceEvents.filter(({ name }: { name: string }) =>
    name === "overlaps"
  );
  assertEquals([begin.id, begin.ts, end.id, end.ts], [1, 0.04, 1, 0.06]);
});

Deno.test("writeChromiumEvents places merged captures by their wall time", async () => {
  const events = [[0n, 0], [5000n, 5000], [7000n, 0]].map((
    [wall, relativeNs],
  ): TimelineEvent => ({
    type: "event",
    timestamp: (START + (wall as bigint)) as typeof START,
    relativeNs: relativeNs as number,
    provider: "p",
    name: "n",
    fields: {},
  }));
  const { traceEvents } = JSON.parse(
    await text(writeChromiumEvents(inBatches(events))),
  );
  assertEquals(traceEvents.map(({ ts }: { ts: number }) => ts), [0, 5, 7]);
});

Deno.test("writeCsvEvents gives fields columns of their own where asked", async () => {
  const lines = (await text(
    writeCsvEvents(inBatches(EVENTS), {
      fieldColumns: ["Count", "Text", "tags", "Count", "=x"],
    }),
  )).split("\r\n");
  assertEquals(lines[0], `${CSV_COLUMNS.join(",")},Count,Text,tags,'=x`);
  assertEquals(
    lines[1]!.slice(lines[1]!.indexOf('"{')),
    '"{""Bytes"":""01ff""}",app!Inner();app!Main(),9223372036854775808,"a ""b""\nc",,',
  );
  assertEquals(lines[3]!.endsWith(',{},,,,"a=b,c=d",'), true, lines[3]);
});

Deno.test("writeChromiumEvents counts from the first wall time where there is no other", async () => {
  const events = [0n, 2500n].map((ns): TimelineEvent => ({
    type: "event",
    timestamp: (START + ns) as typeof START,
    relativeNs: undefined,
    provider: "p",
    name: "n",
    fields: {},
  }));
  const { traceEvents } = JSON.parse(
    await text(writeChromiumEvents(inBatches(events))),
  );
  assertEquals(traceEvents.map(({ ts }: { ts: number }) => ts), [0, 2.5]);
});

Deno.test("writeParquet is read back by hyparquet", async () => {
  const file = (await bytes(writeParquet(inBatches(EVENTS)))).buffer;
  const metadata = parquetMetadata(file);
  assertEquals(metadata.num_rows, 3n);
  assertStringIncludes(metadata.created_by!, "tracedeck");
  const rows = await parquetReadObjects({ file });
  assertEquals(
    Object.keys(rows[0]!),
    TIMELINE_PARQUET_SCHEMA.map(({ name }) => name),
  );
  assertEquals(
    rows.map((
      row,
    ) => [row["relative_ns"], row["type"], row["name"], row["value"]]),
    [
      [0n, "event", "GC/Start", null],
      [1500n, "span", "=GET", null],
      [null, "counter", "cpu-usage", 12.5],
    ],
  );
  assertEquals(
    [rows[0]!["process_name"], rows[0]!["thread_name"]],
    ["app", "main, 1"],
  );
  assertEquals(rows[0]!["stack"], ["app!Inner()", "app!Main()"]);
  assertEquals(rows[1]!["stack"] ?? null, null);
  assertEquals(rows[1]!["duration_ns"], 2500n);
  assertEquals(JSON.parse(rows[2]!["fields"]), { tags: "a=b,c=d" });
});

Deno.test("writeParquet writes row groups as they fill up", async () => {
  const event = EVENTS[1]!;
  const batches = inBatches(Array.from({ length: 40_000 }, () => event), 1000);
  const pieces = await Array.fromAsync(writeParquet(batches));
  const file = (await bytes((async function* () {
    yield* pieces;
  })())).buffer;
  const { row_groups, num_rows } = parquetMetadata(file);
  assertEquals([row_groups.length, num_rows, pieces.length], [3, 40_000n, 4]);
});

Deno.test("writeParquet of nothing is a valid file", async () => {
  const file = (await bytes(writeParquet(inBatches([])))).buffer;
  assertEquals(parquetMetadata(file).num_rows, 0n);
});

Deno.test("mergeTimelines goes by wall time and keeps the order within a timeline", async () => {
  const at = (name: string, ns: bigint | undefined): TimelineEvent => ({
    type: "event",
    timestamp: ns as typeof START | undefined,
    relativeNs: undefined,
    provider: "p",
    name,
    fields: {},
  });
  const one = [at("a", 1n), at("b", 5n), at("b2", undefined), at("c", 9n)];
  const two = [at("x", 1n), at("y", 6n)];
  const merged = await Array.fromAsync(
    mergeTimelines([inBatches(one), inBatches(two, 1), inBatches([])]),
  );
  assertEquals(merged.flat().map(({ name }) => name), [
    "a",
    "x",
    "b",
    "b2",
    "y",
    "c",
  ]);
});

Deno.test("mergeTimelines closes its sources when it is left", async () => {
  let closed = 0;
  async function* source(): AsyncGenerator<readonly TimelineEvent[]> {
    try {
      while (true) yield [EVENTS[0]!];
    } finally {
      closed++;
    }
  }
  for await (const batch of mergeTimelines([source(), source()])) {
    assertEquals(batch.length, 1024);
    break;
  }
  assertEquals(closed, 2);
});
