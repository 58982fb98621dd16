import type { HeapGraph } from "./types.ts";

/** Options of {@linkcode renderDotnetHeap}. */
export interface RenderDotnetHeapOptions {
  /** Whether the number of references is told, as for a dump that was just taken. @default {false} */
  readonly references?: boolean | undefined;
}

/**
 * Writes the report of `dotnet-gcdump report`. Its column "Object Bytes" is
 * the size of the first object of a type, not of all; groups of roots count
 * as objects.
 *
 * @param graph The heap.
 * @param options What to tell.
 * @returns The lines.
 */
export function renderDotnetHeap(
  graph: HeapGraph,
  options: RenderDotnetHeapOptions = {},
): string[] {
  const { types, typeOf, nodeCount, totalSize, children } = graph;
  const counts = new Int32Array(types.length);
  for (let node = 0; node < nodeCount; node++) counts[typeOf[node]!]!++;
  const lines = [
    `${number(totalSize, 15)}  GC Heap bytes`,
    `${number(nodeCount, 15)}  GC Heap objects`,
  ];
  if (options.references === true && children.length > 0) {
    lines.push(`${number(children.length, 15)}  Total references`);
  }
  lines.push(
    "",
    `${"Object Bytes".padStart(15)}  ${"Count".padStart(8)}  Type`,
  );
  const rows = types.map(({ name, size, module }, type) => ({
    name: name ?? "",
    size,
    module: (module ?? "").replace(/^.*\//s, ""),
    count: counts[type]!,
  })).filter(({ name, size, count }) => name !== "" && size !== 0 && count > 0)
    .sort((a, b) => b.size - a.size || b.count - a.count);
  for (const { name, size, module, count } of rows) {
    const suffix = module === "" ? "" : `  [${module}]`;
    lines.push(`${number(size, 15)}  ${number(count, 8)}  ${name}${suffix}`);
  }
  return lines;
}

function number(value: number, width: number): string {
  return String(value).replace(/\B(?=(?:\d{3})+$)/g, ",").padStart(width);
}
