import { DecodeStats } from "../base/decode_stats.ts";
import { FormatError, LimitError } from "../base/errors.ts";
import { type Limits, resolveLimits } from "../base/limits.ts";
import type { UnixNs } from "../base/time.ts";
import {
  decodeMessage,
  type FieldTable,
  ProtobufReader,
} from "../codec/protobuf_reader.ts";
import {
  decodePprofHead,
  type PprofHead,
  type PprofId,
} from "./_pprof_head.ts";
import { threadOfLabels } from "./_thread_labels.ts";
import { ProfileBuilder } from "./profile_builder.ts";
import { TupleTable } from "./tuple_table.ts";
import type { Label, Profile, ValueType } from "./types.ts";

const MAX_INT32 = 2 ** 31 - 1;
const FORMAT = "pprof";

/** How {@linkcode decodePprof} decodes. */
export interface DecodePprofOptions {
  /** Bounds; uses `maxQueuedRecords` for each table, that of stacks included, and `maxStringBytes`. */
  readonly limits?: Partial<Limits> | undefined;
  /** Counts what is wrong with the content and did not stop the decoding. */
  readonly stats?: DecodeStats | undefined;
}

/**
 * Decodes a pprof message, without gzip around it.
 *
 * Inlined functions become frames of their own. Labels are kept; those that
 * name a thread also give the sample's thread.
 *
 * @param bytes The whole message.
 * @param options Limits, and where faults are counted.
 * @returns The profile, its samples summed as the file has them.
 * @throws {FormatError} When the message is damaged, has no value type, or a
 * sample has another number of values.
 * @throws {TruncatedError} When it ends inside a field.
 * @throws {LimitError} When a table is larger than the limits allow.
 */
export function decodePprof(
  bytes: Uint8Array,
  options: DecodePprofOptions = {},
): Profile {
  const stats = new DecodeStats();
  try {
    const profile = new PprofDecoder(bytes, { ...options, stats }, false)
      .decode();
    options.stats?.merge(stats);
    return profile;
  } catch (error) {
    // Ids above 2^53 and negative values take 64-bit integers, which are slow.
    if (error instanceof LimitError && error.limit === "safe integer") {
      return new PprofDecoder(bytes, options, true).decode();
    }
    throw error;
  }
}

class PprofDecoder {
  readonly #bytes: Uint8Array;
  readonly #limits: Limits;
  readonly #stats: DecodeStats | undefined;
  readonly #wide: boolean;
  #head!: PprofHead;
  #builder!: ProfileBuilder;
  /** Index into `#frames` by id of a location. */
  readonly #locationIds = new Map<PprofId, number>();
  /** Frames of each location, outermost first. */
  readonly #frames: number[][] = [];
  /** Stacks on which a location of several frames was put: rows of (prefix, location). */
  readonly #runs = new TupleTable(2);
  readonly #runStacks: number[] = [];
  readonly #labels = new Map<string, { labels: number; thread: number }>();

  constructor(
    bytes: Uint8Array,
    options: DecodePprofOptions,
    wide: boolean,
  ) {
    this.#bytes = bytes;
    this.#limits = resolveLimits(options.limits);
    this.#stats = options.stats;
    this.#wide = wide;
  }

  decode(): Profile {
    this.#head = decodePprofHead(this.#open(), this.#limits, this.#wide);
    const { strings, valueTypes } = this.#head;
    if (valueTypes.length === 0) throw this.#error("it has no value type", 0);
    if (strings.length === 0 || strings[0] !== "") {
      throw this.#error("its first string is not empty", 0);
    }
    this.#builder = new ProfileBuilder({
      valueTypes: valueTypes.map((pair) => this.#valueType(pair)),
      defaultValueType: this.#defaultValueType(),
      maxStacks: this.#limits.maxQueuedRecords,
    });
    for (const text of strings) this.#builder.internString(text);
    this.#addLocations();
    this.#addSamples();
    this.#addFacts();
    return this.#builder.build();
  }

  #open(): ProtobufReader {
    return new ProtobufReader(this.#bytes, {
      format: FORMAT,
      maxDepth: this.#limits.maxDepth,
    });
  }

  #text(index: number): string {
    const text = this.#head.strings[index];
    if (text !== undefined) return text;
    this.#stats?.count("pprof_bad_string_index", "error", {
      detail: `string ${index} of ${this.#head.strings.length}`,
    });
    return "?";
  }

  #valueType([type, unit]: [number, number]): ValueType {
    return { type: this.#text(type), unit: this.#text(unit) };
  }

  /** Readers take the last type where none is named, or one that is not there. */
  #defaultValueType(): number {
    const { valueTypes, defaultType } = this.#head;
    const last = valueTypes.length - 1;
    if (defaultType === 0) return last;
    const name = this.#text(defaultType);
    const index = valueTypes.findIndex(([type]) => this.#text(type) === name);
    return index < 0 ? last : index;
  }

  #addLocations(): void {
    const functions = new Map<PprofId, number>();
    for (const fn of this.#head.functions) {
      const index = this.#builder.internFunction({
        name: this.#text(fn.name),
        systemName: this.#text(fn.systemName),
        fileName: this.#text(fn.fileName),
        startLine: this.#int32(fn.startLine),
      });
      this.#register(functions, "function", fn.id, index);
    }
    const mappings = new Map<PprofId, number>();
    for (const mapping of this.#head.mappings) {
      const index = this.#builder.internMapping({
        ...mapping,
        fileName: this.#text(mapping.fileName),
        buildId: this.#text(mapping.buildId),
      });
      this.#register(mappings, "mapping", mapping.id, index);
    }
    for (const location of this.#head.locations) {
      const mapping = isZero(location.mapping)
        ? undefined
        : this.#lookUp(mappings, "mapping", location.mapping);
      const { address } = location;
      // Lines stand innermost first; only the outermost is called by the next location.
      const lines = location.lines.toReversed();
      const frames = lines.map(({ fn, line, column }, position) =>
        this.#builder.internFrame({
          function: this.#lookUp(functions, "function", fn) ??
            this.#builder.internFunction({ name: "?" }),
          mapping,
          address,
          line: this.#int32(line),
          column: this.#int32(column),
          inlined: position > 0,
        })
      );
      if (frames.length === 0) {
        frames.push(this.#builder.internFrame({ mapping, address }));
      }
      const index = this.#frames.push(frames) - 1;
      this.#register(this.#locationIds, "location", location.id, index);
    }
  }

  /** A later entry of the same id wins. */
  #register(
    ids: Map<PprofId, number>,
    what: string,
    id: PprofId,
    index: number,
  ): void {
    if (isZero(id) || ids.has(id)) {
      this.#stats?.count(`pprof_bad_${what}_id`, "error", {
        detail: isZero(id) ? `${what} with id 0` : `${what} ${id} exists twice`,
      });
    }
    if (!isZero(id)) ids.set(id, index);
  }

  #lookUp(
    ids: Map<PprofId, number>,
    what: string,
    id: PprofId,
  ): number | undefined {
    const index = ids.get(id);
    if (index === undefined) {
      this.#stats?.count(`pprof_unknown_${what}`, "error", {
        detail: `${what} ${id} does not exist`,
      });
    }
    return index;
  }

  #addSamples(): void {
    const reader = this.#open();
    const values = new Float64Array(this.#head.valueTypes.length);
    const sample: PprofSample = { ids: [], values, valueCount: 0, labels: [] };
    const fields = this.#sampleFields();
    for (let row = 0; reader.next();) {
      if (reader.field !== 2) {
        reader.skip();
        continue;
      }
      sample.ids.length = 0;
      sample.labels.length = 0;
      sample.valueCount = 0;
      values.fill(0);
      const message = reader.message();
      decodeMessage(message, fields, sample);
      if (sample.valueCount !== values.length) {
        throw this.#error(
          `sample ${row} has ${sample.valueCount} values, expected ${values.length}`,
          message.offset,
          `sample ${row}`,
        );
      }
      const { labels, thread } = this.#labelsOf(sample.labels);
      this.#builder.addSample(this.#stackOf(sample.ids), thread, values, {
        labels,
      });
      row++;
    }
  }

  #sampleFields(): FieldTable<PprofSample> {
    const addValue = (target: PprofSample, value: number): void => {
      // More values than types are counted and not kept.
      target.values[target.valueCount++] = value;
    };
    if (!this.#wide) {
      return {
        1: (target, reader) =>
          reader.eachUint64AsNumber((id) => target.ids.push(id)),
        2: (target, reader) =>
          reader.eachUint64AsNumber((value) => addValue(target, value)),
        3: (target, reader) => target.labels.push(reader.bytes()),
      };
    }
    return {
      1: (target, reader) => reader.eachUint64((id) => target.ids.push(id)),
      2: (target, reader) =>
        reader.eachUint64((value) =>
          addValue(target, this.#double(BigInt.asIntN(64, value)))
        ),
      3: (target, reader) => target.labels.push(reader.bytes()),
    };
  }

  #stackOf(ids: readonly PprofId[]): number {
    let stack = -1;
    for (let at = ids.length - 1; at >= 0; at--) {
      const location = this.#lookUp(this.#locationIds, "location", ids[at]!);
      if (location === undefined) {
        stack = this.#builder.internStack(
          stack,
          this.#builder.internFrame({
            function: this.#builder.internFunction({ name: "?" }),
          }),
        );
        continue;
      }
      const frames = this.#frames[location]!;
      stack = frames.length === 1
        ? this.#builder.internStack(stack, frames[0]!)
        : this.#addRun(stack, location, frames);
    }
    return stack;
  }

  /** Each long location is walked once per caller, however many samples have it. */
  #addRun(
    prefix: number,
    location: number,
    frames: readonly number[],
  ): number {
    const run = this.#runs.intern2(prefix, location);
    let stack = this.#runStacks[run];
    if (stack === undefined) {
      stack = prefix;
      for (const frame of frames) {
        stack = this.#builder.internStack(stack, frame);
      }
      this.#runStacks[run] = stack;
    }
    return stack;
  }

  #labelsOf(
    messages: readonly Uint8Array[],
  ): { labels: number; thread: number } {
    if (messages.length === 0) return NO_LABELS;
    let key = "";
    for (const bytes of messages) {
      key += `${bytes.length}:`;
      for (const byte of bytes) key += String.fromCharCode(byte);
    }
    let found = this.#labels.get(key);
    if (found === undefined) {
      const labels = messages.map((bytes) => this.#label(bytes));
      const thread = threadOfLabels(labels);
      found = {
        labels: this.#builder.internLabels(labels),
        thread: thread === undefined ? -1 : this.#builder.internThread(thread),
      };
      this.#labels.set(key, found);
    }
    return found;
  }

  #label(bytes: Uint8Array): Label {
    const reader = new ProtobufReader(bytes, { format: FORMAT });
    const { key, text, number, unit } = decodeMessage(reader, LABEL_FIELDS, {
      key: 0,
      text: 0,
      number: 0n,
      unit: 0,
    });
    if (text !== 0) {
      return { key: this.#text(key), value: this.#text(text), unit: "" };
    }
    const narrow = Number(number);
    return {
      key: this.#text(key),
      value: Number.isSafeInteger(narrow) ? narrow : number,
      unit: this.#text(unit),
    };
  }

  #addFacts(): void {
    const head = this.#head;
    const { facts } = this.#builder;
    if (head.timeNanos !== 0n) facts.startTime = head.timeNanos as UnixNs;
    facts.durationNs = this.#double(head.durationNanos);
    facts.period = this.#double(head.period);
    if (head.periodType !== undefined) {
      facts.periodType = this.#valueType(head.periodType);
    }
    for (const index of head.comments) facts.comments.push(this.#text(index));
    if (head.dropFrames !== 0) facts.dropFrames = this.#text(head.dropFrames);
    if (head.keepFrames !== 0) facts.keepFrames = this.#text(head.keepFrames);
    if (head.docUrl !== 0) facts.docUrl = this.#text(head.docUrl);
  }

  #int32(value: bigint): number {
    if (value >= 0n && value <= MAX_INT32) return Number(value);
    this.#stats?.count("pprof_bad_line", "notice", {
      detail: `line or column is ${value}`,
    });
    return 0;
  }

  #double(value: bigint): number {
    const number = Number(value);
    if (!Number.isSafeInteger(number)) {
      this.#stats?.count("pprof_value_rounded", "notice", {
        detail: `value ${value} is beyond 2^53`,
      });
    }
    return number;
  }

  #error(state: string, offset: number, record?: string): FormatError {
    return new FormatError(
      `Cannot read pprof message at byte ${offset}: ${state}`,
      { format: FORMAT, offset, record },
    );
  }
}

interface PprofSample {
  readonly ids: PprofId[];
  readonly values: Float64Array;
  valueCount: number;
  readonly labels: Uint8Array[];
}

const NO_LABELS = { labels: 0, thread: -1 };

const LABEL_FIELDS: FieldTable<
  { key: number; text: number; number: bigint; unit: number }
> = {
  1: (target, reader) => target.key = reader.uint64AsNumber(),
  2: (target, reader) => target.text = reader.uint64AsNumber(),
  3: (target, reader) => target.number = reader.int64(),
  4: (target, reader) => target.unit = reader.uint64AsNumber(),
};

function isZero(id: PprofId): boolean {
  return id === 0 || id === 0n;
}
