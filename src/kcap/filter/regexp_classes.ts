import { foldCase } from "./fold_case.ts";
import type { CodeRange } from "./regexp_types.ts";

/** The last code point. */
export const LAST_CODE = 0x10ffff;
/** Behind the last letter that has another case. */
const CASED_END = 0x1e944;

const DIGIT: readonly CodeRange[] = [[0x30, 0x39]];
const SPACE: readonly CodeRange[] = [[0x09, 0x0a], [0x0c, 0x0d], [0x20, 0x20]];
const WORD: readonly CodeRange[] = [
  [0x30, 0x39],
  [0x41, 0x5a],
  [0x5f, 0x5f],
  [0x61, 0x7a],
];

/** `\d`, `\s` and `\w`: ASCII only. */
export const PERL_CLASSES: Readonly<Record<string, readonly CodeRange[]>> = {
  d: DIGIT,
  s: SPACE,
  w: WORD,
};

/** `[:alpha:]` and so on: ASCII only. */
export const POSIX_CLASSES: Readonly<Record<string, readonly CodeRange[]>> = {
  alnum: [[0x30, 0x39], [0x41, 0x5a], [0x61, 0x7a]],
  alpha: [[0x41, 0x5a], [0x61, 0x7a]],
  ascii: [[0, 0x7f]],
  blank: [[0x09, 0x09], [0x20, 0x20]],
  cntrl: [[0, 0x1f], [0x7f, 0x7f]],
  digit: DIGIT,
  graph: [[0x21, 0x7e]],
  lower: [[0x61, 0x7a]],
  print: [[0x20, 0x7e]],
  punct: [[0x21, 0x2f], [0x3a, 0x40], [0x5b, 0x60], [0x7b, 0x7e]],
  space: [[0x09, 0x0d], [0x20, 0x20]],
  upper: [[0x41, 0x5a]],
  word: WORD,
  xdigit: [[0x30, 0x39], [0x41, 0x46], [0x61, 0x66]],
};

const CATEGORY_REGEXP =
  /^(?:Any|C[cfos]?|L[lmotu]?|M[cen]?|N[dlo]?|P[cdefios]?|S[ckmo]?|Z[lps]?)$/;

const unicodeClasses = new Map<string, readonly CodeRange[]>();

/**
 * @param name A general category such as `Lu`, or a script such as `Greek`.
 * @returns Its code points, `undefined` when there is no such class.
 */
export function unicodeClass(name: string): readonly CodeRange[] | undefined {
  const known = unicodeClasses.get(name);
  if (known !== undefined) return known;
  const pattern = unicodePattern(name);
  if (pattern === undefined) return undefined;
  const ranges: [number, number][] = [];
  for (let code = 0; code <= LAST_CODE; code++) {
    if (!pattern.test(String.fromCodePoint(code))) continue;
    const last = ranges.at(-1);
    if (last !== undefined && last[1] === code - 1) last[1] = code;
    else ranges.push([code, code]);
  }
  unicodeClasses.set(name, ranges);
  return ranges;
}

function unicodePattern(name: string): RegExp | undefined {
  if (!/^[A-Za-z_]+$/.test(name)) return undefined;
  try {
    return CATEGORY_REGEXP.test(name)
      ? new RegExp(`^\\p{${name}}$`, "u")
      : new RegExp(`^\\p{Script=${name}}$`, "u");
  } catch {
    return undefined; // no such script
  }
}

/**
 * @param ranges Any ranges.
 * @returns The same code points as sorted ranges that do not touch.
 */
export function normalizeRanges(
  ranges: readonly CodeRange[],
): readonly CodeRange[] {
  const merged: [number, number][] = [];
  for (const [first, last] of ranges.toSorted((a, b) => a[0] - b[0])) {
    const previous = merged.at(-1);
    if (previous !== undefined && first <= previous[1] + 1) {
      previous[1] = Math.max(previous[1], last);
    } else merged.push([first, last]);
  }
  return merged;
}

/**
 * @param ranges Any ranges.
 * @returns All other code points.
 */
export function invertRanges(
  ranges: readonly CodeRange[],
): readonly CodeRange[] {
  const inverted: CodeRange[] = [];
  let next = 0;
  for (const [first, last] of normalizeRanges(ranges)) {
    if (first > next) inverted.push([next, first - 1]);
    next = last + 1;
  }
  if (next <= LAST_CODE) inverted.push([next, LAST_CODE]);
  return inverted;
}

/**
 * @param ranges Any ranges.
 * @returns These and all code points that differ from them in case only.
 */
export function foldRanges(
  ranges: readonly CodeRange[],
): readonly CodeRange[] {
  const folded: CodeRange[] = [...ranges];
  const orbits = caseOrbits();
  for (const [first, last] of ranges) {
    // Nothing beyond has a case.
    for (let code = first; code <= Math.min(last, CASED_END); code++) {
      for (const other of orbits.get(code) ?? []) folded.push([other, other]);
    }
  }
  return normalizeRanges(folded);
}

let orbitsByCode: ReadonlyMap<number, readonly number[]> | undefined;

/** Code points that differ in case only, by each of them. */
function caseOrbits(): ReadonlyMap<number, readonly number[]> {
  if (orbitsByCode !== undefined) return orbitsByCode;
  const byFolded = new Map<string, number[]>();
  for (let code = 0x41; code < CASED_END; code++) {
    if (code >= 0xd800 && code <= 0xdfff) continue;
    const character = String.fromCodePoint(code);
    if (
      character.toLowerCase() === character &&
      character.toUpperCase() === character
    ) continue;
    const folded = foldCase(character);
    const orbit = byFolded.get(folded);
    if (orbit === undefined) byFolded.set(folded, [code]);
    else orbit.push(code);
  }
  const orbits = new Map<number, readonly number[]>();
  for (const orbit of byFolded.values()) {
    if (orbit.length < 2) continue;
    for (const code of orbit) orbits.set(code, orbit);
  }
  orbitsByCode = orbits;
  return orbits;
}
