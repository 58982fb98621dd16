/**
 * Formats a 64-bit hash as the profiler's JSON of October 2024 has it: the 16
 * hexadecimal digits twice, in quotes.
 *
 * @param hash From 0 to 2^64 - 1.
 * @returns JSON text.
 */
export function formatHash64Json(hash: bigint): string {
  return `"${hash.toString(16).padStart(16, "0").repeat(2)}"`;
}

/**
 * Reads what {@linkcode formatHash64Json} writes; only the first 16 digits are
 * looked at.
 *
 * @param text JSON text.
 * @returns The hash.
 * @throws {SyntaxError} When the characters behind the quote are no 16 hexadecimal digits.
 */
export function parseHash64Json(text: string): bigint {
  const digits = text.slice(1, 17);
  if (!/^[0-9a-fA-F]{16}$/.test(digits)) {
    throw new SyntaxError(
      `Cannot read 64-bit hash ${
        JSON.stringify(text.slice(0, 64))
      }: expected 16 hexadecimal digits behind the quote`,
    );
  }
  return BigInt(`0x${digits}`);
}
