import type { DecodeStats } from "../base/decode_stats.ts";
import { ProtobufWriter } from "../codec/protobuf_writer.ts";
import { PprofLocations } from "./_pprof_locations.ts";
import { PprofStrings } from "./_pprof_strings.ts";
import {
  DEFAULT_THREAD_LABEL_KEYS,
  type ThreadLabelKeys,
  withThreadLabels,
} from "./_thread_labels.ts";
import { aggregateSamples } from "./aggregate_samples.ts";
import type { Label, Profile, ValueType } from "./types.ts";

// Profile: 1 sample_type, 2 sample, 3 mapping, 4 location, 5 function,
// 6 string_table, 7 drop_frames, 8 keep_frames, 9 time_nanos,
// 10 duration_nanos, 11 period_type, 12 period, 13 comment,
// 14 default_sample_type, 15 doc_url. Strings are indexes into the table.
const CHUNK_BYTES = 64 * 1024;
const MAX_INT64 = 2n ** 63n - 1n;

/** How {@linkcode encodePprof} encodes. */
export interface EncodePprofOptions {
  /** Keys of the labels that name a sample's thread. @default `tid`, `thread`, `pid`, `process` */
  readonly threadLabelKeys?: Partial<ThreadLabelKeys> | undefined;
  /** Counts values that had to be cut to 64 bits. */
  readonly stats?: DecodeStats | undefined;
}

/**
 * Encodes a profile as a pprof message, without gzip around it.
 *
 * Samples of equal stack, thread and labels become one; times are dropped,
 * since pprof has none. Only what samples use is written, in the order of the
 * profile's tables, so that equal profiles give equal bytes.
 *
 * @param profile The profile.
 * @param options Label keys, and where losses are counted.
 * @returns The message in pieces.
 *
 * @example The bytes of one sample
 * ```ts
 * import { ProfileBuilder, encodePprof } from "@tracedeck/tracedeck/profile";
 * import { assertEquals } from "@std/assert";
 *
 * const builder = new ProfileBuilder({
 *   valueTypes: [{ type: "samples", unit: "count" }],
 * });
 * const frame = builder.internFrame({
 *   function: builder.internFunction({ name: "main" }),
 * });
 * builder.addSample(builder.internStack(-1, frame), -1, [1]);
 * const [message] = encodePprof(builder.build());
 * assertEquals(message?.subarray(0, 2).toHex(), "0a04");
 * ```
 */
export function encodePprof(
  profile: Profile,
  options: EncodePprofOptions = {},
): Generator<Uint8Array<ArrayBuffer>, void, undefined> {
  return new PprofEncoder(profile, options).encode();
}

class PprofEncoder {
  readonly #profile: Profile;
  readonly #keys: ThreadLabelKeys;
  readonly #stats: DecodeStats | undefined;
  readonly #writer = new ProtobufWriter();
  readonly #locations: PprofLocations;
  readonly #strings: PprofStrings;
  /** Labels of the samples, by labels and thread. */
  readonly #labelSets = new Map<number, readonly Label[]>();
  readonly #labelBytes = new Map<number, Uint8Array>();
  readonly #comments: readonly string[];

  constructor(profile: Profile, options: EncodePprofOptions) {
    this.#profile = aggregateSamples(profile);
    this.#keys = { ...DEFAULT_THREAD_LABEL_KEYS, ...options.threadLabelKeys };
    this.#stats = options.stats;
    this.#comments =
      profile.samples.length === 0 && profile.comments.length === 0
        ? ["no samples"]
        : profile.comments;
    this.#locations = new PprofLocations(this.#profile);
    this.#strings = new PprofStrings(profile);
    this.#collectStrings();
  }

  *encode(): Generator<Uint8Array<ArrayBuffer>, void, undefined> {
    const writer = this.#writer;
    for (const write of this.#records()) {
      write();
      if (writer.length < CHUNK_BYTES) continue;
      yield writer.toBytes();
      writer.clear();
    }
    yield writer.toBytes();
  }

  /** The top-level fields in ascending order. */
  *#records(): Generator<() => void, void, undefined> {
    const { valueTypes, samples } = this.#profile;
    for (const type of valueTypes) yield () => this.#valueType(1, type);
    const ids: number[] = [];
    const values = new Array<number | bigint>(valueTypes.length);
    let row = 0;
    // One closure for all samples: there may be millions.
    const sample = () => this.#sample(row, ids, values);
    for (; row < samples.length; row++) yield sample;
    for (const mapping of this.#locations.mappings) {
      yield () => this.#mapping(mapping);
    }
    for (let id = 1; id <= this.#locations.length; id++) {
      yield () => this.#location(id);
    }
    for (const fn of this.#locations.functions) yield () => this.#function(fn);
    for (const text of this.#strings.table()) {
      yield () => this.#writer.element(6, text);
    }
    yield () => this.#facts();
  }

  #facts(): void {
    const { profile: p, writer: w } = {
      profile: this.#profile,
      writer: this.#writer,
    };
    w.uint(7, this.#strings.id(p.dropFrames));
    w.uint(8, this.#strings.id(p.keepFrames));
    w.int(9, p.startTime ?? 0n);
    w.int(10, this.#int64(p.durationNs));
    if (p.periodType !== undefined) this.#valueType(11, p.periodType);
    w.int(12, this.#int64(p.period));
    w.packed(13, this.#comments.map((text) => this.#strings.id(text)));
    // Readers take the last type where none is named.
    if (p.defaultValueType !== p.valueTypes.length - 1) {
      w.uint(14, this.#strings.id(p.valueTypes[p.defaultValueType]!.type));
    }
    w.uint(15, this.#strings.id(p.docUrl));
  }

  #collectStrings(): void {
    const { valueTypes, periodType, functions, mappings, samples } =
      this.#profile;
    const strings = this.#strings;
    for (
      const { type, unit } of [
        ...valueTypes,
        ...(periodType ? [periodType] : []),
      ]
    ) {
      strings.use(type);
      strings.use(unit);
    }
    for (let row = 0; row < samples.length; row++) {
      const key = this.#labelKey(row);
      if (this.#labelSets.has(key)) continue;
      const labels = this.#labelsOf(row);
      this.#labelSets.set(key, labels);
      for (const { key, value, unit } of labels) {
        strings.use(key);
        if (typeof value === "string") strings.use(value);
        else strings.use(unit);
      }
    }
    for (const mapping of this.#locations.mappings) {
      strings.use(mappings[mapping]!.fileName);
      strings.use(mappings[mapping]!.buildId);
    }
    for (const fn of this.#locations.functions) {
      strings.useIndex(functions.name[fn]!);
      strings.useIndex(functions.systemName[fn]!);
      strings.useIndex(functions.fileName[fn]!);
    }
    for (const text of this.#comments) strings.use(text);
    const { dropFrames, keepFrames, docUrl } = this.#profile;
    for (const text of [dropFrames, keepFrames, docUrl]) {
      strings.use(text ?? "");
    }
    strings.freeze();
  }

  #valueType(field: number, { type, unit }: ValueType): void {
    this.#writer.message(field, (writer) => {
      writer.uint(1, this.#strings.id(type));
      writer.uint(2, this.#strings.id(unit));
    });
  }

  #sample(row: number, ids: number[], values: (number | bigint)[]): void {
    const { samples } = this.#profile;
    this.#locations.idsOf(samples.stack[row]!, ids);
    for (let column = 0; column < values.length; column++) {
      values[column] = this.#int64(samples.values[column]![row]!);
    }
    this.#writer.message(2, (writer) => {
      writer.packed(1, ids);
      writer.packed(2, values);
      writer.raw(this.#labels(row));
    });
  }

  #labelKey(row: number): number {
    const { samples, threads } = this.#profile;
    return samples.labels[row]! * (threads.length + 1) +
      samples.thread[row]! + 1;
  }

  #labelsOf(row: number): readonly Label[] {
    const { samples, threads, labelSets } = this.#profile;
    return withThreadLabels(
      labelSets[samples.labels[row]!] ?? [],
      threads[samples.thread[row]!],
      this.#keys,
    );
  }

  #labels(row: number): Uint8Array {
    const key = this.#labelKey(row);
    let bytes = this.#labelBytes.get(key);
    if (bytes === undefined) {
      const writer = new ProtobufWriter();
      for (const { key: name, value, unit } of this.#labelSets.get(key)!) {
        writer.message(3, () => {
          writer.uint(1, this.#strings.id(name));
          if (typeof value === "string") {
            writer.uint(2, this.#strings.id(value));
          } else {
            writer.int(3, this.#int64(value));
            writer.uint(4, this.#strings.id(unit));
          }
        });
      }
      bytes = writer.toBytes();
      this.#labelBytes.set(key, bytes);
    }
    return bytes;
  }

  #mapping(index: number): void {
    const { start, end, fileOffset, fileName, buildId } = this.#profile
      .mappings[index]!;
    const has = this.#locations.mappingFacts(index);
    this.#writer.message(3, (writer) => {
      writer.uint(1, this.#locations.mappingId(index));
      writer.uint(2, start);
      writer.uint(3, end);
      writer.uint(4, fileOffset);
      writer.uint(5, this.#strings.id(fileName));
      writer.uint(6, this.#strings.id(buildId));
      writer.bool(7, has.functions);
      writer.bool(8, has.fileNames);
      writer.bool(9, has.lineNumbers);
      writer.bool(10, has.inlineFrames);
    });
  }

  #location(id: number): void {
    const { frames } = this.#profile;
    const { mapping, address, lines } = this.#locations.at(id);
    this.#writer.message(4, (writer) => {
      writer.uint(1, id);
      writer.uint(2, this.#locations.mappingId(mapping));
      writer.uint(3, address);
      for (const frame of lines) {
        writer.message(4, () => {
          writer.uint(1, this.#locations.functionId(frames.function[frame]!));
          writer.uint(2, frames.line[frame]!);
          writer.uint(3, frames.column[frame]!);
        });
      }
    });
  }

  #function(index: number): void {
    const { functions } = this.#profile;
    const name = functions.name[index]!;
    this.#writer.message(5, (writer) => {
      writer.uint(1, this.#locations.functionId(index));
      writer.uint(2, this.#strings.idOfIndex(name));
      writer.uint(
        3,
        this.#strings.idOfIndex(functions.systemName[index]! || name),
      );
      writer.uint(4, this.#strings.idOfIndex(functions.fileName[index]!));
      writer.uint(5, functions.startLine[index]!);
    });
  }

  /** Numbers of a profile are doubles: rounded, and cut to what 64 bits hold. */
  #int64(value: number | bigint): number | bigint {
    if (Number.isSafeInteger(value)) return value as number;
    const exact = typeof value === "bigint"
      ? value
      : Number.isFinite(value)
      ? BigInt(Math.round(value))
      : value > 0
      ? MAX_INT64
      : value < 0
      ? -MAX_INT64
      : 0n;
    if (exact <= MAX_INT64 && exact >= -MAX_INT64 - 1n) return exact;
    this.#stats?.count("pprof_value_cut", "data_loss", {
      detail: `value ${exact} does not fit 64 bits`,
    });
    return exact > 0n ? MAX_INT64 : -MAX_INT64 - 1n;
  }
}
