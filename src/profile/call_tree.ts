import { frameNames } from "./frame_name.ts";
import type { Profile } from "./types.ts";

/** A function at one place of a {@linkcode CallTree}. */
export interface CallTreeNode {
  /** Name of the function, as of `frameName`. */
  readonly name: string;
  /** Value of samples that end here, and of those cut off here by `maxDepth`. */
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
  /**
   * Whether stacks are followed from the leaf, so that the roots are the
   * functions where time is spent.
   *
   * @default {false}
   */
  readonly inverted?: boolean | undefined;
  /** Functions with a smaller share of the total, from 0 to 1, are left out. @default {0} */
  readonly minShare?: number | undefined;
  /** Frames of a stack that are looked at. @default {1024} */
  readonly maxDepth?: number | undefined;
}

/**
 * Merges the stacks of a profile by function name.
 *
 * @param profile The profile.
 * @param options Which value, from which end, how small a part to keep, how deep.
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
    maxDepth = 1024,
  } = options;
  const { samples, stacks } = profile;
  const values = samples.values[valueType]!;
  const selfOf = new Float64Array(stacks.length);
  let total = 0;
  for (let index = 0; index < samples.length; index++) {
    const stack = samples.stack[index]!;
    total += values[index]!;
    if (stack >= 0) selfOf[stack]! += values[index]!;
  }
  const tree = new TreeRows(frameNames(profile));
  if (inverted) addFromLeaves(tree, profile, selfOf, maxDepth);
  else addFromRoots(tree, profile, selfOf, maxDepth);
  return { total, roots: tree.finish(Math.abs(total) * minShare) };
}

function addFromRoots(
  tree: TreeRows,
  { stacks }: Profile,
  selfOf: Float64Array,
  maxDepth: number,
): void {
  const totalOf = selfOf.slice();
  const isSampled = Uint8Array.from(selfOf, (value) => value === 0 ? 0 : 1);
  for (let stack = stacks.length - 1; stack >= 0; stack--) {
    const prefix = stacks.prefix[stack]!;
    if (prefix < 0) continue;
    totalOf[prefix]! += totalOf[stack]!;
    isSampled[prefix]! |= isSampled[stack]!;
  }
  const rowOf = new Int32Array(stacks.length);
  const depthOf = new Int32Array(stacks.length);
  for (let stack = 0; stack < stacks.length; stack++) {
    if (isSampled[stack] === 0) continue;
    const prefix = stacks.prefix[stack]!;
    const parent = prefix < 0 ? -1 : rowOf[prefix]!;
    const depth = prefix < 0 ? 1 : depthOf[prefix]! + 1;
    depthOf[stack] = depth;
    if (depth > maxDepth) {
      rowOf[stack] = parent;
      tree.addSelf(parent, selfOf[stack]!);
      continue;
    }
    const row = tree.child(parent, stacks.frame[stack]!);
    rowOf[stack] = row;
    tree.addTotal(row, totalOf[stack]!);
    tree.addSelf(row, selfOf[stack]!);
  }
}

function addFromLeaves(
  tree: TreeRows,
  { stacks }: Profile,
  selfOf: Float64Array,
  maxDepth: number,
): void {
  for (let leaf = 0; leaf < stacks.length; leaf++) {
    const value = selfOf[leaf]!;
    if (value === 0) continue;
    let row = -1;
    let stack = leaf;
    for (let depth = 0; stack >= 0 && depth < maxDepth; depth++) {
      row = tree.child(row, stacks.frame[stack]!);
      tree.addTotal(row, value);
      stack = stacks.prefix[stack]!;
    }
    tree.addSelf(row, value);
  }
}

/** Nodes under construction; a node always comes after its parent. */
class TreeRows {
  readonly #names: string[] = [];
  readonly #nameOfFrame: Int32Array;
  readonly #rows = new Map<number, number>();
  readonly #name: number[] = [];
  readonly #parent: number[] = [];
  readonly #self: number[] = [];
  readonly #total: number[] = [];

  constructor(frameNames: readonly string[]) {
    const ids = new Map<string, number>();
    this.#nameOfFrame = Int32Array.from(frameNames, (name) => {
      let id = ids.get(name);
      if (id === undefined) {
        id = this.#names.push(name) - 1;
        ids.set(name, id);
      }
      return id;
    });
  }

  child(parent: number, frame: number): number {
    const name = this.#nameOfFrame[frame]!;
    const key = (parent + 1) * this.#names.length + name;
    let row = this.#rows.get(key);
    if (row === undefined) {
      row = this.#name.push(name) - 1;
      this.#parent.push(parent);
      this.#self.push(0);
      this.#total.push(0);
      this.#rows.set(key, row);
    }
    return row;
  }

  addSelf(row: number, value: number): void {
    this.#self[row]! += value;
  }

  addTotal(row: number, value: number): void {
    this.#total[row]! += value;
  }

  finish(minimum: number): CallTreeNode[] {
    const roots: CallTreeNode[] = [];
    const childrenOf = this.#name.map((): CallTreeNode[] => []);
    for (let row = this.#name.length - 1; row >= 0; row--) {
      const total = this.#total[row]!;
      if (Math.abs(total) < minimum) continue;
      const parent = this.#parent[row]!;
      (parent < 0 ? roots : childrenOf[parent]!).push({
        name: this.#names[this.#name[row]!]!,
        self: this.#self[row]!,
        total,
        children: childrenOf[row]!.sort(compareNodes),
      });
    }
    return roots.sort(compareNodes);
  }
}

function compareNodes(a: CallTreeNode, b: CallTreeNode): number {
  return Math.abs(b.total) - Math.abs(a.total) ||
    (a.name < b.name ? -1 : a.name > b.name ? 1 : 0);
}
