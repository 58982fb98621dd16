import { TAG } from "./_fast_reader.ts";
import { FastWriter } from "./_fast_writer.ts";
import { writeGraph } from "./_graph_writer.ts";
import type { HeapDump, HeapInfo, HeapInterop } from "./types.ts";

const NO_VERSION = { version: 0, minVersion: 0 } as const;
/** Generations of a segment since the pinned heap is one. */
const ALL_GENERATIONS = 5;

/**
 * Encodes a heap dump file (`.gcdump`) that PerfView, Visual Studio and
 * dotnet-gcdump open. What was decoded and left unchanged comes out as the
 * same bytes, if it was of the current version.
 *
 * @param dump The dump.
 * @returns The whole file.
 */
export function encodeHeapDump(dump: HeapDump): Uint8Array<ArrayBuffer> {
  const { graph, heap, interop } = dump;
  const fast = new FastWriter(4096 + graph.nodeCount * 24);
  const { numbers } = fast;
  fast.object({ name: "GCHeapDump", version: 10, minVersion: 8 }, () => {
    fast.object(
      { name: "Graphs.MemoryGraph", version: 1, minVersion: 0 },
      () => writeGraph(fast, graph),
    );
    numbers.u8(graph.is64Bit ? 1 : 0);
    numbers.f32(dump.averageCountMultiplier);
    numbers.f32(dump.averageSizeMultiplier);
    fast.object(
      { name: "JSHeapInfo", ...NO_VERSION },
      dump.hasJavaScript ? () => {} : undefined,
    );
    fast.object(
      { name: "DotNetHeapInfo", ...NO_VERSION },
      heap && (() => writeHeapInfo(fast, heap)),
    );
    fast.text(dump.log);
    numbers.i64(dump.collectionTicks);
    fast.text(dump.machineName);
    fast.text(dump.processName);
    numbers.i32(dump.processId);
    fast.long(dump.commitBytes);
    fast.long(dump.workingSetBytes);
    numbers.i32(dump.countMultipliers.length);
    for (const multiplier of dump.countMultipliers) numbers.f32(multiplier);
    fast.region(() =>
      fast.object(
        { name: "InteropInfo", ...NO_VERSION },
        interop && (() => writeInterop(fast, interop)),
      )
    );
    if (dump.creationTool !== undefined) {
      numbers.u8(TAG.text);
      fast.text(dump.creationTool);
    }
  });
  return fast.finish();
}

function writeHeapInfo(fast: FastWriter, heap: HeapInfo): void {
  const { numbers } = fast;
  fast.long(heap.sizeBytes);
  numbers.i32(heap.segments.length);
  const isNew = heap.segments.some(({ generationEnds }) =>
    generationEnds.length >= ALL_GENERATIONS
  );
  const version = isNew ? 1 : 0;
  for (const { start, end, generationEnds } of heap.segments) {
    fast.object(
      { name: "GCHeapDumpSegment", version, minVersion: version },
      () => {
        numbers.u64(start);
        numbers.u64(end);
        for (let index = 0; index < ALL_GENERATIONS - 1 + version; index++) {
          numbers.u64(generationEnds[index] ?? 0n);
        }
      },
    );
  }
}

function writeInterop(fast: FastWriter, interop: HeapInterop): void {
  const { numbers } = fast;
  const { runtimeCallable, comCallable, interfaces, modules } = interop;
  const count = runtimeCallable.length + comCallable.length;
  numbers.i32(count);
  if (count === 0) return;
  numbers.i32(runtimeCallable.length);
  numbers.i32(comCallable.length);
  numbers.i32(interfaces.length);
  numbers.i32(modules.length);
  for (const wrapper of runtimeCallable) {
    numbers.i32(wrapper.node);
    numbers.i32(wrapper.refCount);
    numbers.u64(wrapper.unknownAddress);
    numbers.u64(wrapper.jupiterAddress);
    numbers.u64(wrapper.virtualTableAddress);
    numbers.i32(wrapper.firstInterface);
    numbers.i32(wrapper.interfaceCount);
  }
  for (const wrapper of comCallable) {
    numbers.i32(wrapper.node);
    numbers.i32(wrapper.refCount);
    numbers.u64(wrapper.unknownAddress);
    numbers.u64(wrapper.handleAddress);
    numbers.i32(wrapper.firstInterface);
    numbers.i32(wrapper.interfaceCount);
  }
  for (const each of interfaces) {
    numbers.u8(each.isRuntimeCallable ? 1 : 0);
    numbers.i32(each.owner);
    numbers.i32(each.type);
    numbers.u64(each.address);
    numbers.u64(each.virtualTableAddress);
    numbers.u64(each.firstFunctionAddress);
  }
  for (const module of modules) {
    numbers.u64(module.baseAddress);
    numbers.u32(module.fileSize);
    numbers.u32(module.timeStamp);
    fast.text(module.fileName);
  }
}
