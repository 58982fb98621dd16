import { TupleTable } from "../../profile/tuple_table.ts";

const PAGE_BITS = 12;
/** Most pages that one retired range may have: 4 MiB of code, far above any method. */
const MAX_PAGES = 1024;

/** Gives code addresses an index; {@linkcode RawStacks} asks for it. */
export interface AddressIndex {
  /**
   * @param space Which process, for traces of several.
   * @param isLeaf Whether it is where a thread was, not where it returns to.
   * @param low Lower half of the address.
   * @param high Upper half of the address.
   * @returns Index of the address.
   */
  intern(space: number, isLeaf: boolean, low: number, high: number): number;
}

/**
 * Code addresses that stacks refer to, without duplicates.
 *
 * Memory of unloaded code is used again. When that is seen to happen, the range
 * is retired: the same address met later gets another index, and
 * {@linkcode AddressTable.retiredAt} tells until which method it meant the old
 * code.
 */
export class AddressTable implements AddressIndex {
  readonly #rows = new TupleTable(4);
  readonly #row = new Int32Array(4);
  /** By space and page: at which length of the method table each generation ended. */
  readonly #retired = new Map<string, number[]>();

  /** Addresses so far. */
  get length(): number {
    return this.#rows.length;
  }

  intern(space: number, isLeaf: boolean, low: number, high: number): number {
    const row = this.#row;
    row[0] = space * 2 + (isLeaf ? 1 : 0);
    row[1] = high;
    row[2] = low;
    row[3] = this.#retired.size === 0
      ? 0
      : this.#retired.get(pageKey(space, low, high))?.length ?? 0;
    return this.#rows.intern(row);
  }

  /**
   * Says that code at a range was replaced.
   *
   * @param space Which process.
   * @param low Lower half of the first address.
   * @param high Upper half of the first address.
   * @param size Bytes.
   * @param methodCount Length of the method table before the new code.
   */
  retire(
    space: number,
    low: number,
    high: number,
    size: number,
    methodCount: number,
  ): void {
    const start = high * 2 ** 32 + low;
    const first = Math.floor(start / 2 ** PAGE_BITS);
    const last = Math.floor((start + Math.max(size, 1) - 1) / 2 ** PAGE_BITS);
    const end = Math.min(last, first + MAX_PAGES - 1);
    for (let page = first; page <= end; page++) {
      const key = `${space}:${page}`;
      const ends = this.#retired.get(key);
      if (ends === undefined) this.#retired.set(key, [methodCount]);
      else ends.push(methodCount);
    }
  }

  /** @param index An address. @returns Which process. */
  space(index: number): number {
    return this.#rows.at(index, 0) >>> 1;
  }

  /** @param index An address. @returns Whether it is where a thread was. */
  isLeaf(index: number): boolean {
    return (this.#rows.at(index, 0) & 1) === 1;
  }

  /** @param index An address. @returns Its lower half. */
  low(index: number): number {
    return this.#rows.at(index, 2) >>> 0;
  }

  /** @param index An address. @returns Its upper half. */
  high(index: number): number {
    return this.#rows.at(index, 1) >>> 0;
  }

  /** @param index An address. @returns The address. */
  value(index: number): bigint {
    return (BigInt(this.high(index)) << 32n) | BigInt(this.low(index));
  }

  /**
   * @param index An address.
   * @returns Methods from this index of the method table on are younger than
   * what the address meant; `undefined` when its range was never replaced.
   */
  retiredAt(index: number): number | undefined {
    if (this.#retired.size === 0) return undefined;
    const key = pageKey(this.space(index), this.low(index), this.high(index));
    return this.#retired.get(key)?.[this.#rows.at(index, 3)];
  }
}

function pageKey(space: number, low: number, high: number): string {
  return `${space}:${high * 2 ** (32 - PAGE_BITS) + (low >>> PAGE_BITS)}`;
}
