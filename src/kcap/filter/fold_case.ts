// deno-lint-ignore no-control-regex
const ASCII_REGEXP = /^[\u0000-\u007f]*$/;

/**
 * Folds case so that texts that differ in case only become equal: Unicode
 * simple folding, character by character and without regard to language.
 *
 * @param text Any text.
 * @returns The folded text, not for display.
 */
export function foldCase(text: string): string {
  if (ASCII_REGEXP.test(text)) return text.toLowerCase();
  let folded = "";
  for (const character of text) folded += foldCharacter(character);
  return folded;
}

function foldCharacter(character: string): string {
  // Dotless i has an upper case but no simple folding.
  if (character === "ı") return character;
  const upper = single(character.toUpperCase()) ?? character;
  return single(upper.toLowerCase()) ?? single(character.toLowerCase()) ??
    character;
}

/**
 * @param text Any text.
 * @returns The text in lower case, each character by itself as Go does it:
 * sigma has one form and the length in characters stays.
 */
export function lowerCase(text: string): string {
  if (ASCII_REGEXP.test(text)) return text.toLowerCase();
  return text.replaceAll("Σ", "σ").replaceAll("İ", "i").toLowerCase();
}

/**
 * @param text Any text.
 * @returns The text in upper case, each character by itself as Go does it:
 * characters whose upper case is several ones stay.
 */
export function upperCase(text: string): string {
  if (ASCII_REGEXP.test(text)) return text.toUpperCase();
  let upper = "";
  for (const character of text) {
    upper += single(character.toUpperCase()) ?? character;
  }
  return upper;
}

/** The text when it is one character. */
function single(text: string): string | undefined {
  const [first, second] = text;
  return second === undefined ? first : undefined;
}
