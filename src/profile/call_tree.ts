import { frameNames } from "./frame_name.ts";
import type { Profile } from "./types.ts";

/** A function at one place of a {@linkcode CallTree}. */
export interface CallTreeNode {
  /** Name of the function, as of `frameName`. */
  readonly name: string;
  /** Value of samples that end here. */
  readonly self: number;
  /** Value of samples that end here or in a callee. */
  readonly total: number;
  /** Functions called from here, largest total first. */
  readonly children: readonly CallTreeNode[];
}

/** All stacks of a profile merged by function name, from the roots on. */
export interface CallTree {
  /** Value of all samples, those without a stack included. */
  readonly total: number;
  /** Outermost functions, largest total first. */
  readonly roots: readonly CallTreeNode[];
}

/** What {@linkcode buildCallTree} counts. */
export interface BuildCallTreeOptions {
  /** Index of the value column. @default {profile.defaultValueType} */
  readonly valueType?: number | undefined;
  /** Whether stacks are followed from the leaf, so that roots are the functions where time is spent. @default {false} */
  readonly inverted?: boolean | undefined;
  /** Functions with a smaller share of the total than this, from 0 to 1, are left out. @default {0} */
  readonly minShare?: number | undefined;
}

interface MutableNode {
  name: string;
  self: number;
  total: number;
  children: Map<string, MutableNode>;
}

/**
 * Merges the stacks of a profile by function name.
 *
 * @param profile The profile.
 * @param options Which value, from which end, and how small a part to keep.
 * @returns The tree.
 */
export function buildCallTree(
  profile: Profile,
  options: BuildCallTreeOptions = {},
): CallTree {
  const {
    valueType = profile.defaultValueType,
    inverted = false,
    minShare = 0,
  } = options;
  const names = frameNames(profile);
  const { stacks, samples } = profile;
  const values = samples.values[valueType]!;
  const selfByStack = new Map<number, number>();
  let total = 0;
  for (let index = 0; index < samples.length; index++) {
    const stack = samples.stack[index]!;
    total += values[index]!;
    selfByStack.set(stack, (selfByStack.get(stack) ?? 0) + values[index]!);
  }

  const root: MutableNode = {
    name: "",
    self: 0,
    total: 0,
    children: new Map(),
  };
  for (const [stack, value] of selfByStack) {
    const path: string[] = [];
    for (let node = stack; node >= 0; node = stacks.prefix[node]!) {
      path.push(names[stacks.frame[node]!]!);
    }
    if (!inverted) path.reverse();
    let node = root;
    for (const name of path) {
      let child = node.children.get(name);
      if (child === undefined) {
        child = { name, self: 0, total: 0, children: new Map() };
        node.children.set(name, child);
      }
      child.total += value;
      node = child;
    }
    node.self += value;
  }
  return { total, roots: finishNodes(root, Math.abs(total) * minShare) };
}

function finishNodes(parent: MutableNode, minimum: number): CallTreeNode[] {
  return [...parent.children.values()]
    .filter((node) => Math.abs(node.total) >= minimum)
    .sort((a, b) =>
      Math.abs(b.total) - Math.abs(a.total) || compareText(a.name, b.name)
    )
    .map((node) => ({
      name: node.name,
      self: node.self,
      total: node.total,
      children: finishNodes(node, minimum),
    }));
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
