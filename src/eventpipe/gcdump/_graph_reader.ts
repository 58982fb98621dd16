import { FormatError } from "../../base/errors.ts";
import { readCompressedInt } from "./compressed_int.ts";
import { FORMAT, TAG } from "./_fast_reader.ts";
import type { FastReader, FastType } from "./_fast_reader.ts";
import type { HeapGraph, HeapType } from "./types.ts";

/** Bytes that a type needs at least: two texts and a number. */
const MIN_TYPE_BYTES = 12;
const MAX_SIZE = 0x7fff_ffff;

/**
 * Reads the fields of a graph.
 *
 * @param fast Where to read.
 * @param type Version of the object.
 * @returns The graph.
 * @throws {FormatError} When it is damaged.
 */
export function readGraph(fast: FastReader, type: FastType): HeapGraph {
  const { numbers } = fast;
  const totalSize = fast.long();
  const rootOffset = numbers.offset;
  const root = numbers.i32();
  const types = readTypes(fast);
  const nodeCount = fast.count("nodes", 4);
  const offsetOf = new Uint32Array(nodeCount);
  for (let node = 0; node < nodeCount; node++) offsetOf[node] = numbers.u32();
  if (root < 0 || root >= nodeCount) {
    throw new FormatError(
      `Cannot read ${FORMAT} graph at byte ${rootOffset}: root is node ${root} of ${nodeCount}`,
      { format: FORMAT, offset: rootOffset },
    );
  }
  const blobLength = fast.count("references", 1);
  const blobOffset = numbers.offset;
  const blob = numbers.bytes(blobLength);
  // Types whose names are in symbol files only, which nothing here reads.
  if (type.minVersion >= 1) fast.skipRegion();
  const addressCount = fast.count("addresses", 8);
  const addressOf = new BigUint64Array(nodeCount);
  for (let node = 0; node < addressCount; node++) {
    const address = numbers.u64();
    if (node < nodeCount) addressOf[node] = address;
  }
  const is64Bit = fast.take(TAG.byte) && numbers.u8() !== 0;
  const nodes = readNodes(blob, blobOffset, offsetOf, types);
  return {
    is64Bit,
    totalSize,
    root,
    types,
    nodeCount,
    addressOf,
    offsetOf,
    ...nodes,
  };
}

function readTypes(fast: FastReader): HeapType[] {
  const types: HeapType[] = [];
  const count = fast.count("types", MIN_TYPE_BYTES);
  for (let index = 0; index < count; index++) {
    types.push({
      name: fast.text("type name"),
      size: fast.numbers.i32(),
      module: fast.text("module name"),
    });
  }
  return types;
}

function readNodes(
  blob: Uint8Array,
  blobOffset: number,
  offsetOf: Uint32Array,
  types: readonly HeapType[],
): Pick<HeapGraph, "typeOf" | "sizeOf" | "childStart" | "children"> {
  const nodeCount = offsetOf.length;
  const typeOf = new Int32Array(nodeCount);
  const sizeOf = new Int32Array(nodeCount);
  const childStart = new Uint32Array(nodeCount + 1);
  // Nodes share bytes only where they have no references, so there are fewer
  // references than bytes.
  const children = new Int32Array(blob.length);
  let childCount = 0;
  const cursor = { bytes: blob, at: 0 };
  const fail = (node: number, what: string): never => {
    const offset = blobOffset + Math.min(cursor.at, blob.length);
    throw new FormatError(
      `Cannot read ${FORMAT} node ${node} at byte ${offset}: ${what}`,
      { format: FORMAT, offset, record: `node ${node}` },
    );
  };
  for (let node = 0; node < nodeCount; node++) {
    cursor.at = offsetOf[node]!;
    const read = (what: string) =>
      readCompressedInt(cursor) ?? fail(node, `${what} is cut`);
    const typeAndSize = read("type");
    const type = typeAndSize >> 1;
    if (type < 0 || type >= types.length) {
      fail(node, `type is ${type} of ${types.length}`);
    }
    const size = (typeAndSize & 1) !== 0 ? read("size") : types[type]!.size;
    typeOf[node] = type;
    // Sizes of 2 GiB and more do not fit and are written as negative.
    sizeOf[node] = size < -1 ? MAX_SIZE : Math.max(size, 0);
    const count = read("number of references");
    if (count < 0 || childCount + count > children.length) {
      fail(node, `number of references is ${count}`);
    }
    for (let index = 0; index < count; index++) {
      const child = node + read("reference");
      if (child < 0 || child >= nodeCount) {
        fail(node, `reference is to node ${child} of ${nodeCount}`);
      }
      children[childCount++] = child;
    }
    childStart[node + 1] = childCount;
  }
  return {
    typeOf,
    sizeOf,
    childStart,
    children: children.slice(0, childCount),
  };
}
