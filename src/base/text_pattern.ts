/**
 * Compiles a pattern in which `*` stands for any text.
 *
 * @param pattern The pattern.
 * @returns Whether a whole text matches, whatever its case.
 */
export function compilePattern(pattern: string): (text: string) => boolean {
  // Split and search instead of a regular expression: linear whatever the pattern.
  const parts = pattern.toLowerCase().split("*");
  const first = parts[0]!;
  const last = parts.at(-1)!;
  if (parts.length === 1) return (text) => text.toLowerCase() === first;
  return (text) => {
    const lower = text.toLowerCase();
    if (!lower.startsWith(first) || !lower.endsWith(last)) return false;
    let at = first.length;
    for (const part of parts.slice(1, -1)) {
      const found = lower.indexOf(part, at);
      if (found < 0) return false;
      at = found + part.length;
    }
    return at + last.length <= lower.length;
  };
}
