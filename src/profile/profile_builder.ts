import { LimitError } from "../base/errors.ts";
import type { UnixNs } from "../base/time.ts";
import { TupleTable } from "./tuple_table.ts";
import type {
  Label,
  Mapping,
  Profile,
  ProfileThread,
  ValueType,
} from "./types.ts";

/** What a {@linkcode ProfileBuilder} builds. */
export interface ProfileBuilderOptions {
  /** Meaning of each number of a sample, at least one. */
  readonly valueTypes: readonly ValueType[];
  /** Index of the value type to show first. @default {0} */
  readonly defaultValueType?: number | undefined;
  /**
   * Whether every sample is kept with its time. Otherwise samples of equal
   * stack, thread and labels are summed, so that memory depends on the number
   * of distinct ones and not on the length of the capture.
   *
   * @default {false}
   */
  readonly timed?: boolean | undefined;
  /** Most entries of the table of stacks. @default {16777216} */
  readonly maxStacks?: number | undefined;
}

/** A function for {@linkcode ProfileBuilder.internFunction}. */
export interface FunctionInput {
  /** Name for people. */
  readonly name: string;
  /** Name as the system has it; absent where it is the same. */
  readonly systemName?: string | undefined;
  /** Source file or module. */
  readonly fileName?: string | undefined;
  /** First line, above 0. */
  readonly startLine?: number | undefined;
}

/** A frame for {@linkcode ProfileBuilder.internFrame}. What is absent is unknown. */
export interface FrameInput {
  /** Index that {@linkcode ProfileBuilder.internFunction} gave. */
  readonly function?: number | undefined;
  /** Index that {@linkcode ProfileBuilder.internMapping} gave. */
  readonly mapping?: number | undefined;
  /** Address from 0 to 2^64 - 1; a number is the faster way below 2^53. */
  readonly address?: bigint | number | undefined;
  /** Line, from 1 to 2^31 - 1. */
  readonly line?: number | undefined;
  /** Column, from 1 to 2^31 - 1. */
  readonly column?: number | undefined;
  /** Kind such as `native`, `kernel`, `dotnet`. */
  readonly kind?: string | undefined;
  /** Whether it was inlined into the frame that calls it. @default {false} */
  readonly inlined?: boolean | undefined;
}

/** What a sample may have beside stack, thread and values. */
export interface SampleOptions {
  /** Start of the sample in ns since the profile's start; only kept by a timed profile. @default {0} */
  readonly timeNs?: number | undefined;
  /** Index that {@linkcode ProfileBuilder.internLabels} gave. @default {0} */
  readonly labels?: number | undefined;
}

/** Facts about the whole profile that may be known only at its end. */
export interface ProfileFacts {
  /** What is counted between two samples. */
  periodType?: ValueType | undefined;
  /** Amount of `periodType` between two samples, 0 where unknown. */
  period: number;
  /** Wall time of the first moment covered. */
  startTime?: UnixNs | undefined;
  /** Time covered in ns, 0 where unknown. */
  durationNs: number;
  /** Remarks for people. */
  comments: string[];
  /** Pattern of frames below which pprof shows nothing. */
  dropFrames?: string | undefined;
  /** Pattern of frames that `dropFrames` spares. */
  keepFrames?: string | undefined;
  /** Address of a page about this kind of profile. */
  docUrl?: string | undefined;
}

const FRAME_WIDTH = 8;
const FIRST_SAMPLES = 256;

/**
 * Builds a {@linkcode Profile}: gives each string, function, frame, stack,
 * thread and set of labels one index, in order of first appearance, so that
 * equal input makes equal profiles.
 *
 * @example Two samples of one stack are one row
 * ```ts
 * import { ProfileBuilder } from "@tracedeck/tracedeck/profile";
 * import { assertEquals } from "@std/assert";
 *
 * const builder = new ProfileBuilder({
 *   valueTypes: [{ type: "samples", unit: "count" }],
 * });
 * const main = builder.internFrame({
 *   function: builder.internFunction({ name: "main" }),
 * });
 * const work = builder.internFrame({
 *   function: builder.internFunction({ name: "work" }),
 * });
 * const stack = builder.internStack(builder.internStack(-1, main), work);
 * builder.addSample(stack, -1, [1]);
 * builder.addSample(stack, -1, [2]);
 * const profile = builder.build();
 * assertEquals(profile.samples.length, 1);
 * assertEquals(profile.samples.values[0]?.[0], 3);
 * ```
 */
export class ProfileBuilder {
  /** Facts about the whole profile; may be set at any time before {@linkcode ProfileBuilder.build}. */
  readonly facts: ProfileFacts = { period: 0, durationNs: 0, comments: [] };
  readonly #valueTypes: readonly ValueType[];
  readonly #defaultValueType: number;
  readonly #maxStacks: number;

  readonly #strings: string[] = [""];
  readonly #stringIds = new Map<string, number>([["", 0]]);
  readonly #mappings: Mapping[] = [];
  readonly #mappingIds = new Map<string, number>();
  readonly #threads: ProfileThread[] = [];
  readonly #threadIds = new Map<string, number>();
  readonly #labelSets: (readonly Label[])[] = [[]];
  readonly #labelIds = new Map<string, number>([["[]", 0]]);

  readonly #functions = new TupleTable(4);
  readonly #frames = new TupleTable(FRAME_WIDTH);
  readonly #stacks = new TupleTable(2);
  readonly #functionRow = new Int32Array(4);
  readonly #frameRow = new Int32Array(FRAME_WIDTH);

  /** Distinct samples where they are summed; unused in a timed profile. */
  readonly #sums: TupleTable | undefined;
  #sampleCount = 0;
  #sampleStack = new Int32Array(0);
  #sampleThread = new Int32Array(0);
  #sampleLabels = new Int32Array(0);
  #sampleTime = new Float64Array(0);
  #values: Float64Array<ArrayBuffer>[];

  /**
   * @param options Value types, and whether samples keep their time.
   * @throws {RangeError} When there is no value type or the default is none of them.
   */
  constructor(options: ProfileBuilderOptions) {
    const {
      valueTypes,
      defaultValueType = 0,
      timed = false,
      maxStacks = 16 * 1024 * 1024,
    } = options;
    if (valueTypes.length === 0) {
      throw new RangeError(
        "Cannot build profile: valueTypes is empty, expected at least one",
      );
    }
    if (valueTypes[defaultValueType] === undefined) {
      throw new RangeError(
        `Cannot build profile: defaultValueType is ${defaultValueType}, expected 0 to ${
          valueTypes.length - 1
        }`,
      );
    }
    this.#valueTypes = valueTypes.map(({ type, unit }) => ({ type, unit }));
    this.#defaultValueType = defaultValueType;
    this.#maxStacks = maxStacks;
    this.#sums = timed ? undefined : new TupleTable(3);
    this.#values = valueTypes.map(() => new Float64Array(FIRST_SAMPLES));
    if (timed) this.#growTimed(FIRST_SAMPLES);
  }

  /** Rows of the table of samples so far. */
  get sampleCount(): number {
    return this.#sums?.length ?? this.#sampleCount;
  }

  /** Entries of the table of stacks so far. */
  get stackCount(): number {
    return this.#stacks.length;
  }

  /** @param text Any text. @returns Its index. */
  internString(text: string): number {
    let id = this.#stringIds.get(text);
    if (id === undefined) {
      id = this.#strings.length;
      this.#strings.push(text);
      this.#stringIds.set(text, id);
    }
    return id;
  }

  /** @param mapping A mapped file. @returns Its index. */
  internMapping(mapping: Mapping): number {
    const { start, end, fileOffset, fileName, buildId, goBuildId, fileId } =
      mapping;
    const key = JSON.stringify([
      String(start),
      String(end),
      String(fileOffset),
      fileName,
      buildId,
      goBuildId ?? "",
      fileId ?? "",
    ]);
    return internObject(this.#mappingIds, this.#mappings, key, () => ({
      start,
      end,
      fileOffset,
      fileName,
      buildId,
      ...(goBuildId ? { goBuildId } : {}),
      ...(fileId ? { fileId } : {}),
    }));
  }

  /** @param input A function. @returns Its index. */
  internFunction(input: FunctionInput): number {
    const { name, systemName = "", fileName = "", startLine = 0 } = input;
    const row = this.#functionRow;
    row[0] = this.internString(name);
    row[1] = systemName === name ? 0 : this.internString(systemName);
    row[2] = this.internString(fileName);
    row[3] = startLine;
    return this.#functions.intern(row);
  }

  /** @param input A place in code. @returns Its index. */
  internFrame(input: FrameInput): number {
    const { address = 0, kind = "" } = input;
    const row = this.#frameRow;
    row[0] = input.function ?? -1;
    row[1] = input.mapping ?? -1;
    if (typeof address === "number") {
      row[2] = address % 2 ** 32 | 0;
      row[3] = Math.floor(address / 2 ** 32) | 0;
    } else {
      row[2] = Number(BigInt.asIntN(32, address));
      row[3] = Number(BigInt.asIntN(32, address >> 32n));
    }
    row[4] = input.line ?? 0;
    row[5] = input.column ?? 0;
    row[6] = kind === "" ? 0 : this.internString(kind);
    row[7] = input.inlined === true ? 1 : 0;
    return this.#frames.intern(row);
  }

  /**
   * Puts a frame on top of a stack.
   *
   * @param prefix Index of the caller's stack, -1 for none.
   * @param frame Index of the frame.
   * @returns Index of the stack that has the frame as its leaf.
   * @throws {LimitError} When there are more than `maxStacks` stacks.
   */
  internStack(prefix: number, frame: number): number {
    const index = this.#stacks.intern2(prefix, frame);
    if (index >= this.#maxStacks) {
      throw new LimitError(
        `Cannot add stack: profile has ${index} entries already`,
        { limit: "maxStacks", value: index + 1, offset: 0 },
      );
    }
    return index;
  }

  /** @param stack A stack that was interned. @returns Index of its caller's stack, -1 at the root. */
  stackPrefix(stack: number): number {
    return this.#stacks.at(stack, 0);
  }

  /** @param stack A stack that was interned. @returns Index of its leaf frame. */
  stackFrame(stack: number): number {
    return this.#stacks.at(stack, 1);
  }

  /** @param thread Who was sampled; absent fields are unknown. @returns Its index. */
  internThread(thread: Partial<ProfileThread>): number {
    const { pid, tid, name = "", processName = "" } = thread;
    const key = JSON.stringify([pid ?? null, tid ?? null, name, processName]);
    return internObject(
      this.#threadIds,
      this.#threads,
      key,
      () => ({ pid, tid, name, processName }),
    );
  }

  /**
   * @param labels Labels in any order; sets that differ only in order are one.
   * @returns Index of the set, 0 for no labels.
   */
  internLabels(labels: readonly Label[]): number {
    const sorted = labels.map(({ key, value, unit }) => ({ key, value, unit }))
      .toSorted(compareLabels);
    const key = JSON.stringify(
      sorted.map((label) => [
        label.key,
        typeof label.value === "string" ? 0 : 1,
        String(label.value),
        label.unit,
      ]),
    );
    return internObject(this.#labelIds, this.#labelSets, key, () => sorted);
  }

  /**
   * Adds one sample.
   *
   * `values` and `options` are only read, so that callers may use the same
   * array and object again for the next sample.
   *
   * @param stack Index of the stack, -1 for an empty one.
   * @param thread Index of the thread, -1 where unknown.
   * @param values One number per value type.
   * @param options Time and labels.
   */
  addSample(
    stack: number,
    thread: number,
    values: ArrayLike<number>,
    options?: SampleOptions,
  ): void {
    const labels = options?.labels ?? 0;
    let row: number;
    if (this.#sums !== undefined) {
      row = this.#sums.intern3(stack, thread, labels);
      if (row >= this.#values[0]!.length) this.#growValues(row * 2);
    } else {
      row = this.#sampleCount++;
      if (row >= this.#sampleStack.length) this.#growTimed(row * 2);
      this.#sampleStack[row] = stack;
      this.#sampleThread[row] = thread;
      this.#sampleLabels[row] = labels;
      this.#sampleTime[row] = options?.timeNs ?? 0;
    }
    const columns = this.#values;
    for (let column = 0; column < columns.length; column++) {
      columns[column]![row]! += values[column]!;
    }
  }

  /**
   * Makes the profile of all that was added so far. The builder can go on and
   * build again, as a live view needs it.
   *
   * @returns The profile; it shares nothing that changes with the builder.
   */
  build(): Profile {
    const frames = this.#frames;
    const count = this.sampleCount;
    const sums = this.#sums;
    return {
      valueTypes: this.#valueTypes,
      defaultValueType: this.#defaultValueType,
      periodType: undefined,
      startTime: undefined,
      ...this.facts,
      comments: [...this.facts.comments],
      strings: [...this.#strings],
      mappings: [...this.#mappings],
      functions: {
        length: this.#functions.length,
        name: this.#functions.column(0),
        systemName: this.#functions.column(1),
        fileName: this.#functions.column(2),
        startLine: this.#functions.column(3),
      },
      frames: {
        length: frames.length,
        function: frames.column(0),
        mapping: frames.column(1),
        address: joinHalves(frames.column(2), frames.column(3)),
        line: frames.column(4),
        column: frames.column(5),
        kind: frames.column(6),
        inlined: Uint8Array.from(frames.column(7)),
      },
      stacks: {
        length: this.#stacks.length,
        prefix: this.#stacks.column(0),
        frame: this.#stacks.column(1),
      },
      threads: [...this.#threads],
      labelSets: [...this.#labelSets],
      samples: {
        length: count,
        stack: sums?.column(0) ?? this.#sampleStack.slice(0, count),
        thread: sums?.column(1) ?? this.#sampleThread.slice(0, count),
        labels: sums?.column(2) ?? this.#sampleLabels.slice(0, count),
        timeNs: sums === undefined
          ? this.#sampleTime.slice(0, count)
          : undefined,
        values: this.#values.map((column) => column.slice(0, count)),
      },
    };
  }

  #growTimed(capacity: number): void {
    this.#sampleStack = grown(Int32Array, this.#sampleStack, capacity);
    this.#sampleThread = grown(Int32Array, this.#sampleThread, capacity);
    this.#sampleLabels = grown(Int32Array, this.#sampleLabels, capacity);
    this.#sampleTime = grown(Float64Array, this.#sampleTime, capacity);
    this.#growValues(capacity);
  }

  #growValues(capacity: number): void {
    this.#values = this.#values.map((column) =>
      grown(Float64Array, column, capacity)
    );
  }
}

function internObject<T>(
  ids: Map<string, number>,
  objects: T[],
  key: string,
  make: () => T,
): number {
  let id = ids.get(key);
  if (id === undefined) {
    id = objects.length;
    objects.push(make());
    ids.set(key, id);
  }
  return id;
}

/** By key; labels of one key keep their order. */
function compareLabels(a: Label, b: Label): number {
  return a.key < b.key ? -1 : a.key > b.key ? 1 : 0;
}

function joinHalves(
  low: Int32Array,
  high: Int32Array,
): BigUint64Array<ArrayBuffer> {
  const joined = new BigUint64Array(low.length);
  const halves = new Uint32Array(joined.buffer);
  // The first half of a 64-bit integer in memory is the lower one only on
  // little-endian machines.
  const first = new Uint8Array(new Uint16Array([1]).buffer)[0]!;
  for (let index = 0; index < low.length; index++) {
    halves[index * 2 + 1 - first] = low[index]!;
    halves[index * 2 + first] = high[index]!;
  }
  return joined;
}

function grown<T extends Int32Array | Float64Array>(
  Column: new (length: number) => T,
  column: T,
  capacity: number,
): T {
  const result = new Column(Math.max(capacity, FIRST_SAMPLES));
  result.set(column);
  return result;
}
