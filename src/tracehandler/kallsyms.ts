import { FormatError } from "../base/errors.ts";

const FORMAT = "kallsyms";
/** Types of functions: in text, weak, absolute. */
const KEPT_TYPES = new Set(["T", "t", "V", "v", "W", "w", "A"]);
const IMAGE_START = "_stext";
const IMAGE_END = "_etext";
const SIGN_BIT = 0x8000_0000;
const BIT_32 = 2 ** 32;

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
 * Reads the list of the kernel's symbols.
 *
 * @param text What `/proc/kallsyms` holds.
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
export function parseKallsyms(text: string): KernelSymbols {
  const parser = new KallsymsParser();
  let at = 0;
  for (let line = 1; at < text.length; line++) {
    const end = text.indexOf("\n", at);
    const next = end < 0 ? text.length : end;
    parser.add(text.slice(at, next), line, at);
    at = next + 1;
  }
  return parser.finish();
}

class KallsymsParser {
  readonly #keys: number[] = [];
  readonly #names: string[] = [];
  readonly #modules: number[] = [];
  readonly #moduleNames: string[] = [""];
  readonly #moduleIds = new Map<string, number>([["", 0]]);
  #hasAddress = false;

  add(line: string, number: number, offset: number): void {
    if (line === "") return;
    // Address, type and name have one space between them; a tab leads the module.
    const first = line.indexOf(" ");
    const second = first < 0 ? -1 : line.indexOf(" ", first + 1);
    if (second < 0) {
      throw new FormatError(
        `Cannot read kallsyms line ${number}: it has fewer than three fields`,
        { format: FORMAT, offset },
      );
    }
    const key = keyOfHex(line.slice(0, first));
    if (key === undefined) {
      throw new FormatError(
        `Cannot read kallsyms line ${number}: address is ${
          JSON.stringify(line.slice(0, first).slice(0, 64))
        }`,
        { format: FORMAT, offset },
      );
    }
    if (key !== 0) this.#hasAddress = true;
    const tab = line.indexOf("\t", second);
    const name = line.slice(second + 1, tab < 0 ? undefined : tab).trim();
    const type = line.slice(first + 1, second);
    if (!KEPT_TYPES.has(type) && name !== IMAGE_END) return;
    this.#keys.push(key);
    this.#names.push(name);
    this.#modules.push(tab < 0 ? 0 : this.#moduleOf(line.slice(tab + 1)));
  }

  finish(): KernelSymbols {
    if (!this.#hasAddress) {
      throw new FormatError(
        "Cannot read kallsyms: all addresses are zero; reading them needs root, or kernel.kptr_restrict set to 0",
        { format: FORMAT, offset: 0 },
      );
    }
    const order = Int32Array.from(this.#keys, (_, index) => index)
      .sort((a, b) => this.#keys[a]! - this.#keys[b]! || a - b);
    return new SortedKernelSymbols(
      Float64Array.from(order, (index) => this.#keys[index]!),
      Array.from(order, (index) => this.#names[index]!),
      Int32Array.from(order, (index) => this.#modules[index]!),
      this.#moduleNames,
    );
  }

  #moduleOf(text: string): number {
    const name = text.trim().replace(/^\[(.*)\]$/, "$1");
    let id = this.#moduleIds.get(name);
    if (id === undefined) {
      id = this.#moduleNames.push(name) - 1;
      this.#moduleIds.set(name, id);
    }
    return id;
  }
}

class SortedKernelSymbols implements KernelSymbols {
  readonly #keys: Float64Array;
  readonly #names: readonly string[];
  readonly #modules: Int32Array;
  readonly #moduleNames: readonly string[];

  constructor(
    keys: Float64Array,
    names: readonly string[],
    modules: Int32Array,
    moduleNames: readonly string[],
  ) {
    this.#keys = keys;
    this.#names = names;
    this.#modules = modules;
    this.#moduleNames = moduleNames;
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
    return {
      name: this.#names[index]!,
      address: addressOfKey(this.#keys[index]!),
      module: this.#moduleNames[this.#modules[index]!]!,
    };
  }

  addressOf(name: string): bigint | undefined {
    const index = this.#names.indexOf(name);
    return index < 0 ? undefined : addressOfKey(this.#keys[index]!);
  }
}

/** Addresses as signed numbers: those of the kernel lie just below 0 and are exact. */
function keyOfHex(text: string): number | undefined {
  if (!/^[0-9a-fA-F]{1,16}$/.test(text)) return undefined;
  const low = parseInt(text.slice(-8), 16);
  if (text.length <= 8) return low;
  const high = parseInt(text.slice(0, -8), 16);
  return (high >= SIGN_BIT ? high - BIT_32 : high) * BIT_32 + low;
}

function addressOfKey(key: number): bigint {
  return BigInt.asUintN(64, BigInt(key));
}
