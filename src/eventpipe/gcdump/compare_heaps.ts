import type { ReportSection } from "../../base/report.ts";
import { findDominators } from "./dominators.ts";
import { summarizeHeap } from "./summarize_heap.ts";
import type { HeapTypeTotal } from "./summarize_heap.ts";
import type { HeapDump } from "./types.ts";

/**
 * Tells what changed between two heaps, by type.
 *
 * @param before The earlier dump.
 * @param after The later dump.
 * @param top Rows of the table.
 * @returns Sections of a report.
 */
export function compareHeaps(
  before: HeapDump,
  after: HeapDump,
  top: number,
): ReportSection[] {
  const one = summarizeHeap(before, findDominators(before.graph));
  const two = summarizeHeap(after, findDominators(after.graph));
  const earlier = byName(one.types);
  const later = byName(two.types);
  const rows = [...new Set([...earlier.keys(), ...later.keys()])].map(
    (name) => ({
      name,
      old: earlier.get(name) ?? NOTHING,
      now: later.get(name) ?? NOTHING,
    }),
  ).filter(({ old, now }) =>
    old.bytes !== now.bytes || old.objects !== now.objects
  ).sort((a, b) =>
    Math.abs(b.now.bytes - b.old.bytes) - Math.abs(a.now.bytes - a.old.bytes) ||
    Math.abs(b.now.objects - b.old.objects) -
      Math.abs(a.now.objects - a.old.objects) ||
    (a.name < b.name ? -1 : 1)
  );
  return [
    {
      type: "table",
      key: "totals",
      title: "Heap",
      columns: [
        { key: "dump", title: "" },
        { key: "bytes", title: "size", unit: "bytes" },
        { key: "objects", title: "objects", unit: "count" },
        { key: "references", title: "references", unit: "count" },
      ],
      rows: [
        ["before", one.bytes, one.objects, one.references],
        ["after", two.bytes, two.objects, two.references],
        [
          "change",
          two.bytes - one.bytes,
          two.objects - one.objects,
          two.references - one.references,
        ],
      ],
    },
    {
      type: "table",
      key: "heapTypes",
      title: "Types by change of their size",
      columns: [
        { key: "change", title: "change", unit: "bytes" },
        { key: "bytesBefore", title: "before", unit: "bytes" },
        { key: "bytesAfter", title: "after", unit: "bytes" },
        { key: "objectsChange", title: "objects", unit: "count" },
        { key: "objectsBefore", title: "before", unit: "count" },
        { key: "objectsAfter", title: "after", unit: "count" },
        { key: "retainedChange", title: "keeps alone", unit: "bytes" },
        { key: "type", title: "type" },
      ],
      rows: rows.slice(0, top).map(({ name, old, now }) => [
        now.bytes - old.bytes,
        old.bytes,
        now.bytes,
        now.objects - old.objects,
        old.objects,
        now.objects,
        now.retainedBytes - old.retainedBytes,
        name,
      ]),
      omittedRows: Math.max(0, rows.length - top),
    },
  ];
}

interface Totals {
  bytes: number;
  objects: number;
  retainedBytes: number;
}

const NOTHING: Readonly<Totals> = { bytes: 0, objects: 0, retainedBytes: 0 };

/** Sums types of the same name: module ids differ from process to process. */
function byName(types: readonly HeapTypeTotal[]): Map<string, Totals> {
  const totals = new Map<string, Totals>();
  for (const { name, bytes, objects, retainedBytes } of types) {
    let total = totals.get(name);
    if (total === undefined) totals.set(name, total = { ...NOTHING });
    total.bytes += bytes;
    total.objects += objects;
    total.retainedBytes += retainedBytes;
  }
  return totals;
}
