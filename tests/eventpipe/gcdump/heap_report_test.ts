import { assertEquals } from "@std/assert";
import type { ReportSection } from "../../../src/base/report.ts";
import { compareHeaps } from "../../../src/eventpipe/gcdump/compare_heaps.ts";
import { generationOf } from "../../../src/eventpipe/gcdump/generation_of.ts";
import { decodeHeapDump } from "../../../src/eventpipe/gcdump/heap_dump_decoder.ts";
import { heapReport } from "../../../src/eventpipe/gcdump/heap_report.ts";
import { readHeapDump } from "../../../src/eventpipe/gcdump/read_heap_dump.ts";
import { renderDotnetHeap } from "../../../src/eventpipe/gcdump/render_dotnet_heap.ts";
import type {
  HeapDump,
  HeapGraph,
} from "../../../src/eventpipe/gcdump/types.ts";
import {
  graphOf,
  HEAP_DUMP,
  HEAP_TRACE,
  requireDumps,
  sharedDump,
  SMALL_HEAP_TRACE,
} from "../../support/heap_dumps.ts";
import { testWith } from "../../support/requirement.ts";
import { sha256Hex } from "../../support/sha256.ts";

async function read(path: string): Promise<HeapDump> {
  return await readHeapDump([await Deno.readFile(path)]);
}

async function dumpOf(graph: HeapGraph): Promise<HeapDump> {
  return { ...await read(SMALL_HEAP_TRACE), graph, heap: undefined };
}

function find(sections: readonly ReportSection[], key: string): ReportSection {
  return sections.find((section) => section.key === key)!;
}

function rows(sections: readonly ReportSection[], key: string) {
  const section = find(sections, key);
  return section.type === "table" ? section.rows : [];
}

function facts(sections: readonly ReportSection[]) {
  const section = find(sections, "heap");
  return section.type !== "facts" ? {} : Object.fromEntries(
    section.facts.map(({ key, value }) => [key, value]),
  );
}

function lines(sections: readonly ReportSection[], key: string) {
  const section = find(sections, key);
  return section.type === "text" ? section.lines : [];
}

Deno.test("heapReport adds up a small heap", async () => {
  const sections = heapReport(await read(SMALL_HEAP_TRACE));
  assertEquals(facts(sections), {
    bytes: 5146,
    objects: 4,
    average: 1287,
    types: 4,
    references: 4,
    roots: 4,
    unreachedObjects: 0,
    unreachedBytes: undefined,
  });
  assertEquals(
    rows(sections, "heapTypes").map((
      [bytes, , objects, average, , ...names],
    ) => [bytes, objects, average, ...names]),
    [
      [5024, 1, 5024, "System.Byte[] (Bytes > 1K)", "App.dll"],
      [56, 1, 56, "System.Collections.Generic.List<App.Node>", "App.dll"],
      [40, 1, 40, "App.Node", "App.dll"],
      [26, 1, 26, "System.String", "App.dll"],
    ],
  );
  assertEquals(rows(sections, "heapGenerations"), [["generation 2", 4, 5146]]);
});

Deno.test("heapReport finds what keeps the shelf of the workload program alive", async () => {
  const dump = await read(HEAP_TRACE);
  const sections = heapReport(dump, { pathsTo: (text) => text === "Crate" });
  const shelf = 64 * (1024 + 40) + 536 + 24;
  assertEquals(
    rows(sections, "heapObjects")[0]?.slice(0, 2),
    [shelf, 24],
  );
  const crates = rows(sections, "heapTypes").find((row) => row[5] === "Crate");
  assertEquals(crates?.slice(0, 5), [
    2560,
    2560 / 145_108 * 100,
    64,
    40,
    64 * 1064,
  ]);
  const shelfRoot = rows(sections, "heapRoots").find((row) =>
    row[3] === "[static var Shelf.s_shelf]"
  );
  assertEquals(shelfRoot?.[0], shelf);
  assertEquals(
    lines(sections, "heapPaths").slice(0, 7).map((line) =>
      line.replace(/0x[0-9a-f]+/, "0x…")
    ),
    [
      "[.NET Roots]",
      "  [static vars]",
      "  [static var Shelf.s_shelf]",
      "  Shelf 0x…, 24 bytes",
      "  Crate[] 0x…, 536 bytes",
      "  Crate 0x…, 40 bytes",
      "  keeps 1.04 KiB alive alone",
    ],
  );
  assertEquals(lines(sections, "heapPaths").at(-1), "and 59 more objects");
});

Deno.test("heapReport shortens long ways and knows what no root reaches", async () => {
  const chain = Array.from({ length: 100 }, (_, index) => ({
    type: index % 2 === 0 ? "Even" : "Odd",
    size: 10,
    to: [index + 2],
  }));
  const graph = graphOf([
    { type: "[.NET Roots]", to: [1] },
    ...chain.with(-1, { type: "Last", size: 10, to: [] }),
    { type: "Lost", size: 7, to: [1] },
  ]);
  const dump = await dumpOf(graph);
  const toLast = lines(
    heapReport(dump, { pathsTo: (text) => text === "Last" }),
    "heapPaths",
  );
  assertEquals(toLast.length, 20 + 1 + 20 + 1);
  assertEquals(toLast[20], "  … 61 more steps …");
  const sections = heapReport(dump, { pathsTo: (text) => text === "0x65000" });
  assertEquals(lines(sections, "heapPaths"), [
    "Lost 0x65000, 7 bytes: no root reaches it",
  ]);
  assertEquals(facts(sections)["unreachedObjects"], 1);
  assertEquals(facts(sections)["unreachedBytes"], 7);
  const none = heapReport(dump, { pathsTo: () => false });
  assertEquals(lines(none, "heapPaths"), ["no such object"]);
});

Deno.test("heapReport counts what sampling left out", async () => {
  const dump = await dumpOf(graphOf([
    { type: "[.NET Roots]", to: [1] },
    { type: "A", size: 10 },
  ]));
  const sections = heapReport({
    ...dump,
    countMultipliers: new Float32Array([1, 4]),
  });
  assertEquals(facts(sections)["objects"], 4);
  assertEquals(facts(sections)["bytes"], 40);
});

Deno.test("generationOf looks for the oldest generation first", () => {
  const find = generationOf([
    {
      start: 0x2000n,
      end: 0x3000n,
      generationEnds: [0n, 0n, 0n, 0x3000n, 0n],
    },
    {
      start: 0x1000n,
      end: 0x1400n,
      generationEnds: [0x1400n, 0x1200n, 0x1100n, 0n],
    },
  ]);
  assertEquals(
    [0xfffn, 0x1000n, 0x1100n, 0x1200n, 0x13ffn, 0x1400n, 0x2fffn, 0x3000n]
      .map(find),
    [-1, 2, 1, 0, 0, -1, 3, -1],
  );
});

Deno.test("renderDotnetHeap writes the report of dotnet-gcdump", async () => {
  const { graph } = decodeHeapDump(await Deno.readFile(HEAP_DUMP));
  const report = renderDotnetHeap(graph);
  assertEquals(report.slice(0, 5), [
    "        145,108  GC Heap bytes",
    "            596  GC Heap objects",
    "",
    "   Object Bytes     Count  Type",
    "         29,358         1  System.String (Bytes > 10K)  [Module(0x7f0908c54000)]",
  ]);
  assertEquals(
    await sha256Hex(new TextEncoder().encode(`${report.join("\n")}\n`)),
    "cbfac157573444177bfc52751e5d7470e21b350a1602cbb0f6812d369dfbaa8d",
  );
  const small = await read(SMALL_HEAP_TRACE);
  assertEquals(renderDotnetHeap(small.graph, { references: true }), [
    "          5,146  GC Heap bytes",
    "             11  GC Heap objects",
    "             14  Total references",
    "",
    "   Object Bytes     Count  Type",
    "          5,024         1  System.Byte[] (Bytes > 1K)  [App.dll]",
    "             56         1  System.Collections.Generic.List<App.Node>  [App.dll]",
    "             40         1  App.Node  [App.dll]",
    "             26         1  System.String  [App.dll]",
  ]);
});

for (
  const [name, hash] of [
    [
      "test1",
      "9a2b60bfea0186ded36c1cb0cee915a244ea09970cffad2ab36c1a9b9974a098",
    ],
    [
      "test2",
      "f812635334d8a2fd599e2a9767322bf9e709deb1724912212f2dd21c9ce3f8cb",
    ],
  ] as const
) {
  testWith(
    `renderDotnetHeap writes the report of dotnet-gcdump on ${name}`,
    [requireDumps(name)],
    async () => {
      const { graph } = decodeHeapDump(await sharedDump(name));
      const text = `${renderDotnetHeap(graph).join("\n")}\n`;
      assertEquals(await sha256Hex(new TextEncoder().encode(text)), hash);
    },
  );
}

Deno.test("compareHeaps tells what grew, went and came", async () => {
  const before = await dumpOf(graphOf([
    { type: "[.NET Roots]", to: [1, 2] },
    { type: "Gone", size: 100 },
    { type: "Grows", size: 10 },
    { type: "Same", size: 5 },
  ]));
  const after = await dumpOf(graphOf([
    { type: "[.NET Roots]", to: [1, 2] },
    { type: "Grows", size: 10, to: [3] },
    { type: "Grows", size: 30 },
    { type: "New", size: 1 },
    { type: "Same", size: 5 },
  ]));
  const sections = compareHeaps(before, after, 10);
  assertEquals(rows(sections, "totals"), [
    ["before", 115, 3, 0],
    ["after", 46, 4, 1],
    ["change", -69, 1, 1],
  ]);
  assertEquals(rows(sections, "heapTypes"), [
    [-100, 100, 0, -1, 1, 0, -100, "Gone"],
    [30, 10, 40, 1, 1, 2, 31, "Grows"],
    [1, 0, 1, 1, 0, 1, 1, "New"],
  ]);
});
