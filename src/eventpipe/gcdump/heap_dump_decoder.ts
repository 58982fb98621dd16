import { FormatError } from "../../base/errors.ts";
import { FastReader, FORMAT, TAG } from "./_fast_reader.ts";
import type { FastType } from "./_fast_reader.ts";
import { readGraph } from "./_graph_reader.ts";
import { readInterop } from "./_interop_reader.ts";
import { sniffHeapDump } from "./sniff_heap_dump.ts";
import type { HeapDump, HeapGraph, HeapInfo, HeapSegment } from "./types.ts";

/** Bytes in front of the first object. */
const HEADER_BYTES = 24;
/** The version that this code writes and understands. */
const VERSION = 10;

/**
 * Decodes a heap dump file (`.gcdump`) as PerfView and dotnet-gcdump write it.
 *
 * @param bytes The whole file.
 * @returns The dump.
 * @throws {FormatError} When it is no heap dump, damaged, or of a version that cannot be read.
 */
export function decodeHeapDump(bytes: Uint8Array): HeapDump {
  if (!sniffHeapDump(bytes)) {
    throw new FormatError(
      `Cannot read ${FORMAT} header: it does not begin as a heap dump`,
      { format: FORMAT, offset: 0 },
    );
  }
  const fast = new FastReader(bytes);
  fast.numbers.seek(HEADER_BYTES);
  const dump = fast.object(["GCHeapDump"], (type) => readDump(fast, type));
  if (dump === undefined) {
    throw new FormatError(`Cannot read ${FORMAT}: it holds nothing`, {
      format: FORMAT,
      offset: HEADER_BYTES,
    });
  }
  return dump;
}

function readDump(fast: FastReader, type: FastType): HeapDump {
  const { version, minVersion } = type;
  if (minVersion > VERSION || version === 8 || version < 4) {
    throw new FormatError(
      `Cannot read ${FORMAT}: version is ${version}, which needs a reader of version ${minVersion}, expected 4 to ${VERSION} without 8`,
      { format: FORMAT, offset: HEADER_BYTES },
    );
  }
  return version < 8 ? readOldDump(fast, version) : readNewDump(fast);
}

function readNewDump(fast: FastReader): HeapDump {
  const { numbers } = fast;
  const graph = readGraphObject(fast);
  const is64Bit = numbers.u8() !== 0;
  const averageCountMultiplier = numbers.f32();
  const averageSizeMultiplier = numbers.f32();
  const hasJavaScript = fast.object(["JSHeapInfo"], () => true) ?? false;
  const heap = fast.object(["DotNetHeapInfo"], () => readHeapInfo(fast));
  const facts = readProcess(fast);
  const multipliers = fast.count("multipliers", 4);
  const countMultipliers = new Float32Array(multipliers);
  for (let index = 0; index < multipliers; index++) {
    countMultipliers[index] = numbers.f32();
  }
  let interop: HeapDump["interop"];
  if (fast.take(TAG.region)) {
    // Its end matters only to readers that do not know what is in it.
    numbers.skip(4);
    interop = fast.object(["InteropInfo"], () => readInterop(fast));
  }
  const creationTool = fast.take(TAG.text)
    ? fast.text("creation tool")
    : undefined;
  return {
    graph: graph.is64Bit || !is64Bit ? graph : { ...graph, is64Bit },
    averageCountMultiplier,
    averageSizeMultiplier,
    countMultipliers,
    hasJavaScript,
    heap,
    interop,
    ...facts,
    creationTool,
  };
}

/** Versions 4 to 7, which PerfView wrote in its first years. */
function readOldDump(fast: FastReader, version: number): HeapDump {
  const { numbers } = fast;
  const graph = readGraphObject(fast);
  const sizeBytes = fast.long();
  // Size and number of the objects, and whether they are all.
  numbers.skip(17);
  const facts = version >= 5 ? readProcess(fast) : undefined;
  const segments: HeapSegment[] = [];
  if (version >= 6) readSegments(fast, segments);
  const is64Bit = version >= 7 && numbers.u8() !== 0;
  return {
    graph: graph.is64Bit || !is64Bit ? graph : { ...graph, is64Bit },
    averageCountMultiplier: 1,
    averageSizeMultiplier: 1,
    countMultipliers: new Float32Array(0),
    hasJavaScript: false,
    heap: { sizeBytes, segments },
    interop: undefined,
    log: undefined,
    collectionTicks: 0n,
    machineName: undefined,
    processName: undefined,
    processId: 0,
    commitBytes: 0,
    workingSetBytes: 0,
    ...facts,
    creationTool: undefined,
  };
}

function readGraphObject(fast: FastReader): HeapGraph {
  const { offset } = fast.numbers;
  const graph = fast.object(
    ["Graphs.MemoryGraph"],
    (type) => readGraph(fast, type),
  );
  if (graph !== undefined) return graph;
  throw new FormatError(
    `Cannot read ${FORMAT} at byte ${offset}: it has no graph`,
    { format: FORMAT, offset },
  );
}

function readProcess(fast: FastReader): Pick<
  HeapDump,
  | "log"
  | "collectionTicks"
  | "machineName"
  | "processName"
  | "processId"
  | "commitBytes"
  | "workingSetBytes"
> {
  const { numbers } = fast;
  return {
    log: fast.text("log"),
    collectionTicks: numbers.i64(),
    machineName: fast.text("machine name"),
    processName: fast.text("process name"),
    processId: numbers.i32(),
    commitBytes: fast.long(),
    workingSetBytes: fast.long(),
  };
}

function readHeapInfo(fast: FastReader): HeapInfo {
  const sizeBytes = fast.long();
  const segments: HeapSegment[] = [];
  readSegments(fast, segments);
  return { sizeBytes, segments };
}

function readSegments(fast: FastReader, segments: HeapSegment[]): void {
  const { numbers } = fast;
  const count = fast.count("segments", 1);
  for (let index = 0; index < count; index++) {
    const segment = fast.object(["GCHeapDumpSegment"], ({ version }) => ({
      start: numbers.u64(),
      end: numbers.u64(),
      generationEnds: Array.from(
        { length: version >= 1 ? 5 : 4 },
        () => numbers.u64(),
      ),
    }));
    if (segment !== undefined) segments.push(segment);
  }
}
