import type { Dominators } from "./dominators.ts";
import { retainedByType } from "./retained_by_type.ts";
import type { HeapDump, HeapGraph } from "./types.ts";

/** What the objects of one type come to. */
export interface HeapTypeTotal {
  /** Index into {@linkcode HeapGraph.types}. */
  readonly type: number;
  /** Name of the type, `(unknown)` where the dump has none. */
  readonly name: string;
  /** File name of the module, empty where unknown. */
  readonly module: string;
  /** Objects, as many as there were before sampling. */
  readonly objects: number;
  /** Bytes of these objects. */
  readonly bytes: number;
  /** Bytes that would be freed with them, 0 where nothing reaches them. */
  readonly retainedBytes: number;
}

/** What a heap comes to. Groups of roots are no objects. */
export interface HeapSummary {
  readonly objects: number;
  readonly bytes: number;
  /** References from object to object. */
  readonly references: number;
  /** References from roots to objects. */
  readonly roots: number;
  /** Objects that no root reaches. */
  readonly unreachedObjects: number;
  /** Bytes of objects that no root reaches. */
  readonly unreachedBytes: number;
  /** Types that have objects, by falling bytes. */
  readonly types: readonly HeapTypeTotal[];
}

/**
 * Adds up a heap.
 *
 * @param dump The dump.
 * @param dominators Its dominators.
 * @returns Totals of the heap and of its types.
 */
export function summarizeHeap(
  dump: HeapDump,
  dominators: Dominators,
): HeapSummary {
  const { graph, countMultipliers } = dump;
  const { types, typeOf, sizeOf, childStart, nodeCount } = graph;
  const retained = retainedByType(graph, dominators);
  const counts = new Float64Array(types.length);
  const sizes = new Float64Array(types.length);
  const isReached = new Uint8Array(nodeCount);
  for (const node of dominators.order) isReached[node] = 1;
  let references = 0;
  let roots = 0;
  let unreachedObjects = 0;
  let unreachedBytes = 0;
  for (let node = 0; node < nodeCount; node++) {
    const links = childStart[node + 1]! - childStart[node]!;
    if (!isHeapObject(graph, node)) {
      roots += countObjects(graph, node);
      continue;
    }
    references += links;
    const type = typeOf[node]!;
    counts[type]!++;
    sizes[type]! += sizeOf[node]!;
    if (isReached[node] === 0) {
      unreachedObjects++;
      unreachedBytes += sizeOf[node]!;
    }
  }
  const totals: HeapTypeTotal[] = [];
  let objects = 0;
  let bytes = 0;
  for (let type = 0; type < types.length; type++) {
    if (counts[type] === 0) continue;
    const factor = countMultipliers[type] ?? 1;
    const total = {
      type,
      name: types[type]!.name || "(unknown)",
      module: fileName(types[type]!.module ?? ""),
      objects: Math.round(counts[type]! * factor),
      bytes: Math.round(sizes[type]! * factor),
      retainedBytes: retained[type]!,
    };
    objects += total.objects;
    bytes += total.bytes;
    totals.push(total);
  }
  totals.sort((a, b) => b.bytes - a.bytes || b.objects - a.objects);
  return {
    objects,
    bytes,
    references,
    roots,
    unreachedObjects,
    unreachedBytes,
    types: totals,
  };
}

/**
 * Tells objects from groups of roots and from what is referred to only.
 *
 * @param graph The heap.
 * @param node A node.
 * @returns Whether it is an object; no object is empty.
 */
export function isHeapObject(graph: HeapGraph, node: number): boolean {
  return graph.sizeOf[node]! > 0;
}

function countObjects(graph: HeapGraph, node: number): number {
  let count = 0;
  const { childStart, children } = graph;
  for (let at = childStart[node]!; at < childStart[node + 1]!; at++) {
    if (isHeapObject(graph, children[at]!)) count++;
  }
  return count;
}

function fileName(path: string): string {
  // What dotnet-gcdump writes for a module whose name it does not know.
  if (path.startsWith("Module(0x")) return "";
  return path.replace(/^.*[/\\]/s, "");
}
