import { assertEquals, assertStringIncludes } from "@std/assert";
import { decodeHeapDump } from "../../src/eventpipe/gcdump/heap_dump_decoder.ts";
import { HEAP_DUMP, HEAP_TRACE } from "../support/heap_dumps.ts";
import { runMain } from "../support/memory_host.ts";

async function run(...args: string[]): Promise<string> {
  const { code, stdout, stderr } = await runMain([...args, "--quiet"]);
  assertEquals(code, 0, stderr);
  return stdout;
}

Deno.test("info tells what a heap dump is of", async () => {
  const info = JSON.parse(await run("info", "--json", HEAP_DUMP));
  assertEquals(info.format, "gcdump");
  assertEquals(info.writer, "dotnet-gcdump");
  assertEquals(info.dump.bytes, 145_108);
  assertEquals(info.dump.nodes, 596);
  assertEquals(info.dump.addressSize, 8);
});

Deno.test("report tells types, roots and ways", async () => {
  const report = JSON.parse(
    await run("report", "--json", "--paths-to", "shelf", HEAP_DUMP),
  );
  assertEquals(report.heap.objects, 517);
  assertEquals(report.heapTypes[0].type, "System.Byte[] (Bytes > 1K)");
  assertEquals(report.heapPaths[2], "  [static var Shelf.s_shelf]");
  assertEquals(report.functions, undefined);
});

Deno.test("report has the layout of dotnet-gcdump", async () => {
  const report = JSON.parse(
    await run("report", "--json", "--layout", "dotnet-gcdump", HEAP_DUMP),
  );
  assertEquals(report.heap[0], "        145,108  GC Heap bytes");
});

Deno.test("report reads a heap dump from standard input", async () => {
  const { code, stdout } = await runMain(
    ["report", "--tree", "-"],
    { stdin: await Deno.readFile(HEAP_DUMP) },
  );
  assertEquals(code, 0);
  assertStringIncludes(stdout, "[static var Shelf.s_shelf]");
  assertStringIncludes(stdout, "Types by size");
});

Deno.test("diff compares heap dumps by type", async () => {
  const diff = JSON.parse(await run("diff", "--json", HEAP_DUMP, HEAP_DUMP));
  assertEquals(diff.totals.map(({ bytes }: { bytes: number }) => bytes), [
    145_108,
    145_108,
    0,
  ]);
  assertEquals(diff.heapTypes, []);
});

Deno.test("convert makes a heap dump of a trace", async () => {
  const { code, stdoutBytes } = await runMain([
    "convert",
    HEAP_TRACE,
    "--to",
    "gcdump",
  ]);
  assertEquals(code, 0);
  const { graph, processName } = decodeHeapDump(stdoutBytes);
  assertEquals(graph.totalSize, 145_108);
  assertEquals(processName, "Workload");
});

Deno.test("convert refuses to make one heap dump of two traces", async () => {
  const { code, stderr } = await runMain([
    "convert",
    HEAP_TRACE,
    HEAP_TRACE,
    "--to",
    "gcdump",
  ]);
  assertEquals(code === 0, false);
  assertStringIncludes(stderr, "Cannot convert 2 traces to gcdump");
});

Deno.test("convert makes stacks of types of a trace with a heap dump", async () => {
  const ofTrace = await run(
    "convert",
    HEAP_TRACE,
    "--kind",
    "heap",
    "--to",
    "folded",
  );
  assertStringIncludes(
    ofTrace,
    "[static var Shelf.s_shelf];Shelf;Crate[];Crate;System.Byte[] (Bytes > 1K) 65536\n",
  );
  assertEquals(await run("convert", HEAP_DUMP, "--to", "folded"), ofTrace);
});
