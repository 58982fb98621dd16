import type { HeapGraph } from "./types.ts";

/** Ways from the root to all that it reaches. */
export interface ShortestPaths {
  /** Nodes by growing distance from the root. */
  readonly order: Int32Array;
  /** By node: the one before it on a shortest way from the root; -1 for the root and nodes that it does not reach. */
  readonly parent: Int32Array;
}

/**
 * Finds a shortest way from the root to every node; of several equally long
 * ones the first in order of the references.
 *
 * @param graph The heap.
 * @returns The ways.
 */
export function findShortestPaths(graph: HeapGraph): ShortestPaths {
  const { nodeCount, childStart, children, root } = graph;
  const parent = new Int32Array(nodeCount).fill(-1);
  const order = new Int32Array(nodeCount);
  order[0] = root;
  let count = 1;
  for (let at = 0; at < count; at++) {
    const node = order[at]!;
    for (
      let index = childStart[node]!;
      index < childStart[node + 1]!;
      index++
    ) {
      const child = children[index]!;
      if (child === root || parent[child] !== -1) continue;
      parent[child] = node;
      order[count++] = child;
    }
  }
  return { order: order.slice(0, count), parent };
}
