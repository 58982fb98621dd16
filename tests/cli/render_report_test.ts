import { assertEquals } from "@std/assert";
import type { Report } from "../../src/base/report.ts";
import { toJsonText } from "../../src/base/json_text.ts";
import { renderReport, reportToJson } from "../../src/cli/render_report.ts";

const REPORT: Report = {
  title: "app.nettrace",
  sections: [
    {
      type: "facts",
      key: "gc",
      title: "Garbage collections",
      facts: [
        { key: "count", title: "collections", unit: "count", value: 12345 },
        { key: "pause", title: "longest pause", unit: "ns", value: 1.5e6 },
        { key: "none", title: "unknown", value: undefined },
      ],
    },
    {
      type: "table",
      key: "top",
      title: "Top",
      columns: [
        { key: "name", title: "function" },
        { key: "share", title: "share", unit: "percent" },
        { key: "bytes", title: "size", unit: "bytes" },
        { key: "at", title: "at", unit: "time" },
      ],
      rows: [["a\x1b[31m", 12.345, 2048, 0n], ["bcd", 1, undefined, undefined]],
      omittedRows: 3,
    },
    {
      type: "table",
      key: "empty",
      title: "Nothing",
      columns: [{ key: "x", title: "x" }],
      rows: [],
    },
    { type: "text", key: "next", title: "Next", lines: ["tracedeck view\tx"] },
  ],
};

Deno.test("renderReport lays facts, tables and text out for people", () => {
  assertEquals(
    renderReport(REPORT),
    `app.nettrace

Garbage collections
  collections    12 345
  longest pause  1.5 ms

Top
  function       share   size  at
  a\\u001b[31m  12.35 %  2 KiB  1970-01-01T00:00:00.000Z
  bcd           1.00 %
  and 3 more

Nothing
  x
  none

Next
  tracedeck view\\tx`,
  );
});

Deno.test("renderReport cuts table lines to the width of the terminal", () => {
  const lines = renderReport(REPORT, { columns: 20 }).split("\n");
  assertEquals(
    lines.find((line) => line.startsWith("  a")),
    "  a\\u001b[31m  12.3…",
  );
});

Deno.test("renderReport keeps the end of a function's name", () => {
  const names = [
    "app!A.Run()",
    "app!My.Space.Type.Work(int32,int32)",
    "System.Private.CoreLib!My.Space.Type.Work(int32)",
    "app!Its.Name.Is.Far.Too.Long.To.Be.Shown.Here.Work(int32)",
    "(anonymous namespace)::run(int, int, int)",
  ];
  const lines = renderReport({
    title: "",
    sections: [{
      type: "table",
      key: "top",
      title: "",
      columns: [
        { key: "share", title: "share", unit: "percent" },
        { key: "name", title: "function", unit: "function" },
      ],
      rows: names.map((name) => [1, name]),
    }],
  }, { columns: 40 }).split("\n");
  assertEquals(lines, [
    "   share  function",
    "  1.00 %  app!A.Run()",
    "  1.00 %  app!My.Space.Type.Work(…)",
    "  1.00 %  My.Space.Type.Work(…)",
    "  1.00 %  …Long.To.Be.Shown.Here.Work(…)",
    "  1.00 %  (anonymous namespace)::run(…)",
  ]);
});

Deno.test("reportToJson keeps numbers and names rows by key", () => {
  assertEquals(JSON.parse(toJsonText(reportToJson(REPORT))), {
    title: "app.nettrace",
    gc: { count: 12345, pause: 1.5e6 },
    top: [{ name: "a\x1b[31m", share: 12.345, bytes: 2048, at: 0 }, {
      name: "bcd",
      share: 1,
    }],
    empty: [],
    next: ["tracedeck view\tx"],
  });
});
