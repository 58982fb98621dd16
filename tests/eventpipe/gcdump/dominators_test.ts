import { assertEquals } from "@std/assert";
import { findDominators } from "../../../src/eventpipe/gcdump/dominators.ts";
import { retainedByType } from "../../../src/eventpipe/gcdump/retained_by_type.ts";
import type { HeapGraph } from "../../../src/eventpipe/gcdump/types.ts";
import { childrenOf, graphOf } from "../../support/heap_dumps.ts";
import { seededRandom } from "../../support/mutations.ts";

/** Bytes that the root reaches without a node. */
function reachedWithout(graph: HeapGraph, removed: number): number {
  const seen = new Set([removed, graph.root]);
  const open = [graph.root];
  let bytes = 0;
  for (let node = open.pop(); node !== undefined; node = open.pop()) {
    bytes += graph.sizeOf[node]!;
    for (const child of childrenOf(graph, node)) {
      if (seen.has(child)) continue;
      seen.add(child);
      open.push(child);
    }
  }
  return bytes;
}

Deno.test("findDominators finds what only one object keeps alive", () => {
  //      1 A ── 3 B ─┐
  // 0 ──┤            5 C ── 6 C (refers back to 3)
  //      2 A ── 4 B ─┘            7 nobody reaches
  const graph = graphOf([
    { type: "root", to: [1, 2] },
    { type: "A", size: 10, to: [3] },
    { type: "A", size: 20, to: [4] },
    { type: "B", size: 100, to: [5] },
    { type: "B", size: 200, to: [5] },
    { type: "C", size: 1000, to: [6] },
    { type: "C", size: 2000, to: [3] },
    { type: "D", size: 5000, to: [1] },
  ]);
  const dominators = findDominators(graph);
  assertEquals([...dominators.dominator], [-1, 0, 0, 0, 2, 0, 5, -1]);
  assertEquals(
    [...dominators.retainedBytes],
    [3330, 10, 220, 100, 200, 3000, 2000, 0],
  );
  const byType = retainedByType(graph, dominators);
  assertEquals(
    Object.fromEntries(
      graph.types.map(({ name }, type) => [name, byType[type]]),
    ),
    { root: 3330, A: 230, B: 300, C: 3000, D: 0 },
  );
});

Deno.test("findDominators agrees with taking each node away", () => {
  const random = seededRandom(11);
  for (let round = 0; round < 200; round++) {
    const count = 2 + random(30);
    const graph = graphOf(Array.from({ length: count }, (_, node) => ({
      type: `T${random(4)}`,
      size: node === 0 ? 0 : 1 + random(50),
      to: Array.from({ length: random(4) }, () => random(count)),
    })));
    const { order, retainedBytes } = findDominators(graph);
    const whole = reachedWithout(graph, -1);
    for (const node of order) {
      if (node === graph.root) continue;
      assertEquals(retainedBytes[node], whole - reachedWithout(graph, node));
    }
  }
});

Deno.test("findDominators takes a list of a million objects", () => {
  const nodeCount = 1_000_000;
  const childStart = new Uint32Array(nodeCount + 1);
  for (let node = 1; node <= nodeCount; node++) {
    childStart[node] = Math.min(node, nodeCount - 1);
  }
  const graph: HeapGraph = {
    ...graphOf([{ type: "List", size: 0 }]),
    nodeCount,
    typeOf: new Int32Array(nodeCount),
    sizeOf: new Int32Array(nodeCount).fill(1),
    addressOf: new BigUint64Array(nodeCount),
    childStart,
    children: Int32Array.from({ length: nodeCount - 1 }, (_, node) => node + 1),
  };
  const dominators = findDominators(graph);
  assertEquals(dominators.retainedBytes[0], nodeCount);
  assertEquals(dominators.retainedBytes[nodeCount - 1], 1);
  assertEquals([...retainedByType(graph, dominators)], [nodeCount]);
});
