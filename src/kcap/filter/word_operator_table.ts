/** Comparisons that are written as words. */
export const WORD_OPERATORS = [
  "in",
  "iin",
  "contains",
  "icontains",
  "startswith",
  "istartswith",
  "endswith",
  "iendswith",
  "matches",
  "imatches",
  "fuzzy",
  "ifuzzy",
  "fuzzynorm",
  "ifuzzynorm",
  "intersects",
  "iintersects",
] as const;

/** One of {@linkcode WORD_OPERATORS}. */
export type WordOperator = typeof WORD_OPERATORS[number];

const WORDS: ReadonlySet<string> = new Set(WORD_OPERATORS);

/**
 * @param word Any word or operator.
 * @returns Whether it is one of {@linkcode WORD_OPERATORS}.
 */
export function isWordOperator(word: string): word is WordOperator {
  return WORDS.has(word);
}
