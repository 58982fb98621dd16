import type { Assertion, CodeRange, RegexpNode } from "./regexp_types.ts";

/** One step of a {@linkcode RegexpProgram}. */
export type Instruction =
  | {
    readonly type: "class";
    readonly ranges: readonly CodeRange[];
    next: number;
  }
  | {
    readonly type: "assertion";
    readonly assertion: Assertion;
    next: number;
  }
  | { readonly type: "split"; next: number; other: number }
  | { readonly type: "match" };

/** A regular expression as a machine with many states at once. */
export interface RegexpProgram {
  readonly instructions: readonly Instruction[];
  /** Where it begins. */
  readonly start: number;
}

/** Largest machine: each character of a text costs at most one look at each step. */
const MAX_INSTRUCTIONS = 10_000;

/**
 * Compiles a tree to a machine (Thompson's construction). Behind the last step
 * of each part stands the number of the part that follows, so parts are
 * compiled from the back.
 *
 * @param node The tree.
 * @returns The machine.
 * @throws {RangeError} When it would have more than 10,000 steps.
 */
export function compileProgram(node: RegexpNode): RegexpProgram {
  const instructions: Instruction[] = [{ type: "match" }];
  return { instructions, start: build(node, 0) };

  function add(instruction: Instruction): number {
    if (instructions.length >= MAX_INSTRUCTIONS) {
      throw new RangeError(
        `Cannot use regular expression: it has more than ${MAX_INSTRUCTIONS} steps`,
      );
    }
    return instructions.push(instruction) - 1;
  }

  function build(part: RegexpNode, next: number): number {
    switch (part.type) {
      case "empty":
        return next;
      case "class":
        return add({ type: "class", ranges: part.ranges, next });
      case "assertion":
        return add({ type: "assertion", assertion: part.assertion, next });
      case "sequence": {
        let at = next;
        for (let index = part.items.length - 1; index >= 0; index--) {
          at = build(part.items[index]!, at);
        }
        return at;
      }
      case "choice": {
        let at = build(part.items.at(-1)!, next);
        for (let index = part.items.length - 2; index >= 0; index--) {
          const other = at;
          at = add({
            type: "split",
            next: build(part.items[index]!, next),
            other,
          });
        }
        return at;
      }
      case "repeat":
        return buildRepeat(part, next);
    }
  }

  function buildRepeat(
    { item, min, max }: Extract<RegexpNode, { type: "repeat" }>,
    next: number,
  ): number {
    let at = next;
    if (max === Infinity) {
      const loop = add({ type: "split", next: 0, other: next });
      (instructions[loop] as { next: number }).next = build(item, loop);
      at = loop;
    } else {
      for (let index = min; index < max; index++) {
        at = add({ type: "split", next: build(item, at), other: next });
      }
    }
    for (let index = 0; index < min; index++) at = build(item, at);
    return at;
  }
}
