import { frameNames } from "./frame_name.ts";
import type { Profile } from "./types.ts";

/** A function next to another one, with the value of the samples they share. */
export interface NeighbourTotal {
  /** Name; empty where the function is a root or a leaf itself. */
  readonly name: string;
  readonly value: number;
}

/** Who calls a function and whom it calls. */
export interface FunctionNeighbours {
  /** Value of samples in which the function occurs. */
  readonly inclusive: number;
  /** Callers, largest first; the empty name stands for none. */
  readonly callers: readonly NeighbourTotal[];
  /** Callees, largest first; the empty name stands for the function itself. */
  readonly callees: readonly NeighbourTotal[];
}

/** What {@linkcode findNeighbours} counts. */
export interface FindNeighboursOptions {
  /** Index of the value column. @default {profile.defaultValueType} */
  readonly valueType?: number | undefined;
}

/**
 * Finds callers and callees of functions. Of a function that calls itself, the
 * outermost call counts for the callers and the innermost for the callees.
 *
 * @param profile The profile.
 * @param isWanted Whether a name is meant.
 * @param options Which value.
 * @returns Callers and callees.
 */
export function findNeighbours(
  profile: Profile,
  isWanted: (name: string) => boolean,
  options: FindNeighboursOptions = {},
): FunctionNeighbours {
  const { valueType = profile.defaultValueType } = options;
  const { samples, stacks } = profile;
  const values = samples.values[valueType]!;
  const names = frameNames(profile);
  const wanted = names.map(isWanted);
  const nameOf = (stack: number) =>
    stack < 0 ? "" : names[stacks.frame[stack]!]!;

  // For each stack: outermost and innermost wanted stack in it, and the callee above the latter.
  const outermost = new Int32Array(stacks.length).fill(-1);
  const innermost = new Int32Array(stacks.length).fill(-1);
  const callee = new Int32Array(stacks.length).fill(-1);
  for (let stack = 0; stack < stacks.length; stack++) {
    const prefix = stacks.prefix[stack]!;
    if (prefix >= 0) {
      outermost[stack] = outermost[prefix]!;
      innermost[stack] = innermost[prefix]!;
      callee[stack] = innermost[prefix] === prefix ? stack : callee[prefix]!;
    }
    if (wanted[stacks.frame[stack]!]!) {
      if (outermost[stack] === -1) outermost[stack] = stack;
      innermost[stack] = stack;
      callee[stack] = -1;
    }
  }

  let inclusive = 0;
  const callers = new Map<string, number>();
  const callees = new Map<string, number>();
  for (let index = 0; index < samples.length; index++) {
    const stack = samples.stack[index]!;
    if (stack < 0 || outermost[stack] === -1) continue;
    const value = values[index]!;
    inclusive += value;
    add(callers, nameOf(stacks.prefix[outermost[stack]!]!), value);
    add(callees, nameOf(callee[stack]!), value);
  }
  return { inclusive, callers: sorted(callers), callees: sorted(callees) };
}

function add(sums: Map<string, number>, name: string, value: number): void {
  sums.set(name, (sums.get(name) ?? 0) + value);
}

function sorted(sums: ReadonlyMap<string, number>): NeighbourTotal[] {
  return [...sums].map(([name, value]) => ({ name, value }))
    .sort((a, b) =>
      b.value - a.value || (a.name < b.name ? -1 : a.name > b.name ? 1 : 0)
    );
}
