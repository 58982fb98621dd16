import { ByteWriter } from "../../codec/byte_writer.ts";
import { TAG } from "./_fast_reader.ts";
import type { FastWriter } from "./_fast_writer.ts";
import { writeCompressedInt } from "./compressed_int.ts";
import { UNDEFINED_TYPE } from "./types.ts";
import type { HeapGraph } from "./types.ts";

/** Typical bytes of a node with its references. */
const NODE_BYTES = 12;

/**
 * Writes the fields of a graph.
 *
 * @param fast Where to write.
 * @param graph The graph.
 */
export function writeGraph(fast: FastWriter, graph: HeapGraph): void {
  const { numbers } = fast;
  const { types, nodeCount, addressOf } = graph;
  fast.long(graph.totalSize);
  numbers.i32(graph.root);
  numbers.i32(types.length);
  for (const { name, size, module } of types) {
    fast.text(name);
    numbers.i32(size);
    fast.text(module);
  }
  const { blob, offsetOf } = encodeNodes(graph);
  numbers.i32(nodeCount);
  for (let node = 0; node < nodeCount; node++) numbers.u32(offsetOf[node]!);
  numbers.i32(blob.length);
  numbers.bytes(blob);
  numbers.i32(nodeCount);
  for (let node = 0; node < nodeCount; node++) numbers.u64(addressOf[node]!);
  numbers.u8(TAG.byte);
  numbers.u8(graph.is64Bit ? 1 : 0);
}

function encodeNodes(
  graph: HeapGraph,
): { readonly blob: Uint8Array; readonly offsetOf: Uint32Array } {
  const { types, typeOf, sizeOf, childStart, children, nodeCount } = graph;
  const writer = new ByteWriter({
    littleEndian: true,
    initialCapacity: nodeCount * NODE_BYTES,
  });
  const put = (byte: number) => writer.u8(byte);
  const offsetOf = new Uint32Array(nodeCount);
  // All nodes that are only referred to share the bytes of one.
  const sharesUndefined = types[0]?.name === UNDEFINED_TYPE;
  if (sharesUndefined) writer.u16(0);
  const isUndefined = (node: number) =>
    sharesUndefined && typeOf[node] === 0 && sizeOf[node] === 0 &&
    childStart[node] === childStart[node + 1];
  for (const node of orderOf(graph)) {
    if (isUndefined(node)) continue;
    offsetOf[node] = writer.length;
    const type = typeOf[node]!;
    const size = sizeOf[node]!;
    const hasSize = types[type]!.size !== size;
    writeCompressedInt(put, type << 1 | (hasSize ? 1 : 0));
    if (hasSize) writeCompressedInt(put, size);
    const start = childStart[node]!;
    const end = childStart[node + 1]!;
    writeCompressedInt(put, end - start);
    for (let at = start; at < end; at++) {
      writeCompressedInt(put, children[at]! - node);
    }
  }
  return { blob: writer.view(), offsetOf };
}

/** Nodes in the order in which their bytes are written. */
function orderOf({ nodeCount, offsetOf }: HeapGraph): Uint32Array {
  const order = new Uint32Array(nodeCount);
  for (let node = 0; node < nodeCount; node++) order[node] = node;
  return offsetOf === undefined
    ? order
    : order.sort((a, b) => offsetOf[a]! - offsetOf[b]! || a - b);
}
