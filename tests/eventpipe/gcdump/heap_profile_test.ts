import { assertEquals } from "@std/assert";
import { heapProfile } from "../../../src/eventpipe/gcdump/heap_profile.ts";
import { readHeapDump } from "../../../src/eventpipe/gcdump/read_heap_dump.ts";
import type { HeapDump } from "../../../src/eventpipe/gcdump/types.ts";
import { checkProfile } from "../../../src/profile/check_profile.ts";
import { writeFolded } from "../../../src/profile/write_folded.ts";
import { textOf } from "../../support/byte_stream.ts";
import {
  graphOf,
  HEAP_TRACE,
  SMALL_HEAP_TRACE,
} from "../../support/heap_dumps.ts";
import type { BuiltNode } from "../../support/heap_dumps.ts";

async function dumpOf(nodes: readonly BuiltNode[]): Promise<HeapDump> {
  const dump = await readHeapDump([await Deno.readFile(SMALL_HEAP_TRACE)]);
  return { ...dump, graph: graphOf(nodes), heap: undefined };
}

async function folded(dump: HeapDump | undefined): Promise<string[]> {
  const text = await textOf(writeFolded(heapProfile(dump)));
  return text.split("\n").filter((line) => line !== "");
}

Deno.test("heapProfile stacks types from the roots to the object", async () => {
  const dump = await dumpOf([
    { type: "[.NET Roots]", to: [1] },
    { type: "[static vars]", to: [2, 5] },
    { type: "List", size: 10, to: [3] },
    { type: "List", size: 20, to: [4] },
    { type: "Text", size: 30, to: [2] },
    { type: "Text", size: 40 },
    { type: "Lost", size: 50, to: [7] },
    { type: "Text", size: 60 },
  ]);
  assertEquals(await folded(dump), [
    "[.NET Roots];[static vars];List 30",
    "[.NET Roots];[static vars];List;Text 30",
    "[.NET Roots];[static vars];Text 40",
    "[not reachable from roots];Lost 50",
    "[not reachable from roots];Text 60",
  ]);
});

Deno.test("heapProfile counts every object of a real heap once", async () => {
  const dump = await readHeapDump([await Deno.readFile(HEAP_TRACE)]);
  const profile = heapProfile(dump);
  assertEquals(checkProfile(profile), []);
  const [objects, bytes] = profile.samples.values.map((column) =>
    column.reduce((sum, value) => sum + value)
  );
  assertEquals([objects, bytes], [517, 145_108]);
  assertEquals(profile.threads, [{
    pid: 12_356,
    tid: undefined,
    name: "",
    processName: "Workload",
  }]);
});

Deno.test("heapProfile keeps stacks of deep structures short", async () => {
  const length = 5000;
  const dump = await dumpOf([
    { type: "[.NET Roots]", to: [1] },
    ...Array.from({ length }, (_, index) => ({
      type: index % 2 === 0 ? "Node" : "Entry",
      size: 1,
      to: index + 1 < length ? [index + 2] : [],
    })),
  ]);
  const profile = heapProfile(dump);
  const depths = [...profile.samples.stack].map((stack) => {
    let depth = 0;
    for (; stack !== -1; stack = profile.stacks.prefix[stack]!) depth++;
    return depth;
  });
  assertEquals(Math.max(...depths), 256);
  const byLeaf: Record<string, number> = {};
  profile.samples.stack.forEach((stack, index) => {
    const frame = profile.stacks.frame[stack]!;
    const name = profile.strings[
      profile.functions.name[profile.frames.function[frame]!]!
    ]!;
    byLeaf[name] = (byLeaf[name] ?? 0) + profile.samples.values[0]![index]!;
  });
  assertEquals(byLeaf, { Node: 2500, Entry: 2500 });
});

Deno.test("heapProfile of nothing is empty", async () => {
  assertEquals(await folded(undefined), []);
});
