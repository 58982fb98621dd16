import { assertEquals } from "@std/assert";
import { METRICS } from "../../src/tracehandler/metric_table.ts";
import { METRIC_ID } from "../../src/tracehandler/metric_id_table.ts";
import { MetricsBuffer } from "../../src/tracehandler/metrics_buffer.ts";

function recording(idLimit?: number) {
  let second = 100;
  const reports: [number, Record<number, number>][] = [];
  const said: string[] = [];
  const buffer = new MetricsBuffer({
    unixSeconds: () => second,
    report: (at, metrics) =>
      reports.push([
        at,
        Object.fromEntries(metrics.map(({ id, value }) => [id, value])),
      ]),
    log: (message) => said.push(message),
    idLimit,
  });
  return { buffer, reports, said, tick: () => second++ };
}

Deno.test("MetricsBuffer reports the metrics of a second when a later one has some", () => {
  const { buffer, reports, tick } = recording();
  buffer.addSlice([{ id: 205, value: 1 }]);
  buffer.addSlice([{ id: 206, value: 2 }]);
  assertEquals(reports, []);
  tick();
  buffer.addSlice([{ id: 205, value: 3 }]);
  assertEquals(reports, [[100, { 205: 1, 206: 2 }]]);
  buffer.flush();
  assertEquals(reports.at(-1), [101, { 205: 3 }]);
  buffer.flush();
  assertEquals(reports.length, 2);
});

Deno.test("MetricsBuffer drops a metric that comes again within a second", () => {
  const { buffer, reports, said } = recording();
  buffer.addSlice([{ id: 205, value: 1 }, { id: 205, value: 2 }]);
  buffer.addSlice([{ id: 7, value: 1 }, { id: 7, value: 2 }]);
  buffer.flush();
  assertEquals(reports, [[100, { 7: 1, 205: 1 }]]);
  assertEquals(said.length, 1, "ids up to 7 are dropped without a word");
});

Deno.test("MetricsBuffer refuses ids outside of the table", () => {
  const { buffer, reports, said } = recording(272);
  buffer.addSlice([
    { id: 0, value: 1 },
    { id: -1, value: 1 },
    { id: 272, value: 1 },
    { id: 271, value: 1 },
  ]);
  buffer.flush();
  assertEquals(reports, [[100, { 271: 1 }]]);
  assertEquals(said.length, 3);
});

Deno.test("METRIC_ID names metrics of the table", () => {
  const names = new Map(METRICS.map(({ id, name }) => [id, name]));
  for (const [name, id] of Object.entries(METRIC_ID)) {
    assertEquals(names.get(id)?.toLowerCase(), name.toLowerCase());
  }
});
