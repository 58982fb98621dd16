/**
 * Compares texts by their UTF-8 bytes, which differs from comparing code units
 * where one has characters beyond U+FFFF.
 *
 * @param a First text.
 * @param b Second text.
 * @returns Below 0, 0 or above 0, as `sort` wants it.
 */
export function compareUtf8(a: string, b: string): number {
  const length = Math.min(a.length, b.length);
  for (let index = 0; index < length; index++) {
    const unitA = a.charCodeAt(index);
    const unitB = b.charCodeAt(index);
    if (unitA !== unitB) return rank(unitA) - rank(unitB);
  }
  return a.length - b.length;
}

/** Moves surrogates behind all other units. */
function rank(unit: number): number {
  if (unit < 0xd800) return unit;
  return unit < 0xe000 ? unit + 0x2000 : unit - 0x800;
}
