import { frameNames } from "./frame_name.ts";
import type { Profile } from "./types.ts";

/** What one function has in a profile. */
export interface FunctionTotal {
  /** Name of the function, as of `frameName`. */
  readonly name: string;
  /** Value of samples in which it is the leaf. */
  readonly exclusive: number;
  /** Value of samples in which it occurs, each counted once. */
  readonly inclusive: number;
}

/** Totals of all functions of a profile. */
export interface FunctionTotals {
  /** Value of all samples, those without a stack included. */
  readonly total: number;
  /** One entry per name, in order of first appearance. */
  readonly functions: readonly FunctionTotal[];
}

/** What {@linkcode sumFunctions} counts. */
export interface SumFunctionsOptions {
  /** Index of the value column. @default {profile.defaultValueType} */
  readonly valueType?: number | undefined;
}

/**
 * Sums a profile by function name.
 *
 * @param profile The profile.
 * @param options Which value.
 * @returns The totals; a function that calls itself counts once per sample.
 */
export function sumFunctions(
  profile: Profile,
  options: SumFunctionsOptions = {},
): FunctionTotals {
  const { valueType = profile.defaultValueType } = options;
  const { samples, stacks } = profile;
  const values = samples.values[valueType]!;
  const subtotal = new Float64Array(stacks.length);
  const ids = new Map<string, number>();
  const names: string[] = [];
  const nameOfFrame = Int32Array.from(frameNames(profile), (name) => {
    let id = ids.get(name);
    if (id === undefined) {
      id = names.push(name) - 1;
      ids.set(name, id);
    }
    return id;
  });

  let total = 0;
  const exclusive = new Float64Array(names.length);
  for (let index = 0; index < samples.length; index++) {
    const stack = samples.stack[index]!;
    const value = values[index]!;
    total += value;
    if (stack < 0) continue;
    subtotal[stack]! += value;
    exclusive[nameOfFrame[stacks.frame[stack]!]!]! += value;
  }
  for (let stack = stacks.length - 1; stack >= 0; stack--) {
    const prefix = stacks.prefix[stack]!;
    if (prefix >= 0) subtotal[prefix]! += subtotal[stack]!;
  }
  const inclusive = new Float64Array(names.length);
  forEachOutermost(profile, nameOfFrame, names.length, (stack, name) => {
    inclusive[name]! += subtotal[stack]!;
  });
  return {
    total,
    functions: names.map((name, id) => ({
      name,
      exclusive: exclusive[id]!,
      inclusive: inclusive[id]!,
    })),
  };
}

/** Visits each stack whose leaf's name does not occur among its callers. */
function forEachOutermost(
  { stacks }: Profile,
  nameOfFrame: Int32Array,
  nameCount: number,
  visit: (stack: number, name: number) => void,
): void {
  const firstChild = new Int32Array(stacks.length + 1).fill(-1);
  const nextSibling = new Int32Array(stacks.length).fill(-1);
  for (let stack = stacks.length - 1; stack >= 0; stack--) {
    const parent = stacks.prefix[stack]! + 1;
    nextSibling[stack] = firstChild[parent]!;
    firstChild[parent] = stack;
  }
  const open = new Int32Array(nameCount);
  let stack = firstChild[0]!;
  while (stack >= 0) {
    const name = nameOfFrame[stacks.frame[stack]!]!;
    if (open[name] === 0) visit(stack, name);
    const child = firstChild[stack + 1]!;
    if (child >= 0) {
      open[name]!++;
      stack = child;
      continue;
    }
    let next = nextSibling[stack]!;
    while (next < 0) {
      stack = stacks.prefix[stack]!;
      if (stack < 0) return;
      open[nameOfFrame[stacks.frame[stack]!]!]!--;
      next = nextSibling[stack]!;
    }
    stack = next;
  }
}
