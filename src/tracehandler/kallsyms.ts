import { FormatError } from "../base/errors.ts";

const FORMAT = "kallsyms";
/** Types of functions: in text, weak, absolute. */
const IS_KEPT_TYPE = Uint8Array.from(
  { length: 256 },
  (_, byte) => "TtVvWwA".includes(String.fromCharCode(byte)) ? 1 : 0,
);
const IMAGE_START = "_stext";
const IMAGE_END = "_etext";
const BIT_32 = 2 ** 32;
const NEWLINE = 10;
const TAB = 9;
const SPACE = 32;
/** Symbols that a kernel has at least, so that columns need not grow often. */
const FIRST_CAPACITY = 65_536;
const MAX_QUOTED = 64;

/** A function of the kernel. */
export interface KernelSymbol {
  readonly name: string;
  readonly address: bigint;
  /** Module that it is in, empty for the kernel itself. */
  readonly module: string;
}

/** Functions of the kernel by address. */
export interface KernelSymbols {
  /** How many. */
  readonly length: number;
  /** First address of the kernel's own code, where it is known. */
  readonly imageStart: bigint | undefined;
  /** First address behind it, where it is known. */
  readonly imageEnd: bigint | undefined;
  /**
   * Finds the last function that does not begin behind an address; their sizes
   * are not known.
   *
   * @param address An address of the kernel.
   * @returns The function, or `undefined` before the first one.
   */
  find(address: bigint): KernelSymbol | undefined;
  /**
   * Looks up an address.
   *
   * @param name Name of a symbol.
   * @returns Its address, or `undefined`.
   */
  addressOf(name: string): bigint | undefined;
}

/**
 * Reads the list of the kernel's symbols. Names are only made of those that are
 * asked for.
 *
 * @param list What `/proc/kallsyms` holds, as text or bytes; bytes must not change.
 * @returns The functions.
 * @throws {FormatError} When a line has fewer than three fields or no address,
 * or when all addresses are zero, which is what those get who may not see them.
 *
 * @example Two functions
 * ```ts
 * import { parseKallsyms } from "@tracedeck/tracedeck/tracehandler";
 * import { assertEquals } from "@std/assert";
 *
 * const symbols = parseKallsyms(
 *   "ffffffff81000000 T _stext\nffffffff81000040 t do_work\n",
 * );
 * assertEquals(symbols.find(0xffffffff81000050n)?.name, "do_work");
 * ```
 */
export function parseKallsyms(list: string | Uint8Array): KernelSymbols {
  const bytes = typeof list === "string"
    ? new TextEncoder().encode(list)
    : list;
  const parser = new KallsymsParser(bytes);
  let at = 0;
  for (let line = 1; at < bytes.length; line++) {
    const end = bytes.indexOf(NEWLINE, at);
    const next = end < 0 ? bytes.length : end;
    parser.add(at, next, line);
    at = next + 1;
  }
  return parser.finish();
}

class KallsymsParser {
  readonly #bytes: Uint8Array;
  #length = 0;
  #keys = new Float64Array(FIRST_CAPACITY);
  /** Where names begin. */
  #names = new Uint32Array(FIRST_CAPACITY);
  #hasAddress = false;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  add(start: number, end: number, line: number): void {
    if (start === end) return;
    // Address, type and name have one space between them; a tab leads the module.
    const bytes = this.#bytes;
    let first = start;
    while (first < end && bytes[first] !== SPACE) first++;
    let second = first + 1;
    while (second < end && bytes[second] !== SPACE) second++;
    if (second >= end) {
      throw new FormatError(
        `Cannot read kallsyms line ${line}: it has fewer than three fields`,
        { format: FORMAT, offset: start },
      );
    }
    const key = this.#keyAt(start, first);
    if (key === undefined) {
      const text = decode(bytes.subarray(start, first)).slice(0, MAX_QUOTED);
      throw new FormatError(
        `Cannot read kallsyms line ${line}: address is ${JSON.stringify(text)}`,
        { format: FORMAT, offset: start },
      );
    }
    if (key !== 0) this.#hasAddress = true;
    const isKept = second === first + 2 &&
      IS_KEPT_TYPE[bytes[first + 1]!] === 1;
    if (!isKept && nameAt(bytes, second + 1) !== IMAGE_END) return;
    if (this.#length === this.#keys.length) this.#grow();
    this.#keys[this.#length] = key;
    this.#names[this.#length] = second + 1;
    this.#length++;
  }

  finish(): KernelSymbols {
    if (!this.#hasAddress) {
      throw new FormatError(
        "Cannot read kallsyms: all addresses are zero; reading them needs root, or kernel.kptr_restrict set to 0",
        { format: FORMAT, offset: 0 },
      );
    }
    const order = orderOf(this.#keys.subarray(0, this.#length));
    const keys = new Float64Array(order.length);
    const names = new Uint32Array(order.length);
    for (let at = 0; at < order.length; at++) {
      keys[at] = this.#keys[order[at]!]!;
      names[at] = this.#names[order[at]!]!;
    }
    return new SortedKernelSymbols(this.#bytes, keys, names);
  }

  /** Addresses as signed numbers: those of the kernel lie just below 0 and are exact. */
  #keyAt(start: number, end: number): number | undefined {
    const digits = end - start;
    if (digits < 1 || digits > 16) return undefined;
    const bytes = this.#bytes;
    const lowAt = Math.max(start, end - 8);
    let high = 0;
    let low = 0;
    let bad = 0;
    for (let at = start; at < lowAt; at++) {
      const digit = HEX_DIGITS[bytes[at]!]!;
      bad |= digit;
      high = (high << 4) | (digit & 15);
    }
    for (let at = lowAt; at < end; at++) {
      const digit = HEX_DIGITS[bytes[at]!]!;
      bad |= digit;
      low = (low << 4) | (digit & 15);
    }
    return bad > 15 ? undefined : high * BIT_32 + (low >>> 0);
  }

  #grow(): void {
    const keys = new Float64Array(this.#keys.length * 2);
    keys.set(this.#keys);
    this.#keys = keys;
    const names = new Uint32Array(this.#names.length * 2);
    names.set(this.#names);
    this.#names = names;
  }
}

class SortedKernelSymbols implements KernelSymbols {
  readonly #bytes: Uint8Array;
  readonly #keys: Float64Array;
  readonly #names: Uint32Array;

  constructor(bytes: Uint8Array, keys: Float64Array, names: Uint32Array) {
    this.#bytes = bytes;
    this.#keys = keys;
    this.#names = names;
  }

  get length(): number {
    return this.#keys.length;
  }

  get imageStart(): bigint | undefined {
    return this.addressOf(IMAGE_START);
  }

  get imageEnd(): bigint | undefined {
    return this.addressOf(IMAGE_END);
  }

  find(address: bigint): KernelSymbol | undefined {
    const key = Number(BigInt.asIntN(64, address));
    let low = 0;
    let high = this.#keys.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#keys[middle]! <= key) low = middle + 1;
      else high = middle;
    }
    // The upper half of addresses, below 0, comes first: an absolute symbol of
    // the lower half is none of the kernel's code, and the reverse.
    if (low === 0 || (this.#keys[low - 1]! < 0) !== (key < 0)) return undefined;
    // Of several names of one place the first one counts.
    let index = low - 1;
    while (index > 0 && this.#keys[index - 1] === this.#keys[index]) index--;
    const at = this.#names[index]!;
    return {
      name: nameAt(this.#bytes, at),
      address: addressOfKey(this.#keys[index]!),
      module: moduleAt(this.#bytes, at),
    };
  }

  addressOf(name: string): bigint | undefined {
    const first = name.charCodeAt(0);
    const last = name.charCodeAt(name.length - 1);
    const bytes = this.#bytes;
    for (let index = 0; index < this.#keys.length; index++) {
      const at = this.#names[index]!;
      if (bytes[at] !== first || bytes[at + name.length - 1] !== last) continue;
      if (nameAt(bytes, at) === name) return addressOfKey(this.#keys[index]!);
    }
    return undefined;
  }
}

/** @returns The name that begins there. */
function nameAt(bytes: Uint8Array, start: number): string {
  let end = start;
  while (end < bytes.length && bytes[end] !== TAB && bytes[end] !== NEWLINE) {
    end++;
  }
  return decode(bytes.subarray(start, end)).trim();
}

/** @returns The module behind the name that begins there, empty where there is none. */
function moduleAt(bytes: Uint8Array, start: number): string {
  const found = bytes.indexOf(NEWLINE, start);
  const end = found < 0 ? bytes.length : found;
  const tab = bytes.subarray(start, end).indexOf(TAB);
  if (tab < 0) return "";
  return decode(bytes.subarray(start + tab + 1, end)).trim()
    .replace(/^\[(.*)\]$/, "$1");
}

/**
 * The list consists of a few parts that each are in order: percpu variables,
 * the kernel, its modules.
 */
function orderOf(keys: Float64Array): Uint32Array {
  let order = new Uint32Array(keys.length);
  for (let at = 0; at < order.length; at++) order[at] = at;
  let bounds = [0];
  for (let at = 1; at < keys.length; at++) {
    if (keys[at]! < keys[at - 1]!) bounds.push(at);
  }
  if (bounds.length > MAX_RUNS) {
    return order.sort((a, b) => keys[a]! - keys[b]! || a - b);
  }
  while (bounds.length > 1) {
    const merged = new Uint32Array(order.length);
    const next: number[] = [];
    for (let run = 0; run < bounds.length; run += 2) {
      const start = bounds[run]!;
      const middle = bounds[run + 1] ?? keys.length;
      const end = bounds[run + 2] ?? keys.length;
      next.push(start);
      let left = start;
      let right = middle;
      for (let at = start; at < end; at++) {
        const takesLeft = left < middle &&
          (right >= end || keys[order[left]!]! <= keys[order[right]!]!);
        merged[at] = order[takesLeft ? left++ : right++]!;
      }
    }
    order = merged;
    bounds = next;
  }
  return order;
}

const MAX_RUNS = 256;

/** Value of each byte as a digit; beyond 15 where it is none. */
const HEX_DIGITS = Uint8Array.from({ length: 256 }, (_, byte) => {
  const digit = parseInt(String.fromCharCode(byte), 16);
  return Number.isNaN(digit) ? 16 : digit;
});

const utf8 = new TextDecoder("utf-8", { ignoreBOM: true });

function decode(bytes: Uint8Array): string {
  return utf8.decode(bytes);
}

function addressOfKey(key: number): bigint {
  return BigInt.asUintN(64, BigInt(key));
}
