import { LimitError } from "../../base/errors.ts";
import { TextArena } from "./text_arena.ts";

/** Where a method's range became known. */
export const METHOD_SOURCE = {
  /** Loaded while the trace ran. */
  load: 0,
  /** Unloaded while the trace ran. */
  unload: 1,
  /** Rundown at the start of the session. */
  rundownStart: 2,
  /** Rundown at the end of the session. */
  rundownEnd: 3,
  /** Symbol of a universal trace; its text is UTF-8. */
  symbol: 4,
} as const;

/** A row for {@linkcode MethodTable.add}. */
export interface MethodRow {
  /** Which process, for traces of several. */
  space: number;
  /** Lower half of the first address. */
  startLow: number;
  /** Upper half of the first address. */
  startHigh: number;
  /** Bytes of code. */
  size: number;
  /** Index in the table of modules. */
  module: number;
  /** Method flags of the runtime. */
  flags: number;
  /** Metadata token. */
  token: number;
  /** One of {@linkcode METHOD_SOURCE}. */
  source: number;
  /** Memory in which namespace, name and signature lie, as UTF-16 with terminators. */
  text: Uint8Array;
  textStart: number;
  textEnd: number;
}

const WIDTH = 11;
const FIRST_ROWS = 1024;

/**
 * Code ranges with their names, one row per event that told of one, in the
 * order of the stream. About 100 bytes per method plus its name.
 */
export class MethodTable {
  #rows: Uint32Array<ArrayBuffer> = new Uint32Array(FIRST_ROWS * WIDTH);
  #length = 0;
  readonly #arena = new TextArena();
  readonly #maxRows: number;

  /** @param maxRows Most rows that are taken. */
  constructor(maxRows: number) {
    this.#maxRows = maxRows;
  }

  /** Rows so far. */
  get length(): number {
    return this.#length;
  }

  /**
   * @param row What to add; it may be used again.
   * @returns Index of the row.
   * @throws {LimitError} When there are too many rows.
   */
  add(row: MethodRow): number {
    const index = this.#length;
    if (index >= this.#maxRows) {
      throw new LimitError(
        `Cannot add method: table has ${index} entries already`,
        { limit: "maxTableEntries", value: index + 1, offset: 0 },
      );
    }
    if ((index + 1) * WIDTH > this.#rows.length) {
      const rows = new Uint32Array(this.#rows.length * 2);
      rows.set(this.#rows);
      this.#rows = rows;
    }
    const textStart = this.#arena.add(row.text, row.textStart, row.textEnd);
    const rows = this.#rows;
    const at = index * WIDTH;
    rows[at] = row.startLow;
    rows[at + 1] = row.startHigh;
    rows[at + 2] = row.size;
    rows[at + 3] = row.module;
    rows[at + 4] = row.flags;
    rows[at + 5] = row.token;
    rows[at + 6] = row.source;
    rows[at + 7] = row.space;
    rows[at + 8] = this.#arena.chunk;
    rows[at + 9] = textStart;
    rows[at + 10] = row.textEnd - row.textStart;
    this.#length = index + 1;
    return index;
  }

  /** @param index A row. @returns Lower half of the first address. */
  startLow(index: number): number {
    return this.#rows[index * WIDTH]!;
  }

  /** @param index A row. @returns Upper half of the first address. */
  startHigh(index: number): number {
    return this.#rows[index * WIDTH + 1]!;
  }

  /** @param index A row. @returns Bytes of code. */
  size(index: number): number {
    return this.#rows[index * WIDTH + 2]!;
  }

  /** @param index A row. @returns Index in the table of modules. */
  module(index: number): number {
    return this.#rows[index * WIDTH + 3]!;
  }

  /** @param index A row. @returns Method flags of the runtime. */
  flags(index: number): number {
    return this.#rows[index * WIDTH + 4]!;
  }

  /** @param index A row. @returns Metadata token. */
  token(index: number): number {
    return this.#rows[index * WIDTH + 5]!;
  }

  /** @param index A row. @returns One of {@linkcode METHOD_SOURCE}. */
  source(index: number): number {
    return this.#rows[index * WIDTH + 6]!;
  }

  /** @param index A row. @returns Which process, for traces of several. */
  space(index: number): number {
    return this.#rows[index * WIDTH + 7]!;
  }

  /** @param index A row. @returns Its text as it was given; a view. */
  text(index: number): Uint8Array {
    const at = index * WIDTH;
    const rows = this.#rows;
    return this.#arena.view(rows[at + 8]!, rows[at + 9]!, rows[at + 10]!);
  }
}
