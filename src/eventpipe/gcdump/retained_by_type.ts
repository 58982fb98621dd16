import type { Dominators } from "./dominators.ts";
import type { HeapGraph } from "./types.ts";

/**
 * Sums what the objects of each type keep alive alone. An object that another
 * one of its type keeps alive already is not counted twice.
 *
 * @param graph The heap.
 * @param dominators Its dominators.
 * @returns By type: bytes that would be freed if all its objects went away one by one.
 */
export function retainedByType(
  graph: HeapGraph,
  dominators: Dominators,
): Float64Array {
  const { typeOf, nodeCount, root } = graph;
  const { order, dominator, retainedBytes } = dominators;
  const firstChild = new Int32Array(nodeCount).fill(-1);
  const nextSibling = new Int32Array(nodeCount).fill(-1);
  for (let number = order.length - 1; number > 0; number--) {
    const node = order[number]!;
    const above = dominator[node]!;
    nextSibling[node] = firstChild[above]!;
    firstChild[above] = node;
  }
  const bytes = new Float64Array(graph.types.length);
  const depthOfType = new Int32Array(graph.types.length);
  const enter = (node: number) => {
    const type = typeOf[node]!;
    if (depthOfType[type]!++ === 0) bytes[type]! += retainedBytes[node]!;
  };
  enter(root);
  for (let node = root; node !== -1;) {
    const child = firstChild[node]!;
    if (child !== -1) {
      // Taken off the list, so that the way back finds the next one.
      firstChild[node] = nextSibling[child]!;
      enter(child);
      node = child;
    } else {
      depthOfType[typeOf[node]!]!--;
      node = dominator[node]!;
    }
  }
  return bytes;
}
