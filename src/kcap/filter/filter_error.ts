/** Where and why a filter is refused. */
export interface FilterErrorOptions {
  /** Index of the offending character, in code points; absent for faults of functions. */
  readonly position?: number | undefined;
  /** What could stand there. */
  readonly expected?: readonly string[] | undefined;
  /** What to do instead. */
  readonly hint?: string | undefined;
}

/**
 * A filter expression is wrong. The message is Fibratus': the expression with
 * a caret under the place and what was expected, or a sentence.
 */
export class FilterError extends SyntaxError {
  override name = "FilterError";
  /** Index of the offending character, in code points, where there is one. */
  readonly position: number | undefined;
  /** What could stand there. */
  readonly expected: readonly string[];
  /** What to do instead, where that is known. */
  readonly hint: string | undefined;

  /**
   * @param message The whole text.
   * @param options Place and expectation.
   */
  constructor(message: string, options: FilterErrorOptions = {}) {
    super(message);
    this.position = options.position;
    this.expected = options.expected ?? [];
    this.hint = options.hint;
  }
}

const RULE = "─";

/**
 * Describes a syntax error as Fibratus does.
 *
 * @param expression The whole expression.
 * @param position Index of the offending token in code points; -1 is before the first.
 * @param expected What could stand there.
 * @param hint What to do instead.
 * @returns The error.
 */
export function syntaxError(
  expression: string,
  position: number,
  expected: readonly string[],
  hint?: string,
): FilterError {
  const lines = expression.split("\n");
  let line = 0;
  let column = position;
  for (; line < lines.length - 1; line++) {
    const length = [...lines[line]!].length + 1;
    if (column < length) break;
    column -= length;
  }
  const behind = lines.slice(line + 1);
  const message = [
    ...lines.slice(0, line + 1),
    `╭${RULE.repeat(Math.max(0, column - 1))}^`,
    ...(behind.length === 0 ? ["|"] : behind.map((text) => `| ${text}`)),
    "|",
    `╰${RULE.repeat(19)} expected ${expected.join(", ")}`,
  ].join("\n");
  return new FilterError(message, { position, expected, hint });
}
