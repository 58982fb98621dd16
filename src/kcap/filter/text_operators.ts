import { foldCase, lowerCase } from "./fold_case.ts";
import { fuzzyMatch, withoutMarks } from "./fuzzy.ts";
import type { ComparisonOperator } from "./types.ts";
import { compileWildcard } from "./wildcard.ts";
import { isWordOperator, type WordOperator } from "./word_operator_table.ts";

/** Whether a text stands in some relation to texts that were given before. */
export type TextTest = (text: string) => boolean;

/** Operators that compare a text with another or with a list. */
export type TextOperator = Exclude<WordOperator, "intersects" | "iintersects">;

/**
 * @param operator Any operator.
 * @returns Whether it compares texts.
 */
export function isTextOperator(
  operator: ComparisonOperator,
): operator is TextOperator {
  return isWordOperator(operator) && operator !== "intersects" &&
    operator !== "iintersects";
}

/** Results that are remembered, and the longest text for which they are. */
const MAX_REMEMBERED = 4096;
const MAX_REMEMBERED_LENGTH = 512;

/** Operators that compare faster than a result can be looked up. */
const PLAIN_OPERATORS: ReadonlySet<TextOperator> = new Set<TextOperator>([
  "in",
  "startswith",
  "endswith",
]);

/**
 * Prepares an operator and what stands on its right, once for all texts. In a
 * capture the same texts come again and again, so results are remembered.
 *
 * @param operator The operator.
 * @param wanted What stands on its right; any of them will do.
 * @returns The test for the left side.
 */
export function compileTextTest(
  operator: TextOperator,
  wanted: readonly string[],
): TextTest {
  const test = makeTextTest(operator, wanted);
  return PLAIN_OPERATORS.has(operator) ? test : remembered(test);
}

function remembered(test: TextTest): TextTest {
  const results = new Map<string, boolean>();
  return (text) => {
    const known = results.get(text);
    if (known !== undefined) return known;
    const result = test(text);
    if (text.length <= MAX_REMEMBERED_LENGTH) {
      if (results.size >= MAX_REMEMBERED) results.clear();
      results.set(text, result);
    }
    return result;
  };
}

/**
 * As {@linkcode compileTextTest}, for a single use.
 *
 * @param operator The operator.
 * @param wanted What stands on its right; any of them will do.
 * @returns The test for the left side.
 */
export function makeTextTest(
  operator: TextOperator,
  wanted: readonly string[],
): TextTest {
  switch (operator) {
    case "in": {
      const set = new Set(wanted);
      return (text) => set.has(text);
    }
    case "iin": {
      const set = new Set(wanted.map(foldCase));
      return (text) => set.has(foldCase(text));
    }
    case "matches":
      return anyOf(
        wanted.map((pattern) =>
          compileWildcard(pattern, { ignoreCase: false })
        ),
      );
    case "imatches":
      return anyOf(
        wanted.map((pattern) => compileWildcard(pattern, { ignoreCase: true })),
      );
    case "contains":
      return anyOf(wanted.map((part) => (text) => text.includes(part)));
    case "startswith":
      return anyOf(wanted.map((part) => (text) => text.startsWith(part)));
    case "endswith":
      return anyOf(wanted.map((part) => (text) => text.endsWith(part)));
    case "fuzzy":
      return anyOf(wanted.map((part) => (text) => fuzzyMatch(text, part)));
    case "icontains":
      return lowered("contains", wanted);
    case "istartswith":
      return lowered("startswith", wanted);
    case "iendswith":
      return lowered("endswith", wanted);
    case "ifuzzy":
      return lowered("fuzzy", wanted);
    case "fuzzynorm":
      return unmarked("fuzzy", wanted);
    case "ifuzzynorm":
      return unmarked("ifuzzy", wanted);
  }
}

function lowered(operator: TextOperator, wanted: readonly string[]): TextTest {
  const test = makeTextTest(operator, wanted.map(lowerCase));
  return (text) => test(lowerCase(text));
}

function unmarked(operator: TextOperator, wanted: readonly string[]): TextTest {
  const test = makeTextTest(operator, wanted.map(withoutMarks));
  return (text) => test(withoutMarks(text));
}

function anyOf(tests: readonly TextTest[]): TextTest {
  const [only] = tests;
  if (tests.length === 1) return only!;
  return (text) => {
    for (const test of tests) if (test(text)) return true;
    return false;
  };
}

/**
 * Tells whether as many distinct elements of one list are found in another as
 * the other has elements.
 *
 * @param items The list on the left.
 * @param wanted The list on the right.
 * @param ignoreCase Whether case does not matter.
 * @returns Whether it is so; never when the right list repeats an element.
 */
export function intersects(
  items: readonly string[],
  wanted: readonly string[],
  ignoreCase: boolean,
): boolean {
  const fold = ignoreCase ? foldCase : (text: string) => text;
  const wantedSet = new Set(wanted.map(fold));
  const found = new Set<string>();
  for (const item of items) {
    const folded = fold(item);
    if (wantedSet.has(folded)) found.add(folded);
  }
  return found.size === wanted.length;
}
