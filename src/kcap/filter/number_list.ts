/** The numbers of a list of texts, for membership. */
export class NumberList {
  readonly #numbers = new Set<number>();
  readonly #wide = new Set<bigint>();

  /** @param items Texts; those that are no decimal integers are left out. */
  constructor(items: readonly string[]) {
    for (const item of items) {
      if (!/^\d{1,20}$/.test(item)) continue;
      const value = BigInt(item);
      if (value <= Number.MAX_SAFE_INTEGER) this.#numbers.add(Number(value));
      else this.#wide.add(value);
    }
  }

  /**
   * @param value A number of any kind.
   * @returns Whether it is in the list.
   */
  has(value: number | bigint): boolean {
    if (typeof value === "number") return this.#numbers.has(value);
    return value <= Number.MAX_SAFE_INTEGER
      ? value >= 0n && this.#numbers.has(Number(value))
      : this.#wide.has(value);
  }
}
