import { assertEquals, assertRejects } from "@std/assert";
import { DecodeStats } from "../../../src/base/decode_stats.ts";
import { FormatError } from "../../../src/base/errors.ts";
import { decodeHeapDump } from "../../../src/eventpipe/gcdump/heap_dump_decoder.ts";
import { readHeapDump } from "../../../src/eventpipe/gcdump/read_heap_dump.ts";
import type { ReadHeapDumpOptions } from "../../../src/eventpipe/gcdump/read_heap_dump.ts";
import type {
  HeapDump,
  HeapGraph,
} from "../../../src/eventpipe/gcdump/types.ts";
import {
  childrenOf,
  HEAP_DUMP,
  HEAP_TRACE,
  HeapEventMaker,
  SMALL_HEAP_TRACE,
} from "../../support/heap_dumps.ts";
import { TraceBuilder } from "../../support/trace_builder.ts";
import type {
  BuiltEvent,
  TraceBuilderOptions,
} from "../../support/trace_builder.ts";

const LIST = { id: 0x10n, name: "List`1[App.Node]" };
const BYTES = { id: 0x20n, name: "System.Byte[]" };

async function read(
  events: readonly BuiltEvent[],
  options: TraceBuilderOptions = {},
  bounds: ReadHeapDumpOptions = {},
): Promise<{ readonly dump: HeapDump; readonly stats: DecodeStats }> {
  const stats = new DecodeStats();
  const bytes = new TraceBuilder(options).add(...events).bytes();
  return { dump: await readHeapDump([bytes], { stats, ...bounds }), stats };
}

/** What each node is called and refers to. */
function outline(graph: HeapGraph): Record<string, readonly string[]> {
  const label = (node: number) => {
    const { name } = graph.types[graph.typeOf[node]!]!;
    const address = graph.addressOf[node]!;
    return address === 0n ? name! : `0x${address.toString(16)} ${name}`;
  };
  return Object.fromEntries(
    Array.from({ length: graph.nodeCount }, (_, node) => [
      label(node),
      childrenOf(graph, node).map(label),
    ]),
  );
}

function losses(stats: DecodeStats): string[] {
  return stats.entries().map(({ name, severity }) => `${severity} ${name}`);
}

Deno.test("readHeapDump makes a graph of a small heap", async () => {
  const stats = new DecodeStats();
  const bytes = await Deno.readFile(SMALL_HEAP_TRACE);
  const dump = await readHeapDump([bytes], { stats });
  assertEquals(outline(dump.graph), {
    "[.NET Roots]": ["[static vars]", "[local vars]", "[other roots]"],
    "[static vars]": [
      "[static var System.Collections.Generic.List<App.Node>.s_all]",
    ],
    "[static var System.Collections.Generic.List<App.Node>.s_all]": [
      "0x1000 System.Collections.Generic.List<App.Node>",
    ],
    "[local vars]": ["0x2000 App.Node"],
    "[other roots]": ["[pinning Handles]", "[Dependent Handles]"],
    "[pinning Handles]": ["0x3000 System.Byte[] (Bytes > 1K)"],
    "[Dependent Handles]": ["0x4000 System.String"],
    "0x1000 System.Collections.Generic.List<App.Node>": [
      "0x2000 App.Node",
      "0x3000 System.Byte[] (Bytes > 1K)",
    ],
    "0x2000 App.Node": [
      "0x4000 System.String",
      "0x1000 System.Collections.Generic.List<App.Node>",
    ],
    "0x3000 System.Byte[] (Bytes > 1K)": [],
    "0x4000 System.String": [],
  });
  assertEquals(dump.graph.totalSize, 5146);
  assertEquals(
    dump.graph.types.filter(({ module }) => module !== undefined)
      .map(({ module }) => module),
    Array(4).fill("/app/App.dll"),
  );
  assertEquals(dump.processId, 888);
  assertEquals(dump.heap, {
    sizeBytes: 0x4000,
    segments: [{
      start: 0x1000n,
      end: 0x5000n,
      generationEnds: [0n, 0n, 0x5000n, 0n, 0n],
    }],
  });
  assertEquals(losses(stats), []);
});

Deno.test("readHeapDump finds in a real heap what dotnet-gcdump finds", async () => {
  const stats = new DecodeStats();
  const bytes = await Deno.readFile(HEAP_TRACE);
  const { graph, processName } = await readHeapDump([bytes], { stats });
  const { graph: expected } = decodeHeapDump(await Deno.readFile(HEAP_DUMP));
  assertEquals(losses(stats), []);
  assertEquals(processName, "Workload");
  assertEquals(graph.totalSize, expected.totalSize);
  // dotnet-gcdump makes an object of null, and groups that have nothing.
  const isReal = (name: string) =>
    name !== "UNDEFINED" && name !== "[COM/WinRT Objects]";
  const kept = Object.entries(outline(expected)).filter(([name]) =>
    isReal(name)
  ).map(([name, children]) => [name, children.filter(isReal).toSorted()]);
  const found = Object.entries(outline(graph)).map((
    [name, children],
  ) => [name, children.toSorted()]);
  assertEquals(
    Object.fromEntries(found),
    Object.fromEntries(kept),
  );
});

Deno.test("readHeapDump sees the shelf of the workload program", async () => {
  const { graph } = await readHeapDump([await Deno.readFile(HEAP_TRACE)]);
  const ofType = (type: string) =>
    Array.from({ length: graph.nodeCount }, (_, node) => node)
      .filter((node) => graph.types[graph.typeOf[node]!]!.name === type);
  const crates = ofType("Crate");
  assertEquals(crates.length, 64);
  const [shelf] = ofType("Shelf");
  const [array] = childrenOf(graph, shelf!);
  assertEquals(childrenOf(graph, array!).toSorted(), crates.toSorted());
  for (const crate of crates) {
    const [content, next] = childrenOf(graph, crate);
    assertEquals(graph.sizeOf[content!], 1024);
    assertEquals(crates.includes(next!), true);
  }
});

Deno.test("readHeapDump takes the first induced full collection that lists objects", async () => {
  const make = new HeapEventMaker(10);
  const { dump, stats } = await read([
    make.gcStart(1, 0),
    make.objects(0, { address: 0x100n, size: 24, type: LIST.id }),
    make.gcEnd(1),
    make.gcStart(2, 1, 2, 1),
    make.objects(0, { address: 0x200n, size: 24, type: LIST.id }),
    make.gcEnd(2),
    // A program asked for this one, nobody listens.
    make.gcStart(3),
    make.roots({ object: 0x300n, kind: 0 }),
    make.gcEnd(3),
    make.gcStart(4),
    make.objects(0, { address: 0x400n, size: 24, type: LIST.id }),
    make.gcEnd(99),
    make.objects(1, { address: 0x500n, size: 32, type: BYTES.id }),
    make.gcEnd(4),
    make.types(LIST, BYTES),
    make.gcStart(5),
    make.objects(0, { address: 0x600n, size: 24, type: LIST.id }),
    make.gcEnd(5),
  ].map((event, index) => ({ ...event, time: 10 + index })));
  assertEquals(Object.keys(outline(dump.graph)), [
    "[.NET Roots]",
    "0x300 UNDEFINED",
    "0x400 List<App.Node>",
    "0x500 System.Byte[]",
  ]);
  assertEquals(losses(stats), ["notice heap_objects_undescribed"]);
});

Deno.test("readHeapDump sorts roots by kind and leaves out weak ones", async () => {
  const make = new HeapEventMaker(10, 4);
  const { dump } = await read([
    make.types(BYTES),
    make.gcStart(1),
    make.roots(
      { object: 0x1n, kind: 0 },
      { object: 0x2n, kind: 1 },
      { object: 0x3n, kind: 2 },
      { object: 0x4n, kind: 2, flags: 1 },
      { object: 0x5n, kind: 2, flags: 2 },
      { object: 0x6n, kind: 2, flags: 8 },
      { object: 0x7n, kind: 3 },
      { object: 0n, kind: 0 },
    ),
    make.objects(
      0,
      ...[1n, 2n, 3n, 4n, 6n, 7n].map((address) => ({
        address,
        size: 16,
        type: BYTES.id,
      })),
    ),
    make.gcEnd(1),
  ], { pointerSize: 4 });
  assertEquals(dump.graph.is64Bit, false);
  const nodes = outline(dump.graph);
  assertEquals(nodes["[local vars]"], ["0x1 System.Byte[]"]);
  assertEquals(nodes["[finalizer Handles]"], ["0x2 System.Byte[]"]);
  assertEquals(nodes["[strong Handles]"], ["0x3 System.Byte[]"]);
  assertEquals(nodes["[pinning Handles]"], ["0x4 System.Byte[]"]);
  assertEquals(nodes["[COM/WinRT Objects]"], ["0x6 System.Byte[]"]);
  assertEquals(nodes["[other Handles]"], ["0x7 System.Byte[]"]);
  assertEquals(Object.keys(nodes).includes("0x5 System.Byte[]"), false);
});

Deno.test("readHeapDump tells large, unnamed and unknown types apart", async () => {
  const make = new HeapEventMaker(10);
  const sizes = [1000, 1001, 9999, 10_000, 100_000, 1e6, 1e7, 1e8];
  const { dump } = await read([
    make.gcStart(1),
    make.types(
      BYTES,
      { id: 0x30n, name: "" },
      { id: 0x40n, name: "", flags: 8 },
    ),
    make.objects(
      0,
      ...sizes.map((size, index) => ({
        address: BigInt(index + 1),
        size,
        type: BYTES.id,
      })),
      { address: 0x30n, size: 24, type: 0x30n },
      { address: 0x40n, size: 24, type: 0x40n },
      { address: 0x50n, size: 24, type: 0xdeadn },
    ),
    make.gcEnd(1),
  ]);
  assertEquals(dump.graph.types.slice(2).map(({ name }) => name), [
    "System.Byte[]",
    "System.Byte[] (Bytes > 1K)",
    "System.Byte[] (Bytes > 10K)",
    "System.Byte[] (Bytes > 100K)",
    "System.Byte[] (Bytes > 1M)",
    "System.Byte[] (Bytes > 10M)",
    "System.Byte[] (Bytes > 100M)",
    "Type(0xab)",
    "ArrayType(0xab)",
    "UNKNOWN 0xdead",
  ]);
  assertEquals(dump.graph.types[2]?.module, "Module(0x77)");
});

Deno.test("readHeapDump joins objects with their COM sides", async () => {
  const make = new HeapEventMaker(10);
  const { dump } = await read([
    make.types(LIST, { id: 0x60n, name: "System.__ComObject", flags: 4 }),
    make.gcStart(1),
    make.comCallable(0x100n, LIST.id, 0xc0n),
    make.runtimeCallable(0x200n, 0x60n, 0xc0n),
    make.objects(
      0,
      { address: 0x100n, size: 24, type: LIST.id, references: 1 },
      { address: 0x200n, size: 32, type: 0x60n },
    ),
    make.references(0, 0x200n),
    make.gcEnd(1),
  ]);
  assertEquals(outline(dump.graph), {
    "[.NET Roots]": ["[COM/WinRT Objects]"],
    "[COM/WinRT Objects]": ["0xc0 [CCW 0xc0 for type List<App.Node>]"],
    "0xc0 [CCW 0xc0 for type List<App.Node>]": ["0x100 List<App.Node>"],
    "0x100 List<App.Node>": ["0x200 [RCW System.__ComObject]"],
    "0x200 [RCW System.__ComObject]": [
      "0xc0 [CCW 0xc0 for type List<App.Node>]",
    ],
  });
  // A wrapper has 1000 bytes outside of the heap, a COM side has 200.
  assertEquals([...dump.graph.sizeOf], [0, 0, 24, 200, 1032]);
});

Deno.test("readHeapDump keeps to the process whose collection came first", async () => {
  const make = new HeapEventMaker(10);
  const of = (process: number, event: BuiltEvent) => ({ ...event, process });
  const { dump } = await read([
    of(7, make.types(LIST)),
    of(8, make.types({ id: LIST.id, name: "Other" })),
    of(7, make.gcStart(1)),
    of(8, make.gcStart(1)),
    of(8, make.objects(0, { address: 0x200n, size: 24, type: LIST.id })),
    of(7, make.objects(0, { address: 0x100n, size: 24, type: LIST.id })),
    of(8, make.gcEnd(1)),
    of(7, make.objects(1, { address: 0x300n, size: 24, type: LIST.id })),
    of(7, make.gcEnd(1)),
  ], { version: 6 });
  assertEquals(dump.processId, 7);
  assertEquals(Object.keys(outline(dump.graph)), [
    "[.NET Roots]",
    "0x100 List<App.Node>",
    "0x300 List<App.Node>",
  ]);
});

Deno.test("readHeapDump keeps objects and says when references are missing", async () => {
  const make = new HeapEventMaker(10);
  const { dump, stats } = await read([
    make.gcStart(1),
    make.objects(
      0,
      { address: 0x100n, size: 24, type: 1n, references: 1 },
      { address: 0x200n, size: 24, type: 1n, references: 2 },
    ),
    make.references(0, 0x200n, 0x100n),
    make.gcEnd(1),
  ]);
  assertEquals(losses(stats), ["data_loss heap_references_missing"]);
  assertEquals(dump.graph.totalSize, 48);
  assertEquals([...dump.graph.children], [2]);
});

Deno.test("readHeapDump trusts no reference behind a lost event", async () => {
  const make = new HeapEventMaker(10);
  const node = (address: bigint) => ({
    address,
    size: 24,
    type: 1n,
    references: 1,
  });
  const lostNodes = await read([
    make.gcStart(1),
    make.objects(0, node(0x100n)),
    make.objects(2, node(0x300n)),
    make.references(0, 0x300n, 0x100n, 0x100n),
    make.gcEnd(1),
  ]);
  assertEquals(losses(lostNodes.stats), ["data_loss heap_events_missing"]);
  assertEquals([...lostNodes.dump.graph.children], [2]);
  const lostEdges = await read([
    make.gcStart(1),
    make.objects(0, node(0x100n), node(0x200n), node(0x300n)),
    make.references(0, 0x200n),
    make.references(2, 0x300n, 0x100n),
    make.gcEnd(1),
  ]);
  assertEquals(losses(lostEdges.stats), ["data_loss heap_events_missing"]);
  assertEquals([...lostEdges.dump.graph.children], [2]);
});

Deno.test("readHeapDump says when the dump has no end", async () => {
  const make = new HeapEventMaker(10);
  const { dump, stats } = await read([
    make.gcStart(1),
    make.objects(0, { address: 0x100n, size: 24, type: 1n }),
  ]);
  assertEquals(losses(stats), ["data_loss heap_dump_incomplete"]);
  assertEquals(dump.collectionTicks, 0n);
});

Deno.test("readHeapDump drops the rest of an event that is cut", async () => {
  const make = new HeapEventMaker(10);
  const objects = make.objects(
    0,
    { address: 0x100n, size: 24, type: 1n },
    { address: 0x200n, size: 24, type: 1n },
  );
  const { dump, stats } = await read([
    make.gcStart(1),
    { ...objects, payload: objects.payload!.slice(0, -1) },
    make.gcEnd(1),
  ]);
  assertEquals(dump.graph.totalSize, 24);
  assertEquals(losses(stats), [
    "data_loss heap_events_missing",
    "data_loss heap_event_cut",
  ]);
});

Deno.test("readHeapDump keeps as many objects as allowed", async () => {
  const make = new HeapEventMaker(10);
  const { dump, stats } = await read(
    [
      make.gcStart(1),
      make.objects(
        0,
        { address: 0x100n, size: 24, type: 1n, references: 1 },
        { address: 0x200n, size: 24, type: 1n, references: 1 },
        { address: 0x300n, size: 24, type: 1n, references: 1 },
      ),
      make.references(0, 0x200n, 0x100n, 0x100n),
      make.gcEnd(1),
    ],
    {},
    { maxObjects: 2 },
  );
  assertEquals(dump.graph.totalSize, 48);
  assertEquals([...dump.graph.children], [2, 1]);
  assertEquals(losses(stats), ["data_loss heap_objects_omitted"]);
});

Deno.test("readHeapDump keeps the first description of an object", async () => {
  const make = new HeapEventMaker(10);
  const { dump } = await read([
    make.gcStart(1),
    make.objects(
      0,
      { address: 0x100n, size: 24, type: 1n, references: 1 },
      { address: 0x100n, size: 99, type: 2n, references: 1 },
      { address: 0x200n, size: 32, type: 1n, references: 1 },
    ),
    make.references(0, 0x200n, 0x100n, 0x100n),
    make.gcEnd(1),
  ]);
  assertEquals([...dump.graph.sizeOf], [0, 24, 32]);
  assertEquals([...dump.graph.children], [2, 1]);
});

Deno.test("readHeapDump refuses a trace without heap", async () => {
  const bytes = new TraceBuilder().add(new HeapEventMaker(1).gcStart(1))
    .bytes();
  await assertRejects(() => readHeapDump([bytes]), FormatError, "no objects");
});
