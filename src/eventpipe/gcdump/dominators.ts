import type { HeapGraph } from "./types.ts";

/** Which node keeps which others alive alone. */
export interface Dominators {
  /** Nodes that the root reaches; a node's dominator comes before it. */
  readonly order: Int32Array;
  /** By node: the node without which it would be garbage; -1 for the root and nodes that it does not reach. */
  readonly dominator: Int32Array;
  /** By node: bytes that would be freed with it, its own included; 0 for nodes that the root does not reach. */
  readonly retainedBytes: Float64Array;
}

/**
 * Finds for every node what would be freed if it went away, in time that grows
 * a little faster than the number of references (Lengauer and Tarjan, with
 * path compression).
 *
 * @param graph The heap.
 * @returns The dominators.
 */
export function findDominators(graph: HeapGraph): Dominators {
  const { nodeCount, sizeOf } = graph;
  const { order, numberOf, parent } = visit(graph);
  const reached = order.length;
  const { start, sources } = referrers(graph, numberOf, order);
  // All of these are by number in the order of the visit.
  const semi = Int32Array.from(order, (_, index) => index);
  const best = semi.slice();
  const ancestor = new Int32Array(reached).fill(-1);
  const dominatorOf = new Int32Array(reached).fill(-1);
  const bucket = new Int32Array(reached).fill(-1);
  const nextInBucket = new Int32Array(reached).fill(-1);
  const path = new Int32Array(reached);

  const evaluate = (node: number): number => {
    if (ancestor[node] === -1) return node;
    let length = 0;
    for (let at = node; ancestor[ancestor[at]!] !== -1; at = ancestor[at]!) {
      path[length++] = at;
    }
    while (length-- > 0) {
      const at = path[length]!;
      const above = ancestor[at]!;
      if (semi[best[above]!]! < semi[best[at]!]!) best[at] = best[above]!;
      ancestor[at] = ancestor[above]!;
    }
    return best[node]!;
  };

  for (let node = reached - 1; node > 0; node--) {
    for (let at = start[node]!; at < start[node + 1]!; at++) {
      const candidate = semi[evaluate(sources[at]!)]!;
      if (candidate < semi[node]!) semi[node] = candidate;
    }
    const above = semi[node]!;
    nextInBucket[node] = bucket[above]!;
    bucket[above] = node;
    const up = parent[node]!;
    ancestor[node] = up;
    for (let each = bucket[up]!; each !== -1; each = nextInBucket[each]!) {
      const found = evaluate(each);
      dominatorOf[each] = semi[found]! < semi[each]! ? found : up;
    }
    bucket[up] = -1;
  }
  for (let node = 1; node < reached; node++) {
    if (dominatorOf[node] !== semi[node]) {
      dominatorOf[node] = dominatorOf[dominatorOf[node]!]!;
    }
  }

  const dominator = new Int32Array(nodeCount).fill(-1);
  const retainedBytes = new Float64Array(nodeCount);
  for (let number = reached - 1; number >= 0; number--) {
    const node = order[number]!;
    retainedBytes[node]! += sizeOf[node]!;
    if (number === 0) continue;
    const above = order[dominatorOf[number]!]!;
    dominator[node] = above;
    retainedBytes[above]! += retainedBytes[node]!;
  }
  return { order, dominator, retainedBytes };
}

/** Nodes in the order of a depth-first visit, and from where each was reached. */
function visit(graph: HeapGraph): {
  readonly order: Int32Array;
  readonly numberOf: Int32Array;
  readonly parent: Int32Array;
} {
  const { nodeCount, childStart, children, root } = graph;
  const numberOf = new Int32Array(nodeCount).fill(-1);
  const order = new Int32Array(nodeCount);
  const parent = new Int32Array(nodeCount).fill(-1);
  const next = childStart.slice(0, nodeCount);
  let count = 0;
  const enter = (node: number, from: number) => {
    numberOf[node] = count;
    order[count] = node;
    parent[count] = from;
    count++;
  };
  enter(root, -1);
  // The numbers from where each was reached are the way back.
  for (let at = 0; at !== -1;) {
    const node = order[at]!;
    if (next[node]! < childStart[node + 1]!) {
      const child = children[next[node]!++]!;
      if (numberOf[child] !== -1) continue;
      enter(child, at);
      at = count - 1;
    } else {
      at = parent[at]!;
    }
  }
  return {
    order: order.slice(0, count),
    numberOf,
    parent: parent.slice(0, count),
  };
}

/** By number of a node: numbers of the nodes that refer to it. */
function referrers(
  { childStart, children }: HeapGraph,
  numberOf: Int32Array,
  order: Int32Array,
): { readonly start: Uint32Array; readonly sources: Int32Array } {
  const start = new Uint32Array(order.length + 1);
  const each = (take: (from: number, to: number) => void) => {
    order.forEach((node, number) => {
      for (let at = childStart[node]!; at < childStart[node + 1]!; at++) {
        take(number, numberOf[children[at]!]!);
      }
    });
  };
  each((_, to) => start[to + 1]!++);
  for (let index = 1; index < start.length; index++) {
    start[index]! += start[index - 1]!;
  }
  const next = start.slice();
  const sources = new Int32Array(start[order.length]!);
  each((from, to) => {
    sources[next[to]!++] = from;
  });
  return { start, sources };
}
