/**
 * Writes a whole number without exponent, which JavaScript uses from 1e21 on.
 *
 * @param value A whole number.
 * @returns Its decimal digits.
 */
export function integerText(value: number): string {
  return Number.isSafeInteger(value) ? String(value) : String(BigInt(value));
}
