import { ProfileBuilder } from "../../profile/profile_builder.ts";
import type { Profile } from "../../profile/types.ts";
import { findShortestPaths } from "./shortest_paths.ts";
import { isHeapObject } from "./summarize_heap.ts";
import type { HeapDump } from "./types.ts";

/** Frames of a stack at most: a long list must not become a stack as long. */
const MAX_DEPTH = 256;
const UNREACHED = "[not reachable from roots]";

/**
 * Makes a profile of a heap: each object's stack is a shortest way from the
 * roots to it, by types; types that follow themselves, as in a list, are one
 * frame. Below 256 frames only the type of the object itself is told.
 *
 * @param dump The dump; `undefined` makes a profile of nothing.
 * @returns A profile of objects (`inuse_objects`) and bytes (`inuse_space`).
 */
export function heapProfile(dump: HeapDump | undefined): Profile {
  const builder = new ProfileBuilder({
    valueTypes: [
      { type: "inuse_objects", unit: "count" },
      { type: "inuse_space", unit: "bytes" },
    ],
    defaultValueType: 1,
  });
  if (dump !== undefined) addObjects(builder, dump);
  return builder.build();
}

function addObjects(builder: ProfileBuilder, dump: HeapDump): void {
  const { graph, countMultipliers } = dump;
  const { typeOf, sizeOf, nodeCount } = graph;
  const frames = graph.types.map(({ name, module }) =>
    builder.internFrame({
      function: builder.internFunction({
        name: name || "(unknown)",
        fileName: module,
      }),
    })
  );
  const thread = builder.internThread({
    pid: dump.processId || undefined,
    processName: dump.processName ?? "",
  });
  const stackOf = new Int32Array(nodeCount).fill(-1);
  const depthOf = new Uint16Array(nodeCount);
  // The stack that deeper objects hang below.
  const baseOf = new Int32Array(nodeCount).fill(-1);
  const addObject = (node: number, stack: number) => {
    if (!isHeapObject(graph, node)) return;
    const factor = countMultipliers[typeOf[node]!] ?? 1;
    builder.addSample(stack, thread, [factor, sizeOf[node]! * factor]);
  };
  const { order, parent } = findShortestPaths(graph);
  for (const node of order) {
    const above = parent[node]!;
    const isDeep = above >= 0 && depthOf[above]! >= MAX_DEPTH;
    if (above >= 0 && typeOf[above] === typeOf[node]) {
      stackOf[node] = stackOf[above]!;
      depthOf[node] = depthOf[above]!;
      baseOf[node] = baseOf[above]!;
    } else {
      const base = isDeep ? baseOf[above]! : above < 0 ? -1 : stackOf[above]!;
      stackOf[node] = builder.internStack(base, frames[typeOf[node]!]!);
      depthOf[node] = isDeep ? MAX_DEPTH : above < 0 ? 1 : depthOf[above]! + 1;
      baseOf[node] = base;
    }
    addObject(node, stackOf[node]!);
  }
  let unreached = -1;
  for (let node = 0; node < nodeCount; node++) {
    if (stackOf[node] !== -1 || !isHeapObject(graph, node)) continue;
    if (unreached === -1) {
      const name = builder.internFunction({ name: UNREACHED });
      unreached = builder.internStack(
        -1,
        builder.internFrame({ function: name }),
      );
    }
    addObject(node, builder.internStack(unreached, frames[typeOf[node]!]!));
  }
}
