import { assertEquals } from "@std/assert";
import { ownCapture } from "../../support/nettrace_captures.ts";
import { collectNettrace } from "../../../src/eventpipe/collect_nettrace.ts";
import { CounterReader } from "../../../src/eventpipe/counters/counter_reader.ts";
import type {
  CounterReaderOptions,
  CounterSample,
} from "../../../src/eventpipe/counters/counter_reader.ts";
import { counterRows } from "../../../src/eventpipe/counters/counter_rows.ts";
import {
  COUNTERS_JSON_TAIL,
  formatCounterCsv,
  formatCounterJson,
  formatCountersJsonHead,
} from "../../../src/eventpipe/counters/counter_text.ts";
import { InstrumentPreference } from "../../../src/eventpipe/counters/prefer_instruments.ts";
import type { NettraceHeader } from "../../../src/eventpipe/nettrace/types.ts";

interface Read {
  readonly samples: CounterSample[];
  readonly notes: string[];
  readonly header: NettraceHeader;
}

async function read(
  bytes: Uint8Array,
  options: CounterReaderOptions = {},
): Promise<Read> {
  const samples: CounterSample[] = [];
  const notes: string[] = [];
  const reader = new CounterReader((sample) => samples.push(sample), {
    onNote: ({ kind }) => notes.push(kind),
    ...options,
  });
  const { header } = await collectNettrace([bytes], [reader]);
  return { samples, notes, header };
}

const FEATURES = await read(Deno.readFileSync(
  new URL(
    "../../fixtures/nettrace/synthetic/v5-features.nettrace",
    import.meta.url,
  ),
));

function sampleOf(name: string, { samples } = FEATURES): CounterSample {
  return samples.find((sample) => sample.name === name)!;
}

Deno.test("CounterReader reads both shapes of event counters", () => {
  const mean = sampleOf("cpu-usage");
  assertEquals(
    [mean.kind, mean.value, mean.min, mean.max, mean.count, mean.unit],
    ["mean", 12.5, 12, 13, 3, "%"],
  );
  const sum = sampleOf("alloc-rate");
  assertEquals(
    [sum.kind, sum.value, sum.rate, sum.intervalSec, sum.unit, sum.tags],
    ["sum", 8192, 8192, 1, "B", "k1:v1,k2:v2"],
  );
});

Deno.test("CounterReader reads instruments with the tags of meter and instrument", () => {
  const counter = sampleOf("orders");
  assertEquals(
    [counter.provider, counter.value, counter.rate, counter.unit],
    ["Shop", 120, 5, "{order}"],
  );
  assertEquals(
    [counter.meterTags, counter.instrumentTags, counter.tags],
    ["mt=2", "it=1", "color=red,size=7"],
  );
  const histogram = sampleOf("latency");
  assertEquals(histogram.quantiles, [[0.5, 0.01], [0.95, 0.2], [0.99, 1.5]]);
  assertEquals([histogram.count, histogram.sum], [10, 2.5]);
  assertEquals(sampleOf("inflight").value, -3);
});

Deno.test("CounterReader takes an empty value for the end of a series, not for 0", () => {
  assertEquals(
    FEATURES.samples.filter(({ name }) => name === "queue")
      .map(({ value }) => value),
    [3.5],
  );
});

Deno.test("CounterReader hands on what the source of the metrics says", () => {
  assertEquals(FEATURES.notes, ["timeSeriesLimitReached"]);
});

Deno.test("CounterReader leaves out what is for another session", async () => {
  const bytes = await Deno.readFile(
    new URL(
      "../../fixtures/nettrace/synthetic/v5-features.nettrace",
      import.meta.url,
    ),
  );
  const meters = ({ samples }: Read) =>
    samples.filter(({ source }) => source === "meter").length;
  const all = meters(FEATURES);
  const own = await read(bytes, {
    sessionId: "11111111-2222-3333-4444-555555555555",
  });
  const other = await read(bytes, { sessionId: "SHARED" });
  assertEquals([meters(own), own.notes], [all, FEATURES.notes]);
  assertEquals([meters(other), other.notes], [0, []]);
});

Deno.test("CounterReader leaves out values made for another interval", async () => {
  const bytes = ownCapture("workload");
  const all = (await read(bytes)).samples;
  const own = all.filter(({ source }) => source === "eventCounter");
  assertEquals(own.length, 54 + 27 + 12);
  assertEquals(
    (await read(bytes, { intervalSec: 0.5 })).samples.length,
    all.length,
  );
  assertEquals(
    (await read(bytes, { intervalSec: 2 })).samples.every(({ source }) =>
      source === "meter"
    ),
    true,
  );
});

Deno.test("formatCounterCsv gives the lines of dotnet-counters", () => {
  const tail = (sample: CounterSample) =>
    formatCounterCsv(sample, FEATURES.header).split("\n")
      .map((line) => line.slice(line.indexOf(",") + 1));
  assertEquals(tail(sampleOf("orders")), [
    "Shop,orders ({order})[mt=2;it=1;color=red;size=7],Metric,120",
    "",
  ]);
  assertEquals(tail(sampleOf("queue")), ["Shop,queue,Metric,3.5", ""]);
  assertEquals(tail(sampleOf("cpu-usage")), [
    "System.Runtime,CPU Usage (%),Metric,12.5",
    "",
  ]);
  assertEquals(tail(sampleOf("alloc-rate")), [
    "System.Runtime,Allocation Rate (B / 1 sec)[k1:v1;k2:v2],Rate,8192",
    "",
  ]);
  assertEquals(tail(sampleOf("latency")), [
    "Shop,latency (s)[Percentile=50],Metric,0.01",
    "Shop,latency (s)[Percentile=95],Metric,0.2",
    "Shop,latency (s)[Percentile=99],Metric,1.5",
    "",
  ]);
});

Deno.test("formatCounterCsv shows wall time in the zone that is asked for", () => {
  const time = (utcOffsetMinutes: number) =>
    formatCounterCsv(sampleOf("queue"), FEATURES.header, { utcOffsetMinutes })
      .split(",")[0];
  assertEquals(time(0), "06/20/2026 12:00:00");
  assertEquals(time(-90), "06/20/2026 10:30:00");
});

Deno.test("formatCounterCsv writes numbers as .NET does", () => {
  const line = (value: number) =>
    formatCounterCsv(
      { ...sampleOf("queue"), value },
      FEATURES.header,
    ).split(",").at(-1);
  assertEquals(line(0.00001), "1E-05\n");
  assertEquals(line(1e15), "1E+15\n");
  assertEquals(line(NaN), "NaN\n");
});

Deno.test("counterRows shows rates and totals on request", () => {
  const orders = sampleOf("orders");
  assertEquals(counterRows(orders, { rates: true }), [{
    display: "orders ({order} / 1 sec)",
    type: "Rate",
    value: 5,
    tags: "color=red,size=7",
  }]);
  assertEquals(
    counterRows({ ...orders, value: undefined, unit: "" }).map((row) =>
      row.display
    ),
    ["orders (Count / 1 sec)"],
  );
  assertEquals(
    counterRows(sampleOf("latency"), { totals: true }).slice(3)
      .map(({ display, value }) => [display, value]),
    [["latency count", 10], ["latency sum (s)", 2.5]],
  );
});

Deno.test("formatCounterJson makes members of one document", () => {
  const { header } = FEATURES;
  const text = formatCountersJsonHead(header, { processName: 'a"b' }) +
    FEATURES.samples.flatMap((sample) => formatCounterJson(sample, header))
      .join(",") +
    COUNTERS_JSON_TAIL;
  const parsed = JSON.parse(text);
  assertEquals(parsed.TargetProcess, 'a"b');
  assertEquals(parsed.StartTime, "2026-06-20T12:00:00.2500000Z");
  assertEquals(parsed.Events.length, 8);
  assertEquals(parsed.Events[2], {
    timestamp: "2026-06-20T12:00:00.2500700Z",
    provider: "Shop",
    name: "orders ({order})",
    tags: "color=red,size=7",
    counterType: "Metric",
    meterTags: "mt=2",
    instrumentTags: "it=1",
    value: 120,
  });
  assertEquals(
    formatCountersJsonHead(header, { utcOffsetMinutes: 330 })
      .includes("2026-06-20T17:30:00.2500000+05:30"),
    true,
  );
});

Deno.test("formatCounterCsv lets no name begin a line of its own", () => {
  const sample = {
    ...sampleOf("cpu-usage"),
    provider: "A\nB",
    displayName: "x\x1b[31m",
    unit: "\r",
  };
  const line = formatCounterCsv(sample, FEATURES.header);
  assertEquals(line.split("\n").length, 2);
  assertEquals(line.includes("A\\nB,x\\u001b[31m (\\r)"), true, line);
});

Deno.test("InstrumentPreference leaves out event counters of a source with a meter of the same name", () => {
  const counter = sampleOf("cpu-usage");
  const at = (
    seconds: number,
    source: CounterSample["source"],
    name: string,
    provider = "System.Runtime",
  ): CounterSample => ({
    ...counter,
    ns: seconds * 1e9,
    source,
    name,
    provider,
  });
  const preference = new InstrumentPreference();
  const names = (samples: CounterSample[]) => samples.map(({ name }) => name);
  assertEquals(names(preference.add(at(0, "eventCounter", "a"))), []);
  assertEquals(names(preference.add(at(0.5, "meter", "m"))), ["m"]);
  assertEquals(names(preference.add(at(2, "eventCounter", "b"))), []);
  // A source without meter waits for a second, then goes through.
  assertEquals(names(preference.add(at(3, "eventCounter", "c", "Other"))), []);
  assertEquals(names(preference.add(at(4.5, "eventCounter", "d", "Other"))), [
    "c",
    "d",
  ]);
  assertEquals(names(preference.add(at(5, "eventCounter", "e", "Third"))), []);
  assertEquals(names(preference.finish()), ["e"]);
});
