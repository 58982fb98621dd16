import { TupleTable } from "../../profile/tuple_table.ts";
import type { Label } from "../../profile/types.ts";

const FIRST_ROWS = 256;

/** One row of {@linkcode RawSamples}. */
export interface RawSample {
  /** Node of the leaf in the table of stacks, -1 for none. */
  node: number;
  /** Index of the thread. */
  thread: number;
  /** Index of the set of labels. */
  labels: number;
  /** Start in ns since the sync point; 0 where samples are summed. */
  timeNs: number;
}

/** How {@linkcode RawSamples} keeps samples. */
export interface RawSamplesOptions {
  /** Whether samples keep their time; otherwise they are summed by stack, thread and labels. */
  readonly isTimed: boolean;
  /**
   * Which number is the length of a sample in ns. Timed samples of a thread
   * that follow each other on one stack without a gap then become one.
   */
  readonly lengthAt?: number | undefined;
}

/** Samples on stacks that have no names yet, as columns. */
export class RawSamples {
  readonly #width: number;
  readonly #lengthAt: number | undefined;
  /** Row of the last sample of each thread, where samples can be joined. */
  readonly #lastRows: number[] = [];
  readonly #keys: TupleTable | undefined;
  #keyRows = new Int32Array(FIRST_ROWS * 3);
  #times: Float64Array<ArrayBuffer>;
  #values: Float64Array<ArrayBuffer>;
  #length = 0;
  #firstNs = Infinity;
  #lastNs = -Infinity;
  readonly #labelSets: (readonly Label[])[] = [[]];
  readonly #labelIndexes = new Map<string, number>();

  /**
   * @param width Numbers of a sample.
   * @param options Whether samples keep their time, and which may be joined.
   */
  constructor(width: number, options: RawSamplesOptions) {
    const { isTimed, lengthAt } = options;
    this.#width = width;
    this.#lengthAt = isTimed ? lengthAt : undefined;
    this.#keys = isTimed ? undefined : new TupleTable(3);
    this.#times = new Float64Array(isTimed ? FIRST_ROWS : 0);
    this.#values = new Float64Array(FIRST_ROWS * width);
  }

  /** Rows so far. */
  get length(): number {
    return this.#keys?.length ?? this.#length;
  }

  /** Time of the earliest sample in ns since the sync point, `Infinity` without samples. */
  get firstNs(): number {
    return this.#firstNs;
  }

  /** Time of the latest sample in ns since the sync point, `-Infinity` without samples. */
  get lastNs(): number {
    return this.#lastNs;
  }

  /** Sets of labels; index 0 is the empty set. */
  get labelSets(): readonly (readonly Label[])[] {
    return this.#labelSets;
  }

  /** @param key Name of a label. @param value Its text. @returns Index of the set that has it alone. */
  labelOf(key: string, value: string): number {
    const id = `${key}\0${value}`;
    let index = this.#labelIndexes.get(id);
    if (index === undefined) {
      index = this.#labelSets.length;
      this.#labelSets.push([{ key, value, unit: "" }]);
      this.#labelIndexes.set(id, index);
    }
    return index;
  }

  /** @param ns Time of an observation in ns since the sync point. */
  note(ns: number): void {
    if (ns < this.#firstNs) this.#firstNs = ns;
    if (ns > this.#lastNs) this.#lastNs = ns;
  }

  /**
   * Adds a sample.
   *
   * @param sample Stack, thread, labels and time; only read.
   * @param a First number.
   * @param b Second number, where samples have one.
   * @param c Third number, where samples have one.
   */
  add(sample: RawSample, a: number, b = 0, c = 0): void {
    const width = this.#width;
    let row: number;
    if (this.#keys !== undefined) {
      row = this.#keys.intern3(sample.node, sample.thread, sample.labels);
    } else {
      row = this.#rowBefore(sample, b, c) ?? this.#addRow(sample);
    }
    const at = row * width;
    if (at + width > this.#values.length) {
      this.#values = doubled(Float64Array, this.#values);
    }
    this.#values[at]! += a;
    if (width > 1) this.#values[at + 1]! += b;
    if (width > 2) this.#values[at + 2]! += c;
  }

  /**
   * Goes through all rows.
   *
   * @param visit Gets each row and its numbers; both are reused.
   */
  forEach(
    visit: (sample: Readonly<RawSample>, values: Float64Array) => void,
  ): void {
    const sample: RawSample = { node: 0, thread: 0, labels: 0, timeNs: 0 };
    const width = this.#width;
    for (let row = 0; row < this.length; row++) {
      if (this.#keys !== undefined) {
        sample.node = this.#keys.at(row, 0);
        sample.thread = this.#keys.at(row, 1);
        sample.labels = this.#keys.at(row, 2);
      } else {
        sample.node = this.#keyRows[row * 3]!;
        sample.thread = this.#keyRows[row * 3 + 1]!;
        sample.labels = this.#keyRows[row * 3 + 2]!;
        sample.timeNs = this.#times[row]!;
      }
      visit(sample, this.#values.subarray(row * width, (row + 1) * width));
    }
  }

  /** The row that a sample goes on without a gap, on the same stack and in the same state. */
  #rowBefore(
    sample: RawSample,
    second: number,
    third: number,
  ): number | undefined {
    const lengthAt = this.#lengthAt;
    if (lengthAt === undefined) return undefined;
    const row = this.#lastRows[sample.thread];
    if (
      row === undefined || this.#keyRows[row * 3] !== sample.node ||
      this.#keyRows[row * 3 + 2] !== sample.labels
    ) return undefined;
    const at = row * this.#width;
    const gap = sample.timeNs - this.#times[row]! -
      this.#values[at + lengthAt]!;
    // A sample of no length has no state.
    const isSameState = this.#width < 3 || second === 0 ||
      (this.#values[at + 2] === 0) === (third === 0);
    // Half a nanosecond is rounding.
    return Math.abs(gap) < 0.5 && isSameState ? row : undefined;
  }

  #addRow(sample: RawSample): number {
    const row = this.#length++;
    if (row >= this.#times.length) this.#growTimed();
    this.#keyRows[row * 3] = sample.node;
    this.#keyRows[row * 3 + 1] = sample.thread;
    this.#keyRows[row * 3 + 2] = sample.labels;
    this.#times[row] = sample.timeNs;
    if (this.#lengthAt !== undefined) this.#lastRows[sample.thread] = row;
    return row;
  }

  #growTimed(): void {
    this.#times = doubled(Float64Array, this.#times);
    this.#keyRows = doubled(Int32Array, this.#keyRows);
  }
}

function doubled<T extends Int32Array | Float64Array>(
  Column: new (length: number) => T,
  column: T,
): T {
  const result = new Column(column.length * 2);
  result.set(column);
  return result;
}
