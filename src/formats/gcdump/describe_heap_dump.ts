import type { HeapDump } from "../../eventpipe/gcdump/types.ts";
import type { FormatInfo } from "../types.ts";

const TICKS_PER_MS = 10_000n;
const UNIX_EPOCH_TICKS = 621_355_968_000_000_000n;
/** Ticks that a date can have. */
const MAX_TICKS = 3_155_378_976_000_000_000n;

/**
 * Tells what a heap dump is of, and what to do with it.
 *
 * @param dump The dump.
 * @returns What `info` shows.
 */
export function describeHeapDump(dump: HeapDump): FormatInfo {
  const { graph, heap, log } = dump;
  return {
    version: undefined,
    writer: dump.creationTool,
    // The time is of the machine's own zone, which the file does not tell.
    startTime: undefined,
    endTime: undefined,
    sections: [
      {
        type: "facts",
        key: "dump",
        title: "Heap dump",
        facts: [
          { key: "process", title: "process", value: dump.processName },
          {
            key: "processId",
            title: "process id",
            value: dump.processId === 0 ? undefined : String(dump.processId),
          },
          { key: "machine", title: "machine", value: dump.machineName },
          {
            key: "time",
            title: "time on that machine",
            value: localTime(dump.collectionTicks),
          },
          {
            key: "addressSize",
            title: "address size",
            unit: "bytes",
            value: graph.is64Bit ? 8 : 4,
          },
          {
            key: "bytes",
            title: "size of all objects",
            unit: "bytes",
            value: graph.totalSize,
          },
          {
            key: "nodes",
            title: "objects and groups of roots",
            unit: "count",
            value: graph.nodeCount,
          },
          {
            key: "types",
            title: "types",
            unit: "count",
            value: graph.types.length,
          },
          {
            key: "references",
            title: "references",
            unit: "count",
            value: graph.children.length,
          },
          {
            key: "heapBytes",
            title: "size of the heap",
            unit: "bytes",
            value: heap?.sizeBytes || undefined,
          },
          {
            key: "commitBytes",
            title: "committed by the process",
            unit: "bytes",
            value: dump.commitBytes || undefined,
          },
          {
            key: "workingSetBytes",
            title: "working set of the process",
            unit: "bytes",
            value: dump.workingSetBytes || undefined,
          },
          {
            key: "sampling",
            title: "sampled",
            value: dump.averageCountMultiplier === 1
              ? undefined
              : `1 object of ${dump.averageCountMultiplier.toFixed(1)}`,
          },
          {
            key: "nativeModules",
            title: "native modules",
            unit: "count",
            value: dump.interop?.modules.length || undefined,
          },
        ],
      },
      ...(log === undefined || log.trim() === "" ? [] : [{
        type: "text" as const,
        key: "log",
        title: "Log of the recorder",
        lines: log.trimEnd().split(/\r?\n/),
      }]),
    ],
    next: [
      "report FILE",
      "report FILE --paths-to '*Cache*'",
      "diff EARLIER FILE",
      "convert FILE -o heap.svg",
    ],
  };
}

function localTime(ticks: bigint): string | undefined {
  if (ticks <= 0n || ticks > MAX_TICKS) return undefined;
  const ms = Number((ticks - UNIX_EPOCH_TICKS) / TICKS_PER_MS);
  return new Date(ms).toISOString().replace("T", " ").replace("Z", "");
}
