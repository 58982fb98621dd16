import { decodeTextBytes } from "./text_bytes.ts";

const SLOTS = 16_384;
/** In how many of them a text can be. */
const WAYS = 4;
/** Longest text that is remembered, in bytes; a multiple of 4, below 256. */
const SLOT_BYTES = 192;
/** Texts of one to three bytes have a table of their own. */
const SHORT_SLOTS = 1024;

/**
 * Decodes the strings of a capture. Names, paths and descriptions repeat all
 * the time, and comparing bytes with a known string is several times faster
 * than making a new one; so each string is looked up in a table first.
 *
 * The table has a fixed number of slots with one string each, in a few of which
 * a string can be, so neither many nor colliding strings make it grow or slow.
 */
export class TextCache {
  readonly #texts: string[] = new Array(SLOTS).fill("");
  /** Hash and, in the low byte, length of the text; 0 where there is none. */
  readonly #keys = new Int32Array(SLOTS);
  readonly #known = new Uint8Array(SLOTS * SLOT_BYTES);
  readonly #knownView = new DataView(this.#known.buffer);
  /** Which slot of a group makes room next. */
  readonly #next = new Uint8Array(SLOTS / WAYS);
  /** Bytes and, in the high byte, length of the text. */
  readonly #shortKeys = new Int32Array(SHORT_SLOTS);
  readonly #shortTexts: string[] = new Array(SHORT_SLOTS).fill("");

  /**
   * @param bytes Where the text lies.
   * @param view The same bytes.
   * @param start First byte.
   * @param end First byte behind it.
   * @returns The text, as of `decodeTextBytes`.
   */
  decode(
    bytes: Uint8Array,
    view: DataView,
    start: number,
    end: number,
  ): string {
    const length = end - start;
    if (length < 4) {
      return length === 0 ? "" : this.#decodeShort(bytes, start, end);
    }
    if (length > SLOT_BYTES) return decodeBytes(bytes, start, end);
    // Ends tell paths apart, or what precedes a common end; lengths and middles
    // the rest.
    let hash = Math.imul(length ^ view.getInt32(end - 4), 0x9e3779b1);
    if (length >= 8) {
      hash = Math.imul(hash ^ view.getInt32(end - 8), 0x85ebca6b);
      hash = Math.imul(
        hash ^ view.getInt32(start + (length >> 1) - 2),
        0xc2b2ae35,
      );
      if (length >= 20) {
        hash = Math.imul(hash ^ view.getInt32(end - 16), 0x27d4eb2f);
        hash = Math.imul(hash ^ view.getInt32(end - 20), 0x165667b1);
      }
    }
    hash ^= hash >>> 15;
    const key = (hash & ~0xff) | length;
    const group = hash & (SLOTS / WAYS - 1);
    const first = group * WAYS;
    for (let slot = first; slot < first + WAYS; slot++) {
      if (
        this.#keys[slot] === key &&
        equalBytes(view, start, this.#knownView, slot * SLOT_BYTES, length)
      ) return this.#texts[slot]!;
    }
    const text = decodeBytes(bytes, start, end);
    const next = this.#next[group]!;
    this.#next[group] = (next + 1) % WAYS;
    const slot = first + next;
    this.#keys[slot] = key;
    this.#texts[slot] = text;
    // A loop beats a view and `set` for so few bytes.
    const at = slot * SLOT_BYTES;
    for (let index = 0; index < length; index++) {
      this.#known[at + index] = bytes[start + index]!;
    }
    return text;
  }

  #decodeShort(bytes: Uint8Array, start: number, end: number): string {
    let key = end - start;
    for (let at = start; at < end; at++) key = key << 8 | bytes[at]!;
    const slot = (key ^ key >> 7 ^ key >> 14) & (SHORT_SLOTS - 1);
    if (this.#shortKeys[slot] !== key) {
      this.#shortTexts[slot] = decodeBytes(bytes, start, end);
      this.#shortKeys[slot] = key;
    }
    return this.#shortTexts[slot]!;
  }
}

let shared: TextCache | undefined;

/**
 * @returns The table of all decoders: making one takes longer than decoding a
 * small capture.
 */
export function sharedTextCache(): TextCache {
  shared ??= new TextCache();
  return shared;
}

/**
 * Compares eight bytes at a time.
 *
 * @param a Where the first bytes lie.
 * @param atA Their start.
 * @param b Where the second bytes lie.
 * @param atB Their start.
 * @param length How many, at least 4.
 * @returns Whether they are equal.
 */
export function equalBytes(
  a: DataView,
  atA: number,
  b: DataView,
  atB: number,
  length: number,
): boolean {
  let index = 0;
  for (; index + 8 <= length; index += 8) {
    if (
      a.getBigInt64(atA + index, true) !== b.getBigInt64(atB + index, true)
    ) return false;
  }
  if (index + 4 <= length) {
    if (!equalWord(a, atA + index, b, atB + index)) return false;
    index += 4;
  }
  // The last bytes, some of them again.
  return index === length ||
    equalWord(a, atA + length - 4, b, atB + length - 4);
}

function equalWord(
  a: DataView,
  atA: number,
  b: DataView,
  atB: number,
): boolean {
  return a.getInt32(atA, true) === b.getInt32(atB, true);
}

/**
 * Decodes text without looking it up.
 *
 * @param bytes Where the text lies.
 * @param start First byte.
 * @param end First byte behind it.
 * @returns The text, as of `decodeTextBytes`.
 */
export function decodeBytes(
  bytes: Uint8Array,
  start: number,
  end: number,
): string {
  return decodeAscii(bytes, start, end) ??
    decodeTextBytes(bytes.subarray(start, end));
}

const LONGEST_SCRATCH = 64;
/**
 * One array per length: a plain array is spread by `apply` twice as fast as a
 * view of bytes, which would have to be made first.
 */
const scratch: readonly number[][] = Array.from(
  { length: LONGEST_SCRATCH + 1 },
  (_, length) => new Array<number>(length).fill(0),
);

/**
 * Decodes text of ASCII characters.
 *
 * @param bytes Where the text lies.
 * @param start First byte.
 * @param end First byte behind it.
 * @returns The text, or `undefined` when there are other characters in it.
 */
export function decodeAscii(
  bytes: Uint8Array,
  start: number,
  end: number,
): string | undefined {
  const length = end - start;
  if (length === 8) return decodeAscii8(bytes, start);
  if (length <= LONGEST_SCRATCH) {
    const units = scratch[length]!;
    let bits = 0;
    for (let index = 0; index < length; index++) {
      const byte = bytes[start + index]!;
      units[index] = byte;
      bits |= byte;
    }
    return bits < 0x80 ? String.fromCharCode.apply(null, units) : undefined;
  }
  for (let at = start; at < end; at++) {
    if (bytes[at]! >= 0x80) return undefined;
  }
  return String.fromCharCode.apply(
    null,
    bytes.subarray(start, end) as unknown as number[],
  );
}

/** Fractions of timestamps mostly have this length. */
function decodeAscii8(bytes: Uint8Array, at: number): string | undefined {
  const a = bytes[at]!;
  const b = bytes[at + 1]!;
  const c = bytes[at + 2]!;
  const d = bytes[at + 3]!;
  const e = bytes[at + 4]!;
  const f = bytes[at + 5]!;
  const g = bytes[at + 6]!;
  const h = bytes[at + 7]!;
  return (a | b | c | d | e | f | g | h) < 0x80
    ? String.fromCharCode(a, b, c, d, e, f, g, h)
    : undefined;
}
