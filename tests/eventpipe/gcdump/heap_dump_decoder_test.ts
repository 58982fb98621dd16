import { assert, assertEquals, assertThrows } from "@std/assert";
import { FormatError } from "../../../src/base/errors.ts";
import { decodeHeapDump } from "../../../src/eventpipe/gcdump/heap_dump_decoder.ts";
import { encodeHeapDump } from "../../../src/eventpipe/gcdump/heap_dump_encoder.ts";
import { readHeapDump } from "../../../src/eventpipe/gcdump/read_heap_dump.ts";
import type { HeapDump } from "../../../src/eventpipe/gcdump/types.ts";
import {
  childrenOf,
  HEAP_DUMP,
  nodeLines,
  requireDumps,
  sharedDump,
  SMALL_HEAP_TRACE,
} from "../../support/heap_dumps.ts";
import { mutations } from "../../support/mutations.ts";
import { testWith } from "../../support/requirement.ts";
import { sha256Hex } from "../../support/sha256.ts";

async function digest({ graph }: HeapDump): Promise<string> {
  return await sha256Hex(new TextEncoder().encode(nodeLines(graph)));
}

async function smallDump(): Promise<Uint8Array<ArrayBuffer>> {
  const dump = await readHeapDump([await Deno.readFile(SMALL_HEAP_TRACE)]);
  return encodeHeapDump({
    ...dump,
    hasJavaScript: true,
    countMultipliers: new Float32Array([1, 2.5]),
    interop: {
      runtimeCallable: [{
        node: 7,
        refCount: 1,
        unknownAddress: 0x10n,
        jupiterAddress: 0n,
        virtualTableAddress: 0x20n,
        firstInterface: 0,
        interfaceCount: 1,
      }],
      comCallable: [{
        node: 8,
        refCount: 2,
        unknownAddress: 0x30n,
        handleAddress: 0x40n,
        firstInterface: 1,
        interfaceCount: 0,
      }],
      interfaces: [{
        isRuntimeCallable: true,
        owner: 0,
        type: 2,
        address: 0x50n,
        virtualTableAddress: 0x60n,
        firstFunctionAddress: 0x70n,
      }],
      modules: [{
        baseAddress: 0x1000n,
        fileSize: 4096,
        timeStamp: 1_700_000_000,
        fileName: "C:\\app\\native.dll",
      }],
    },
  });
}

testWith(
  "decodeHeapDump reads a JavaScript heap",
  [requireDumps("test1")],
  async () => {
    const dump = decodeHeapDump(await sharedDump("test1"));
    const { graph } = dump;
    assertEquals(graph.nodeCount, 6482);
    assertEquals(graph.types.length, 1994);
    assertEquals(new Set(graph.typeOf).size, 1993);
    assertEquals(graph.totalSize, 1_009_270);
    assertEquals(graph.sizeOf.reduce((sum, size) => sum + size), 1_009_270);
    assertEquals(graph.children.length, 15_020);
    assertEquals(graph.root, 0);
    assertEquals(graph.types[graph.typeOf[0]!]?.name, "[JS Roots]");
    assertEquals(childrenOf(graph, 0), [1, 3175]);
    assertEquals(graph.types[graph.typeOf[1]!]?.name, "(Type  JSGlobal)");
    assertEquals(graph.sizeOf[1], 256);
    assertEquals(
      graph.types[graph.typeOf[2]!]?.name,
      "RegExp (Type  JSFunction)",
    );
    assertEquals(childrenOf(graph, 2), [502, 503]);
    assertEquals(graph.addressOf[2], 0x6d1c0e0n);
    assertEquals(dump.hasJavaScript, false);
    assertEquals(dump.heap, undefined);
    assertEquals(dump.machineName, "MBRAUDE141201");
    assertEquals(
      await digest(dump),
      "c736c85bb752d5c5038d55dd49b4259ebe491f31e37d5f5bfe77f8965e560fa8",
    );
  },
);

testWith(
  "decodeHeapDump reads a heap of .NET Framework",
  [requireDumps("test2")],
  async () => {
    const dump = decodeHeapDump(await sharedDump("test2"));
    const { graph } = dump;
    assertEquals(graph.nodeCount, 140_391);
    assertEquals(graph.types.length, 3333);
    assertEquals(new Set(graph.typeOf).size, 3317);
    assertEquals(graph.totalSize, 4_147_128);
    assertEquals(graph.children.length, 235_137);
    assertEquals(graph.is64Bit, false);
    assertEquals(childrenOf(graph, 0), [1, 4298, 4321, 4333, 4348, 4351]);
    assertEquals(dump.processName, "WpfApplication2");
    assertEquals(dump.processId, 8660);
    assertEquals(dump.heap?.sizeBytes, 4_149_296);
    assertEquals(dump.heap?.segments.length, 2);
    assertEquals(dump.interop?.runtimeCallable.length, 6);
    assertEquals(
      dump.interop?.modules.at(-1)?.fileName,
      "C:\\windows\\SYSTEM32\\ntdll.dll",
    );
    assertEquals(
      await digest(dump),
      "9829de4e5596c7bcd40b8cff30d7b4cc58e5593cae39ac3827b55b8394db69f4",
    );
  },
);

testWith(
  "encodeHeapDump gives the bytes of PerfView",
  [requireDumps("test1", "test2")],
  async () => {
    for (const name of ["test1", "test2"] as const) {
      const bytes = await sharedDump(name);
      assertEquals(
        await sha256Hex(encodeHeapDump(decodeHeapDump(bytes))),
        await sha256Hex(bytes),
      );
    }
  },
);

Deno.test("encodeHeapDump gives the bytes of dotnet-gcdump", async () => {
  const bytes = await Deno.readFile(HEAP_DUMP);
  const dump = decodeHeapDump(bytes);
  assertEquals(dump.creationTool, "dotnet-gcdump");
  assertEquals(dump.graph.is64Bit, true);
  assertEquals(encodeHeapDump(dump), bytes);
});

Deno.test("encodeHeapDump writes all that a dump can hold", async () => {
  const bytes = await smallDump();
  const dump = decodeHeapDump(bytes);
  assertEquals(dump.hasJavaScript, true);
  assertEquals([...dump.countMultipliers], [1, 2.5]);
  assertEquals(dump.interop?.comCallable[0]?.handleAddress, 0x40n);
  assertEquals(dump.interop?.interfaces[0]?.isRuntimeCallable, true);
  assertEquals(encodeHeapDump(dump), bytes);
});

Deno.test("decodeHeapDump refuses other files", () => {
  const error = assertThrows(
    () => decodeHeapDump(new TextEncoder().encode("!FastSerialization.1")),
    FormatError,
  );
  assertEquals(error.offset, 0);
});

Deno.test("decodeHeapDump refuses a dump that is cut anywhere before its end", async () => {
  const bytes = await smallDump();
  // The table of regions at the end is not needed to read it.
  const needed = bytes.length - 1 - 16;
  for (let length = 0; length < needed; length++) {
    assertThrows(() => decodeHeapDump(bytes.subarray(0, length)), FormatError);
  }
  assert(decodeHeapDump(bytes.subarray(0, needed)).graph.nodeCount > 0);
});

Deno.test("decodeHeapDump survives 10,000 damaged dumps", async () => {
  const corpus = [await smallDump()];
  let read = 0;
  for (const bytes of mutations(corpus)) {
    try {
      const { graph } = decodeHeapDump(bytes);
      assert(graph.children.every((child) => child < graph.nodeCount));
      read++;
    } catch (error) {
      assert(error instanceof FormatError, String(error));
    }
  }
  assert(read > 100 && read < 9000, String(read));
});

Deno.test("decodeHeapDump refuses a dump that announces more than it has", async () => {
  const bytes = await smallDump();
  const view = new DataView(bytes.buffer);
  // Size, root and number of types follow the name of the graph's type.
  const graphAt = new TextDecoder("latin1").decode(bytes)
    .indexOf("MemoryGraph") + "MemoryGraph".length + 1;
  view.setInt32(graphAt + 12, 0x7fff_ffff, true);
  assertThrows(() => decodeHeapDump(bytes), FormatError, "types");
  view.setInt32(graphAt + 12, -1, true);
  assertThrows(() => decodeHeapDump(bytes), FormatError, "count is -1");
});
