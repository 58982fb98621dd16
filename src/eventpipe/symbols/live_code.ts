import type { MethodTable } from "./method_table.ts";

const PAGE_BYTES = 1024;
/** Larger "methods" are not looked at: no compiler makes 4 MiB of code in one piece. */
const MAX_PAGES = 4096;

/** Code that was loaded while the trace ran, by place, to notice when a place is used again. */
export class LiveCode {
  readonly #methods: MethodTable;
  readonly #spaces: Map<number, number[]>[] = [];

  /** @param methods The table whose rows are placed. */
  constructor(methods: MethodTable) {
    this.#methods = methods;
  }

  /**
   * Places a method.
   *
   * @param index Its row in the table of methods.
   * @returns Whether it lies where other code was before.
   */
  place(index: number): boolean {
    const start = this.#start(index);
    const end = start + this.#methods.size(index);
    const first = Math.floor(start / PAGE_BYTES);
    const last = Math.floor((end - 1) / PAGE_BYTES);
    // Numbers beyond are not exact: counting up would not come to an end.
    if (last > Number.MAX_SAFE_INTEGER) return false;
    if (last < first || last - first >= MAX_PAGES) return false;
    const pages = this.#spaces[this.#methods.space(index)] ??= new Map();
    let replaces = false;
    for (let page = first; page <= last; page++) {
      const residents = pages.get(page);
      if (residents === undefined) {
        pages.set(page, [index]);
        continue;
      }
      for (let at = residents.length - 1; at >= 0; at--) {
        const other = residents[at]!;
        const otherStart = this.#start(other);
        const otherEnd = otherStart + this.#methods.size(other);
        if (otherEnd <= start || end <= otherStart) continue;
        residents.splice(at, 1);
        replaces ||= !this.#isSame(other, index);
      }
      residents.push(index);
    }
    return replaces;
  }

  /**
   * Finds the method that lies at an address now.
   *
   * @param space Which process.
   * @param low Lower half of the address.
   * @param high Upper half of the address.
   * @returns Its row in the table of methods, -1 when there is none.
   */
  find(space: number, low: number, high: number): number {
    const address = high * 2 ** 32 + low;
    const residents = this.#spaces[space]?.get(
      Math.floor(address / PAGE_BYTES),
    );
    if (residents === undefined) return -1;
    for (let at = residents.length - 1; at >= 0; at--) {
      const index = residents[at]!;
      const distance = address - this.#start(index);
      if (distance >= 0 && distance < this.#methods.size(index)) return index;
    }
    return -1;
  }

  #start(index: number): number {
    return this.#methods.startHigh(index) * 2 ** 32 +
      this.#methods.startLow(index);
  }

  /** Whether two rows tell of the same code twice. */
  #isSame(a: number, b: number): boolean {
    const methods = this.#methods;
    return this.#start(a) === this.#start(b) &&
      methods.size(a) === methods.size(b) &&
      methods.token(a) === methods.token(b) &&
      methods.module(a) === methods.module(b) &&
      methods.text(a).toHex() === methods.text(b).toHex();
  }
}
