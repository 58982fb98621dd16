import { lowerCase } from "./fold_case.ts";

/** How {@linkcode compileWildcard} compares. */
export interface CompileWildcardOptions {
  /** Whether case does not matter. */
  readonly ignoreCase: boolean;
}

const ANY_RUN = "*";
const ANY_ONE = "?";

/**
 * Compiles a pattern in which `*` stands for any run of characters, also an
 * empty one, and `?` for exactly one. Nothing escapes them.
 *
 * The work for a text is at most its length times the pattern's.
 *
 * @param pattern The pattern.
 * @param options Whether case matters.
 * @returns Whether a whole text matches.
 */
export function compileWildcard(
  pattern: string,
  options: CompileWildcardOptions,
): (text: string) => boolean {
  const { ignoreCase } = options;
  const prepared = ignoreCase ? lowerCase(pattern) : pattern;
  // The two commonest patterns are plain searches.
  const inner = prepared.slice(1, -1);
  if (!/[*?]/.test(prepared)) return prepare((text) => text === prepared);
  if (prepared === ANY_RUN) return () => true;
  if (/^\*[^*?]*\*$/.test(prepared)) {
    return prepare((text) => text.includes(inner));
  }
  if (/^\*[^*?]*$/.test(prepared)) {
    const tail = prepared.slice(1);
    return prepare((text) => text.endsWith(tail));
  }
  const units = Array.from(prepared);
  return prepare((text) => matches(Array.from(text), units));

  function prepare(
    test: (text: string) => boolean,
  ): (text: string) => boolean {
    return ignoreCase ? (text) => test(lowerCase(text)) : test;
  }
}

function matches(text: readonly string[], pattern: readonly string[]): boolean {
  let at = 0;
  let patternAt = 0;
  /** Behind the last `*`, and where its run ends so far. */
  let retryPattern = -1;
  let retryText = 0;
  while (at < text.length) {
    const unit = pattern[patternAt];
    if (unit === ANY_RUN) {
      retryPattern = ++patternAt;
      retryText = at;
    } else if (unit === ANY_ONE || (unit !== undefined && unit === text[at])) {
      at++;
      patternAt++;
    } else if (retryPattern >= 0) {
      patternAt = retryPattern;
      at = ++retryText;
    } else return false;
  }
  while (pattern[patternAt] === ANY_RUN) patternAt++;
  return patternAt === pattern.length;
}
