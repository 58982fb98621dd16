import type { ReportSection, ReportTable } from "../../base/report.ts";
import { formatBytes } from "../../base/byte_size.ts";
import { findDominators } from "./dominators.ts";
import type { Dominators } from "./dominators.ts";
import { generationOf } from "./generation_of.ts";
import { findShortestPaths } from "./shortest_paths.ts";
import type { ShortestPaths } from "./shortest_paths.ts";
import { isHeapObject, summarizeHeap } from "./summarize_heap.ts";
import type { HeapSummary } from "./summarize_heap.ts";
import type { HeapDump, HeapGraph } from "./types.ts";

/** Objects whose way from the roots is told. */
const MAX_PATHS = 5;
/** Steps that are told at each end of a long way. */
const PATH_ENDS = 20;

/** Options of {@linkcode heapReport}. */
export interface HeapReportOptions {
  /** Most rows of a table. @default {20} */
  readonly top?: number | undefined;
  /**
   * Objects whose way from the roots is told, at most 5: those that keep most
   * alive. Gets the name of the type and the address (`0x…`).
   */
  readonly pathsTo?: ((text: string) => boolean) | undefined;
}

/**
 * Tells what is in a heap: totals, types with what they keep alive alone, the
 * objects that keep most alive, roots, generations.
 *
 * @param dump The dump.
 * @param options How much to tell.
 * @returns Sections of a report.
 */
export function heapReport(
  dump: HeapDump,
  options: HeapReportOptions = {},
): ReportSection[] {
  const { top = 20, pathsTo } = options;
  const { graph } = dump;
  const dominators = findDominators(graph);
  const summary = summarizeHeap(dump, dominators);
  const ways = findShortestPaths(graph);
  return [
    totals(summary),
    ...generations(dump, top),
    types(summary, top),
    ...holders(graph, dominators, top),
    ...roots(graph, dominators, ways, top),
    ...(pathsTo === undefined ? [] : [paths(graph, dominators, ways, pathsTo)]),
  ];
}

function totals(summary: HeapSummary): ReportSection {
  const { objects, bytes, unreachedObjects } = summary;
  return {
    type: "facts",
    key: "heap",
    title: "Heap",
    facts: [
      { key: "bytes", title: "size", unit: "bytes", value: bytes },
      { key: "objects", title: "objects", unit: "count", value: objects },
      {
        key: "average",
        title: "average object",
        unit: "bytes",
        value: objects > 0 ? Math.round(bytes / objects) : undefined,
      },
      {
        key: "types",
        title: "types",
        unit: "count",
        value: summary.types.length,
      },
      {
        key: "references",
        title: "references between objects",
        unit: "count",
        value: summary.references,
      },
      { key: "roots", title: "roots", unit: "count", value: summary.roots },
      {
        key: "unreachedObjects",
        title: "objects that no root reaches",
        unit: "count",
        value: unreachedObjects,
      },
      {
        key: "unreachedBytes",
        title: "their size",
        unit: "bytes",
        value: unreachedObjects > 0 ? summary.unreachedBytes : undefined,
      },
    ],
  };
}

function types({ types, bytes }: HeapSummary, top: number): ReportTable {
  return {
    type: "table",
    key: "heapTypes",
    title: "Types by size",
    columns: [
      { key: "bytes", title: "size", unit: "bytes" },
      { key: "share", title: "share", unit: "percent" },
      { key: "objects", title: "objects", unit: "count" },
      { key: "average", title: "average", unit: "bytes" },
      { key: "retained", title: "keeps alone", unit: "bytes" },
      { key: "type", title: "type" },
      { key: "module", title: "module" },
    ],
    rows: types.slice(0, top).map((each) => [
      each.bytes,
      bytes > 0 ? each.bytes / bytes * 100 : 0,
      each.objects,
      each.objects > 0 ? Math.round(each.bytes / each.objects) : undefined,
      each.retainedBytes,
      each.name,
      each.module || undefined,
    ]),
    omittedRows: Math.max(0, types.length - top),
  };
}

function generations({ graph, heap }: HeapDump, top: number): ReportSection[] {
  if (heap === undefined || heap.segments.length === 0) return [];
  const find = generationOf(heap.segments);
  const NAMES = [
    "generation 0",
    "generation 1",
    "generation 2",
    "large objects",
    "pinned objects",
  ];
  const totals = new Map<string, { objects: number; bytes: number }>();
  for (let node = 0; node < graph.nodeCount; node++) {
    if (!isHeapObject(graph, node)) continue;
    const generation = find(graph.addressOf[node]!);
    const name = NAMES[generation] ?? "elsewhere";
    let total = totals.get(name);
    if (total === undefined) totals.set(name, total = { objects: 0, bytes: 0 });
    total.objects++;
    total.bytes += graph.sizeOf[node]!;
  }
  const rows = [...NAMES, "elsewhere"].flatMap((name) => {
    const total = totals.get(name);
    return total === undefined ? [] : [[name, total.objects, total.bytes]];
  });
  return [{
    type: "table",
    key: "heapGenerations",
    title: "Objects by generation",
    columns: [
      { key: "generation", title: "generation" },
      { key: "objects", title: "objects", unit: "count" },
      { key: "bytes", title: "size", unit: "bytes" },
    ],
    rows: rows.slice(0, top),
  }];
}

/** Objects that keep most alive alone. */
function holders(
  graph: HeapGraph,
  { order, retainedBytes }: Dominators,
  top: number,
): ReportSection[] {
  const objects = order.filter((node) => isHeapObject(graph, node));
  const chosen = largest(objects, top, (node) => retainedBytes[node]!);
  if (chosen.length === 0) return [];
  return [{
    type: "table",
    key: "heapObjects",
    title: "Objects that keep most alive alone",
    columns: [
      { key: "retained", title: "keeps alone", unit: "bytes" },
      { key: "bytes", title: "size", unit: "bytes" },
      { key: "address", title: "address" },
      { key: "type", title: "type" },
    ],
    rows: chosen.map((node) => [
      retainedBytes[node]!,
      graph.sizeOf[node]!,
      addressText(graph, node),
      typeName(graph, node),
    ]),
    omittedRows: Math.max(0, objects.length - top),
  }];
}

/** Groups of roots, the outermost aside. */
function roots(
  graph: HeapGraph,
  { retainedBytes }: Dominators,
  { order, parent }: ShortestPaths,
  top: number,
): ReportSection[] {
  const { root, childStart } = graph;
  const reached = Float64Array.from(graph.sizeOf);
  for (let at = order.length - 1; at > 0; at--) {
    const node = order[at]!;
    reached[parent[node]!]! += reached[node]!;
  }
  const groups = order.filter((node) =>
    node !== root && graph.addressOf[node] === 0n && !isHeapObject(graph, node)
  );
  if (groups.length === 0) return [];
  const chosen = largest(groups, top, (node) => reached[node]!);
  return [{
    type: "table",
    key: "heapRoots",
    title: "Roots by what they are nearest to",
    columns: [
      { key: "reached", title: "nearest to", unit: "bytes" },
      { key: "retained", title: "keeps alone", unit: "bytes" },
      { key: "references", title: "references", unit: "count" },
      { key: "root", title: "root" },
    ],
    rows: chosen.map((node) => [
      reached[node]!,
      retainedBytes[node]!,
      childStart[node + 1]! - childStart[node]!,
      typeName(graph, node),
    ]),
    omittedRows: Math.max(0, groups.length - top),
  }];
}

/** Ways from the roots to the objects that keep most alive of those wanted. */
function paths(
  graph: HeapGraph,
  { retainedBytes }: Dominators,
  { parent }: ShortestPaths,
  isWanted: (text: string) => boolean,
): ReportSection {
  const wantedTypes = graph.types.map(({ name }) => isWanted(name ?? ""));
  const nodes = Int32Array.from(
    (function* () {
      for (let node = 0; node < graph.nodeCount; node++) {
        if (
          isHeapObject(graph, node) &&
          (wantedTypes[graph.typeOf[node]!] ||
            isWanted(addressText(graph, node)))
        ) yield node;
      }
    })(),
  );
  const lines: string[] = [];
  const chosen = largest(nodes, MAX_PATHS, (node) => retainedBytes[node]!);
  for (const node of chosen) {
    if (lines.length > 0) lines.push("");
    lines.push(...pathLines(graph, parent, retainedBytes, node));
  }
  if (nodes.length > chosen.length) {
    lines.push("", `and ${nodes.length - chosen.length} more objects`);
  }
  return {
    type: "text",
    key: "heapPaths",
    title: "Ways from the roots",
    lines: nodes.length === 0 ? ["no such object"] : lines,
  };
}

function pathLines(
  graph: HeapGraph,
  parent: Int32Array,
  retainedBytes: Float64Array,
  node: number,
): string[] {
  const steps: number[] = [];
  for (let at = node; at !== -1; at = parent[at]!) steps.push(at);
  steps.reverse();
  if (steps[0] !== graph.root) {
    return [`${nodeText(graph, node)}: no root reaches it`];
  }
  const lines: string[] = [];
  steps.forEach((step, index) => {
    const omitted = steps.length - 2 * PATH_ENDS;
    const isOmitted = omitted > 1 && index >= PATH_ENDS &&
      index < steps.length - PATH_ENDS;
    if (isOmitted) {
      if (index === PATH_ENDS) lines.push(`  … ${omitted} more steps …`);
      return;
    }
    lines.push(
      index === 0 ? nodeText(graph, step) : `  ${nodeText(graph, step)}`,
    );
  });
  lines.push(`  keeps ${formatBytes(retainedBytes[node]!)} alive alone`);
  return lines;
}

function nodeText(graph: HeapGraph, node: number): string {
  return isHeapObject(graph, node)
    ? `${typeName(graph, node)} ${addressText(graph, node)}, ${
      formatBytes(graph.sizeOf[node]!)
    }`
    : typeName(graph, node);
}

function typeName(graph: HeapGraph, node: number): string {
  return graph.types[graph.typeOf[node]!]!.name || "(unknown)";
}

function addressText(graph: HeapGraph, node: number): string {
  return `0x${graph.addressOf[node]!.toString(16)}`;
}

/** @returns The nodes of the largest values, by falling value, then in their order. */
function largest(
  nodes: Int32Array,
  count: number,
  valueOf: (node: number) => number,
): number[] {
  // A sort of all would cost more than the rest of the report.
  const chosen: number[] = [];
  for (const node of nodes) {
    const value = valueOf(node);
    if (chosen.length === count && value <= valueOf(chosen.at(-1)!)) continue;
    let at = chosen.length;
    while (at > 0 && valueOf(chosen[at - 1]!) < value) at--;
    chosen.splice(at, 0, node);
    if (chosen.length > count) chosen.pop();
  }
  return chosen;
}
