/**
 * Sorts texts by their UTF-8 bytes, which is the order of code points and not
 * that of UTF-16 units.
 *
 * @param texts Sorted in place.
 * @returns The same array.
 */
export function sortByBytes(texts: string[]): string[] {
  const plain = texts.every((text) => !/[\ud800-\udfff]/.test(text));
  return texts.sort(plain ? compareUnits : compareCodePoints);
}

function compareUnits(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function compareCodePoints(a: string, b: string): number {
  const length = Math.min(a.length, b.length);
  for (let index = 0; index < length; index++) {
    const one = a.charCodeAt(index);
    const two = b.charCodeAt(index);
    if (one !== two) return codePointRank(one) - codePointRank(two);
  }
  return a.length - b.length;
}

/** Surrogates stand for code points beyond all others. */
function codePointRank(unit: number): number {
  return unit >= 0xd800 && unit < 0xe000 ? unit + 0x10000 : unit;
}
