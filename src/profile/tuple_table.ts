const FIRST_CAPACITY = 64;

/**
 * Gives equal rows of 32-bit integers the same index, in order of first
 * appearance. Open addressing over typed arrays: no object and no string per
 * row, and no upper bound but memory.
 */
export class TupleTable {
  readonly #width: number;
  #rows: Int32Array<ArrayBuffer>;
  #slots: Int32Array<ArrayBuffer>;
  #mask: number;
  #length = 0;
  // Captures are hostile: without a secret start, rows could be chosen to collide.
  readonly #seed = Math.floor(Math.random() * 2 ** 32) | 0;

  /** @param width Integers of a row. */
  constructor(width: number) {
    this.#width = width;
    this.#rows = new Int32Array(FIRST_CAPACITY * width);
    this.#slots = new Int32Array(FIRST_CAPACITY * 2);
    this.#mask = FIRST_CAPACITY * 2 - 1;
  }

  /** Rows so far. */
  get length(): number {
    return this.#length;
  }

  /** Like {@linkcode TupleTable.intern} for a table of width 2. */
  intern2(a: number, b: number): number {
    this.#reserve();
    const slots = this.#slots;
    const rows = this.#rows;
    let slot = mix(mix(this.#seed, a), b) & this.#mask;
    for (let entry = slots[slot]!; entry !== 0; entry = slots[slot]!) {
      const at = (entry - 1) * 2;
      if (rows[at] === a && rows[at + 1] === b) return entry - 1;
      slot = (slot + 1) & this.#mask;
    }
    const index = this.#length++;
    slots[slot] = index + 1;
    rows[index * 2] = a;
    rows[index * 2 + 1] = b;
    return index;
  }

  /** Like {@linkcode TupleTable.intern} for a table of width 3. */
  intern3(a: number, b: number, c: number): number {
    this.#reserve();
    const slots = this.#slots;
    const rows = this.#rows;
    let slot = mix(mix(mix(this.#seed, a), b), c) & this.#mask;
    for (let entry = slots[slot]!; entry !== 0; entry = slots[slot]!) {
      const at = (entry - 1) * 3;
      if (rows[at] === a && rows[at + 1] === b && rows[at + 2] === c) {
        return entry - 1;
      }
      slot = (slot + 1) & this.#mask;
    }
    const index = this.#length++;
    slots[slot] = index + 1;
    rows[index * 3] = a;
    rows[index * 3 + 1] = b;
    rows[index * 3 + 2] = c;
    return index;
  }

  /**
   * @param row As many integers as the table is wide.
   * @returns Index of the row; equal to {@linkcode TupleTable.length} before the
   * call when the row is new.
   */
  intern(row: Int32Array): number {
    const width = this.#width;
    this.#reserve();
    const slots = this.#slots;
    const rows = this.#rows;
    let hash = this.#seed;
    for (let column = 0; column < width; column++) {
      hash = mix(hash, row[column]!);
    }
    let slot = hash & this.#mask;
    probing:
    for (let entry = slots[slot]!; entry !== 0; entry = slots[slot]!) {
      slot = (slot + 1) & this.#mask;
      const at = (entry - 1) * width;
      for (let column = 0; column < width; column++) {
        if (rows[at + column] !== row[column]) continue probing;
      }
      return entry - 1;
    }
    const index = this.#length++;
    slots[slot] = index + 1;
    rows.set(row, index * width);
    return index;
  }

  /**
   * @param column Which integer of the rows.
   * @returns A copy of that column over all rows.
   */
  column(column: number): Int32Array<ArrayBuffer> {
    const values = new Int32Array(this.#length);
    for (let index = 0; index < values.length; index++) {
      values[index] = this.#rows[index * this.#width + column]!;
    }
    return values;
  }

  /**
   * @param index A row.
   * @param column Which integer of it.
   * @returns That integer.
   */
  at(index: number, column: number): number {
    return this.#rows[index * this.#width + column]!;
  }

  /** Makes room for one more row; at most half of the slots are taken, so that probing stays short. */
  #reserve(): void {
    if ((this.#length + 1) * this.#width > this.#rows.length) {
      const rows = new Int32Array(this.#rows.length * 2);
      rows.set(this.#rows);
      this.#rows = rows;
    }
    if (this.#length * 2 < this.#slots.length) return;
    const slots = new Int32Array(this.#slots.length * 2);
    this.#mask = slots.length - 1;
    for (let index = 0; index < this.#length; index++) {
      let hash = this.#seed;
      for (let column = 0; column < this.#width; column++) {
        hash = mix(hash, this.#rows[index * this.#width + column]!);
      }
      let slot = hash & this.#mask;
      while (slots[slot] !== 0) slot = (slot + 1) & this.#mask;
      slots[slot] = index + 1;
    }
    this.#slots = slots;
  }
}

function mix(hash: number, value: number): number {
  hash = Math.imul(hash ^ value, 0x9e3779b1);
  return hash ^ (hash >>> 15);
}
