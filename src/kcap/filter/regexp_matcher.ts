import { parseRegexp } from "./regexp_parser.ts";
import { compileProgram, type RegexpProgram } from "./regexp_program.ts";
import type { Assertion, CodeRange } from "./regexp_types.ts";

/** What stands before or behind a place in the text. */
const CONTEXT = { edge: 0, newline: 1, word: 2, other: 3 } as const;
type Context = typeof CONTEXT[keyof typeof CONTEXT];

/** A set of steps of the machine, and what was before them. */
interface MatcherState {
  /** Steps that are entered here, in ascending order. */
  readonly entered: readonly number[];
  readonly before: Context;
  /** What follows by class of the next character; the last is for the end. */
  readonly next: (MatcherState | "match" | undefined)[];
}

/** Remembered states, and steps in all of them; beyond, all are forgotten and made again as needed. */
const MAX_STATES = 2000;
const MAX_STATE_STEPS = 500_000;

const NEWLINE = 0x0a;
const REPLACEMENT = 0xfffd;
const ASCII_COUNT = 128;

/**
 * Compiles a regular expression of Go's syntax.
 *
 * The machine follows all ways at once and never goes back in the text, so the
 * work for a text is at most its length times the size of the expression: no
 * expression makes it hang, unlike the runtime's own.
 *
 * @param pattern The expression.
 * @returns Whether it matches somewhere in a text.
 * @throws {SyntaxError} When it is malformed or uses what RE2 does not have.
 * @throws {RangeError} When it is too large.
 */
export function compileRegexp(pattern: string): (text: string) => boolean {
  const matcher = new RegexpMatcher(compileProgram(parseRegexp(pattern)));
  return (text) => matcher.test(text);
}

class RegexpMatcher {
  readonly #program: RegexpProgram;
  /** First code point of each class of characters that are treated alike. */
  readonly #bounds: readonly number[];
  readonly #asciiClasses: Uint16Array;
  /** What a character of a class is for its neighbours. */
  readonly #contexts: readonly Context[];
  /** By step: which classes it accepts. */
  readonly #accepted: readonly (Uint8Array | undefined)[];
  #states = new Map<string, MatcherState>();
  #stateSteps = 0;
  #start: MatcherState;

  constructor(program: RegexpProgram) {
    this.#program = program;
    const sets = program.instructions.map((instruction) =>
      instruction.type === "class" ? instruction.ranges : undefined
    );
    this.#bounds = classBounds(sets);
    this.#asciiClasses = Uint16Array.from(
      { length: ASCII_COUNT },
      (_, code) => this.#findClass(code),
    );
    this.#contexts = this.#bounds.map(contextOf);
    const known = new Map<readonly CodeRange[], Uint8Array>();
    this.#accepted = sets.map((ranges) => {
      if (ranges === undefined) return undefined;
      let accepted = known.get(ranges);
      if (accepted === undefined) {
        accepted = Uint8Array.from(
          this.#bounds,
          (code) => ranges.some(([a, b]) => a <= code && code <= b) ? 1 : 0,
        );
        known.set(ranges, accepted);
      }
      return accepted;
    });
    this.#start = this.#state([program.start], CONTEXT.edge);
  }

  test(text: string): boolean {
    const end = this.#bounds.length;
    let state = this.#start;
    for (let at = 0; at < text.length; at++) {
      let code = text.charCodeAt(at);
      if (code >= 0xd800 && code <= 0xdfff) {
        code = text.codePointAt(at)!;
        if (code > 0xffff) at++;
        // Stands for a byte that is not UTF-8.
        else code = REPLACEMENT;
      }
      const characterClass = code < ASCII_COUNT
        ? this.#asciiClasses[code]!
        : this.#findClass(code);
      const next = state.next[characterClass] ??
        this.#step(state, characterClass);
      if (next === "match") return true;
      state = next;
    }
    return (state.next[end] ?? this.#step(state, end)) === "match";
  }

  #step(state: MatcherState, characterClass: number): MatcherState | "match" {
    const isEnd = characterClass === this.#bounds.length;
    const after = isEnd ? CONTEXT.edge : this.#contexts[characterClass]!;
    const { instructions, start } = this.#program;
    const seen = new Set<number>();
    const stack = [...state.entered];
    const entered = new Set<number>();
    while (stack.length > 0) {
      const at = stack.pop()!;
      if (seen.has(at)) continue;
      seen.add(at);
      const instruction = instructions[at]!;
      switch (instruction.type) {
        case "match":
          state.next[characterClass] = "match";
          return "match";
        case "split":
          stack.push(instruction.other, instruction.next);
          break;
        case "assertion":
          if (holds(instruction.assertion, state.before, after)) {
            stack.push(instruction.next);
          }
          break;
        case "class":
          if (!isEnd && this.#accepted[at]![characterClass] === 1) {
            entered.add(instruction.next);
          }
      }
    }
    // A match may begin at the next character too.
    if (!isEnd) entered.add(start);
    const next = this.#state([...entered].sort((a, b) => a - b), after);
    state.next[characterClass] = next;
    return next;
  }

  #state(entered: readonly number[], before: Context): MatcherState {
    const key = `${before}:${entered.join(",")}`;
    const known = this.#states.get(key);
    if (known !== undefined) return known;
    this.#stateSteps += entered.length;
    if (
      this.#states.size >= MAX_STATES || this.#stateSteps > MAX_STATE_STEPS
    ) {
      this.#states = new Map();
      this.#stateSteps = entered.length;
      this.#start = this.#fresh([this.#program.start], CONTEXT.edge);
    }
    const state = this.#fresh(entered, before);
    this.#states.set(key, state);
    return state;
  }

  #fresh(entered: readonly number[], before: Context): MatcherState {
    return { entered, before, next: new Array(this.#bounds.length + 1) };
  }

  #findClass(code: number): number {
    let low = 0;
    let high = this.#bounds.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (this.#bounds[middle]! <= code) low = middle;
      else high = middle - 1;
    }
    return low;
  }
}

/** Borders at which any set, or the meaning of a character, changes. */
function classBounds(
  sets: readonly (readonly CodeRange[] | undefined)[],
): readonly number[] {
  const bounds = new Set([0, NEWLINE, NEWLINE + 1, 0x30, 0x3a, 0x41, 0x5b]);
  for (const code of [0x5f, 0x60, 0x61, 0x7b]) bounds.add(code);
  for (const ranges of new Set(sets)) {
    for (const [first, last] of ranges ?? []) {
      bounds.add(first);
      bounds.add(last + 1);
    }
  }
  return [...bounds].sort((a, b) => a - b);
}

function contextOf(code: number): Context {
  if (code === NEWLINE) return CONTEXT.newline;
  const isWord = code < ASCII_COUNT && /\w/.test(String.fromCharCode(code));
  return isWord ? CONTEXT.word : CONTEXT.other;
}

function holds(
  assertion: Assertion,
  before: Context,
  after: Context,
): boolean {
  switch (assertion) {
    case "beginText":
      return before === CONTEXT.edge;
    case "endText":
      return after === CONTEXT.edge;
    case "beginLine":
      return before === CONTEXT.edge || before === CONTEXT.newline;
    case "endLine":
      return after === CONTEXT.edge || after === CONTEXT.newline;
    case "wordBoundary":
      return (before === CONTEXT.word) !== (after === CONTEXT.word);
    case "noWordBoundary":
      return (before === CONTEXT.word) === (after === CONTEXT.word);
  }
}
