import type { HeapGraph, HeapType } from "../../src/eventpipe/gcdump/types.ts";
import type { ByteWriter } from "../../src/codec/byte_writer.ts";
import { PROVIDER_NAME } from "../../src/eventpipe/provider_name_table.ts";
import { bytesOf } from "./byte_stream.ts";
import { REPOSITORY } from "./file_url.ts";
import { bytesBy, utf16z } from "./nettrace_streams.ts";
import type { Requirement } from "./requirement.ts";
import { requireSharedData, sharedData } from "./shared_data.ts";
import type { BuiltEvent } from "./trace_builder.ts";

const FIXTURES = `${REPOSITORY}/tests/fixtures/nettrace`;

/** Heap dumps among the shared data. */
export const SHARED_DUMPS = {
  test1: "nettrace/perfview/test1.gcdump",
  test2: "nettrace/perfview/test2.gcdump.gz",
} as const;

/** Path of the recorded heap of the workload program, as a trace. */
export const HEAP_TRACE: string = `${FIXTURES}/heap.nettrace`;
/** Path of what dotnet-gcdump makes of {@linkcode HEAP_TRACE}. */
export const HEAP_DUMP: string = `${FIXTURES}/heap.gcdump`;
/** Path of a heap of four objects, as a trace. */
export const SMALL_HEAP_TRACE: string =
  `${FIXTURES}/synthetic/gcdump-mini.nettrace`;

/** @returns The bytes of a shared heap dump, unpacked. */
export async function sharedDump(
  name: keyof typeof SHARED_DUMPS,
): Promise<Uint8Array<ArrayBuffer>> {
  const path = sharedData(SHARED_DUMPS[name]);
  if (path === undefined) {
    throw new Error(`Cannot read dump ${name}: shared data is missing`);
  }
  if (!path.endsWith(".gz")) return await Deno.readFile(path);
  using file = await Deno.open(path);
  return await bytesOf(
    file.readable.pipeThrough(new DecompressionStream("gzip")),
  );
}

/** @returns The requirement of shared heap dumps, for `testWith`. */
export function requireDumps(
  ...names: readonly (keyof typeof SHARED_DUMPS)[]
): Requirement {
  return requireSharedData(...names.map((name) => SHARED_DUMPS[name]));
}

/** @returns A line per node: index, type, size, address, references. */
export function nodeLines(graph: HeapGraph): string {
  const { typeOf, sizeOf, addressOf } = graph;
  let text = "";
  for (let node = 0; node < graph.nodeCount; node++) {
    const address = addressOf[node]!.toString(16);
    text += `${node} ${typeOf[node]} ${sizeOf[node]} ${address} ${
      childrenOf(graph, node).join(",")
    }\n`;
  }
  return text;
}

/** @returns The nodes that a node refers to. */
export function childrenOf(
  { childStart, children }: HeapGraph,
  node: number,
): number[] {
  return [...children.subarray(childStart[node]!, childStart[node + 1]!)];
}

/** A node for {@linkcode graphOf}. */
export interface BuiltNode {
  readonly type: string;
  readonly size?: number;
  readonly to?: readonly number[];
}

/** @returns A graph of these nodes; the first one is the root, those without size are groups. */
export function graphOf(nodes: readonly BuiltNode[]): HeapGraph {
  const types: HeapType[] = [];
  const typeOf = nodes.map(({ type, size = 0 }) => {
    const index = types.findIndex(({ name }) => name === type);
    return index >= 0
      ? index
      : types.push({ name: type, size, module: undefined }) - 1;
  });
  const childStart = new Uint32Array(nodes.length + 1);
  nodes.forEach(({ to = [] }, node) => {
    childStart[node + 1] = childStart[node]! + to.length;
  });
  const sizes = nodes.map(({ size = 0 }) => size);
  return {
    is64Bit: true,
    totalSize: sizes.reduce((sum, size) => sum + size, 0),
    root: 0,
    types,
    nodeCount: nodes.length,
    typeOf: Int32Array.from(typeOf),
    sizeOf: Int32Array.from(sizes),
    addressOf: BigUint64Array.from(
      sizes,
      (size, node) => size > 0 ? BigInt(0x1000 * node) : 0n,
    ),
    childStart,
    children: Int32Array.from(nodes.flatMap(({ to = [] }) => to)),
  };
}

/** Events of heap dumps, all at one moment. */
export class HeapEventMaker {
  readonly #pointerSize: 4 | 8;
  readonly #time: number;

  constructor(time: number, pointerSize: 4 | 8 = 8) {
    this.#time = time;
    this.#pointerSize = pointerSize;
  }

  gcStart(number: number, reason = 1, generation = 2, type = 0): BuiltEvent {
    return this.#event(1, 2, (writer) => {
      writer.u32(number);
      writer.u32(generation);
      writer.u32(reason);
      writer.u32(type);
      writer.u16(0);
      writer.u64(0n);
    });
  }

  gcEnd(number: number): BuiltEvent {
    return this.#event(2, 1, (writer) => {
      writer.u32(number);
      writer.u32(2);
      writer.u16(0);
    });
  }

  types(
    ...types: readonly {
      readonly id: bigint;
      readonly name: string;
      readonly flags?: number;
      readonly module?: bigint;
    }[]
  ): BuiltEvent {
    return this.#event(15, 0, (writer) => {
      writer.u32(types.length);
      writer.u16(0);
      for (const { id, name, flags = 0, module = 0x77n } of types) {
        writer.u64(id);
        writer.u64(module);
        writer.u32(0xab);
        writer.u32(flags);
        writer.u8(0);
        writer.bytes(utf16z(name));
        writer.u32(0);
      }
    });
  }

  objects(
    index: number,
    ...objects: readonly {
      readonly address: bigint;
      readonly size: number;
      readonly type: bigint;
      readonly references?: number;
    }[]
  ): BuiltEvent {
    return this.#event(18, 0, (writer) => {
      writer.u32(index);
      writer.u32(objects.length);
      writer.u16(0);
      for (const { address, size, type, references = 0 } of objects) {
        this.#pointer(writer, address);
        writer.u64(BigInt(size));
        writer.u64(type);
        writer.u64(BigInt(references));
      }
    });
  }

  references(index: number, ...targets: readonly bigint[]): BuiltEvent {
    return this.#event(19, 0, (writer) => {
      writer.u32(index);
      writer.u32(targets.length);
      writer.u16(0);
      for (const target of targets) {
        this.#pointer(writer, target);
        writer.u32(0);
      }
    });
  }

  roots(
    ...roots: readonly {
      readonly object: bigint;
      readonly kind: number;
      readonly flags?: number;
    }[]
  ): BuiltEvent {
    return this.#event(16, 0, (writer) => {
      writer.u32(0);
      writer.u32(roots.length);
      writer.u16(0);
      for (const { object, kind, flags = 0 } of roots) {
        this.#pointer(writer, object);
        writer.u8(kind);
        writer.u32(flags);
        this.#pointer(writer, 0n);
      }
    });
  }

  comCallable(object: bigint, type: bigint, wrapper: bigint): BuiltEvent {
    return this.#event(36, 0, (writer) => {
      writer.u32(1);
      writer.u16(0);
      for (const value of [1n, object, type, wrapper]) writer.u64(value);
      for (let index = 0; index < 3; index++) writer.u32(0);
    });
  }

  runtimeCallable(object: bigint, type: bigint, wrapped: bigint): BuiltEvent {
    return this.#event(37, 0, (writer) => {
      writer.u32(1);
      writer.u16(0);
      for (const value of [object, type, wrapped, 0n]) writer.u64(value);
      writer.u32(0);
      writer.u32(0);
    });
  }

  #event(
    id: number,
    version: number,
    write: (writer: ByteWriter) => void,
  ): BuiltEvent {
    return {
      provider: PROVIDER_NAME.runtime,
      id,
      version,
      time: this.#time,
      payload: bytesBy(write),
    };
  }

  #pointer(writer: ByteWriter, value: bigint): void {
    if (this.#pointerSize === 8) writer.u64(value);
    else writer.u32(Number(value));
  }
}
