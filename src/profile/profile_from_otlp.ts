import type { DecodeStats } from "../base/decode_stats.ts";
import type { UnixNs } from "../base/time.ts";
import { toJsonText } from "../base/json_text.ts";
import {
  CONTEXT_LABEL_PREFIX,
  OTLP_KEY,
  PROFILE_LABEL,
} from "./otlp_key_table.ts";
import type {
  OtlpAnyValue,
  OtlpDictionary,
  OtlpKeyValue,
  OtlpLocation,
  OtlpProfile,
  OtlpProfiles,
  OtlpSample,
  OtlpValueType,
} from "./otlp_types.ts";
import { ProfileBuilder } from "./profile_builder.ts";
import type { Label, Profile, ProfileThread, ValueType } from "./types.ts";

/** How {@linkcode profileFromOtlp} makes a profile. */
export interface ProfileFromOtlpOptions {
  /** Whether samples keep their times if all of them have some; else they are summed. @default {true} */
  readonly timed?: boolean | undefined;
  /** Counts indexes and samples that cannot be right. */
  readonly stats?: DecodeStats | undefined;
}

const BAD_INDEX = "[bad index]";
const MAX_LINE = 2 ** 31 - 1;

/**
 * Makes one profile of all profiles in OTLP messages.
 *
 * Attributes of a resource and of a sample become labels, except those that
 * name the thread. Where a sample counts what the profile's period is the time
 * of, a column with that time is added. Samples keep their times if all of them
 * have some.
 *
 * @param messages Decoded messages.
 * @param options Where faults are counted.
 * @returns The profile; it has one column `samples` when there are no profiles.
 */
export function profileFromOtlp(
  messages: readonly OtlpProfiles[],
  options: ProfileFromOtlpOptions = {},
): Profile {
  return new OtlpProfileReader(messages, options).read();
}

/** A profile with what it belongs to. */
interface ProfilePlace {
  readonly profile: OtlpProfile;
  readonly dictionary: OtlpDictionary;
  readonly resource: readonly OtlpKeyValue[];
  readonly path: string;
  /** Column of its values. */
  column: number;
  /** Column of its values times period, -1 where there is none. */
  timeColumn: number;
}

class OtlpProfileReader {
  readonly #stats: DecodeStats | undefined;
  readonly #places: ProfilePlace[] = [];
  readonly #valueTypes: ValueType[] = [];
  #builder!: ProfileBuilder;
  #startNs = 0n;
  #endNs = 0n;
  #isTimed: boolean;

  constructor(
    messages: readonly OtlpProfiles[],
    options: ProfileFromOtlpOptions,
  ) {
    this.#stats = options.stats;
    this.#isTimed = options.timed ?? true;
    messages.forEach(({ resourceProfiles, dictionary }) =>
      resourceProfiles.forEach(({ attributes, scopeProfiles }, at) =>
        scopeProfiles.forEach(({ profiles }, scope) =>
          profiles.forEach((profile, index) =>
            this.#places.push({
              profile,
              dictionary,
              resource: attributes,
              path:
                `resource_profiles[${at}].scope_profiles[${scope}].profiles[${index}]`,
              column: 0,
              timeColumn: -1,
            })
          )
        )
      )
    );
  }

  read(): Profile {
    const measured = new Set(
      this.#places.flatMap((place) => {
        const { sampleType } = place.profile;
        return sampleType === undefined
          ? []
          : [keyOf(this.#valueType(place, sampleType))];
      }),
    );
    for (const place of this.#places) this.#prepare(place, measured);
    if (this.#valueTypes.length === 0) {
      this.#valueTypes.push({ type: "samples", unit: "count" });
    }
    this.#builder = new ProfileBuilder({
      valueTypes: this.#valueTypes,
      timed: this.#isTimed,
    });
    const { facts } = this.#builder;
    for (const place of this.#places) {
      const { periodType, period } = place.profile;
      if (facts.periodType === undefined && periodType !== undefined) {
        facts.periodType = this.#valueType(place, periodType);
        facts.period = Number(period);
      }
      new PlaceReader(place, this.#builder, this.#stats, {
        startNs: this.#startNs,
        isTimed: this.#isTimed,
        columns: this.#valueTypes.length,
      }).read();
    }
    if (this.#startNs > 0n) {
      facts.startTime = this.#startNs as UnixNs;
      facts.durationNs = Number(this.#endNs - this.#startNs);
    }
    return this.#builder.build();
  }

  /** What a profile of its own measures is not reckoned from counts as well. */
  #prepare(place: ProfilePlace, measured: ReadonlySet<string>): void {
    const { profile } = place;
    const { timeUnixNano, durationNano, samples, sampleType, periodType } =
      profile;
    const type = sampleType === undefined
      ? { type: "", unit: "" }
      : this.#valueType(place, sampleType);
    place.column = this.#column(type);
    if (
      periodType !== undefined && profile.period > 0n && type.unit === "count"
    ) {
      const time = this.#valueType(place, periodType);
      if (time.unit === "nanoseconds" && !measured.has(keyOf(time))) {
        place.timeColumn = this.#column(time);
      }
    }
    if (timeUnixNano > 0n) {
      this.#cover(timeUnixNano);
      this.#cover(timeUnixNano + durationNano);
    }
    for (const { timestampsUnixNano } of samples) {
      if (timestampsUnixNano.length === 0) this.#isTimed = false;
      for (const time of timestampsUnixNano) this.#cover(time);
    }
  }

  #cover(time: bigint): void {
    if (this.#startNs === 0n || time < this.#startNs) this.#startNs = time;
    if (time > this.#endNs) this.#endNs = time;
  }

  #column({ type, unit }: ValueType): number {
    const found = this.#valueTypes.findIndex((known) =>
      known.type === type && known.unit === unit
    );
    return found >= 0 ? found : this.#valueTypes.push({ type, unit }) - 1;
  }

  #valueType(
    { dictionary: { stringTable } }: ProfilePlace,
    { typeStrindex, unitStrindex }: OtlpValueType,
  ): ValueType {
    return {
      type: stringTable[typeStrindex] ?? BAD_INDEX,
      unit: stringTable[unitStrindex] ?? BAD_INDEX,
    };
  }
}

function keyOf({ type, unit }: ValueType): string {
  return `${type}\0${unit}`;
}

interface ReadContext {
  readonly startNs: bigint;
  readonly isTimed: boolean;
  readonly columns: number;
}

/** What attributes and link of a sample mean. */
interface SampleMeaning {
  readonly thread: number;
  readonly labels: number;
}

class PlaceReader {
  readonly #place: ProfilePlace;
  readonly #dictionary: OtlpDictionary;
  readonly #builder: ProfileBuilder;
  readonly #stats: DecodeStats | undefined;
  readonly #context: ReadContext;
  readonly #locations = new Map<number, readonly number[]>();
  readonly #stacks = new Map<number, number>();
  readonly #meanings = new Map<string, SampleMeaning>();

  constructor(
    place: ProfilePlace,
    builder: ProfileBuilder,
    stats: DecodeStats | undefined,
    context: ReadContext,
  ) {
    this.#place = place;
    this.#dictionary = place.dictionary;
    this.#builder = builder;
    this.#stats = stats;
    this.#context = context;
  }

  read(): void {
    const { profile, path, column, timeColumn } = this.#place;
    const period = Number(profile.period);
    const row = new Float64Array(this.#context.columns);
    const options = { timeNs: 0, labels: 0 };
    profile.samples.forEach((sample, index) => {
      const { values, timestampsUnixNano: times } = sample;
      const fault = faultOfShape(sample);
      if (fault !== undefined) {
        this.#stats?.count("otlp_bad_sample", "data_loss", {
          detail: `${path}.samples[${index}] has ${fault}`,
        });
        return;
      }
      const stack = this.#stackOf(sample.stackIndex);
      const { thread, labels } = this.#meaningOf(sample);
      options.labels = labels;
      const add = (value: number) => {
        row[column] = value;
        if (timeColumn >= 0) row[timeColumn] = value * period;
        this.#builder.addSample(stack, thread, row, options);
      };
      if (times.length === 0) add(Number(values[0]));
      else if (this.#context.isTimed) {
        for (let at = 0; at < times.length; at++) {
          options.timeNs = Number(times[at]! - this.#context.startNs);
          add(values.length === 0 ? 1 : Number(values[at]));
        }
      } else if (values.length === 0) add(times.length);
      else for (const value of values) add(Number(value));
    });
  }

  #stackOf(index: number): number {
    let stack = this.#stacks.get(index);
    if (stack !== undefined) return stack;
    const locations = this.#dictionary.stackTable[index];
    stack = -1;
    if (locations === undefined) {
      if (index !== 0) {
        this.#countIndex("stack_table", index);
        stack = this.#builder.internStack(-1, this.#badFrame());
      }
    } else {
      for (let at = locations.length - 1; at >= 0; at--) {
        for (const frame of this.#framesOf(locations[at]!)) {
          stack = this.#builder.internStack(stack, frame);
        }
      }
    }
    this.#stacks.set(index, stack);
    return stack;
  }

  /** Frames of a location, the outermost first. */
  #framesOf(index: number): readonly number[] {
    let frames = this.#locations.get(index);
    if (frames !== undefined) return frames;
    const location = this.#dictionary.locationTable[index];
    if (location === undefined) {
      this.#countIndex("location_table", index);
      frames = [this.#badFrame()];
    } else frames = this.#internFrames(location);
    this.#locations.set(index, frames);
    return frames;
  }

  #internFrames(location: OtlpLocation): readonly number[] {
    const { mappingIndex, address, lines, attributeIndices } = location;
    const mapping = this.#mappingOf(mappingIndex);
    const kind = this.#text(attributeIndices, OTLP_KEY.frameType);
    if (lines.length === 0) {
      return [this.#builder.internFrame({ mapping, address, kind })];
    }
    return lines.toReversed().map(({ functionIndex, line, column }, at) =>
      this.#builder.internFrame({
        function: this.#functionOf(functionIndex),
        mapping,
        address,
        line: lineNumber(line),
        column: lineNumber(column),
        kind,
        inlined: at > 0,
      })
    );
  }

  #functionOf(index: number): number | undefined {
    if (index === 0) return undefined;
    const fn = this.#dictionary.functionTable[index];
    if (fn === undefined) {
      this.#countIndex("function_table", index);
      return this.#builder.internFunction({ name: BAD_INDEX });
    }
    return this.#builder.internFunction({
      name: this.#string(fn.nameStrindex),
      systemName: this.#string(fn.systemNameStrindex),
      fileName: this.#string(fn.filenameStrindex),
      startLine: lineNumber(fn.startLine),
    });
  }

  #mappingOf(index: number): number | undefined {
    if (index === 0) return undefined;
    const mapping = this.#dictionary.mappingTable[index];
    if (mapping === undefined) {
      this.#countIndex("mapping_table", index);
      return undefined;
    }
    const attribute = (key: string) =>
      this.#text(mapping.attributeIndices, key);
    const { memoryStart, memoryLimit } = mapping;
    const hasBounds = memoryStart <= memoryLimit;
    if (!hasBounds) {
      this.#stats?.count("otlp_bad_mapping", "notice", {
        detail: `dictionary.mapping_table[${index}] ends before it starts`,
      });
    }
    return this.#builder.internMapping({
      start: hasBounds ? memoryStart : 0n,
      end: hasBounds ? memoryLimit : 0n,
      fileOffset: mapping.fileOffset,
      fileName: this.#string(mapping.filenameStrindex),
      buildId: attribute(OTLP_KEY.buildIdGnu),
      goBuildId: attribute(OTLP_KEY.buildIdGo),
      fileId: attribute(OTLP_KEY.buildIdHash),
    });
  }

  #meaningOf({ attributeIndices, linkIndex }: OtlpSample): SampleMeaning {
    const key = `${linkIndex};${attributeIndices.join()}`;
    let meaning = this.#meanings.get(key);
    if (meaning === undefined) {
      meaning = this.#readMeaning(attributeIndices, linkIndex);
      this.#meanings.set(key, meaning);
    }
    return meaning;
  }

  #readMeaning(
    attributeIndices: readonly number[],
    linkIndex: number,
  ): SampleMeaning {
    const labels = new Map<string, Label>();
    const add = (key: string, value: OtlpAnyValue, unit: string) => {
      const plain = plainValue(value);
      if (plain === "" || plain === undefined) return;
      const name = labelKey(key);
      labels.set(name, { key: name, value: plain, unit });
    };
    for (const { key, keyStrindex, value } of this.#place.resource) {
      if (value !== undefined) {
        add(key || this.#string(keyStrindex), this.#resolve(value), "");
      }
    }
    for (const index of attributeIndices) {
      const attribute = this.#dictionary.attributeTable[index];
      if (attribute === undefined) {
        this.#countIndex("attribute_table", index);
        continue;
      }
      const { keyStrindex, value, unitStrindex } = attribute;
      if (value === undefined) continue;
      add(
        this.#string(keyStrindex),
        this.#resolve(value),
        this.#string(unitStrindex),
      );
    }
    this.#addLink(linkIndex, labels);
    return takeThread(labels, this.#builder);
  }

  #addLink(index: number, labels: Map<string, Label>): void {
    if (index === 0) return;
    const link = this.#dictionary.linkTable[index];
    if (link === undefined) {
      this.#countIndex("link_table", index);
      return;
    }
    for (
      const [key, bytes] of [
        [PROFILE_LABEL.traceId, link.traceId],
        [PROFILE_LABEL.spanId, link.spanId],
      ] as const
    ) {
      if (bytes.every((byte) => byte === 0)) continue;
      labels.set(key, { key, value: bytes.toHex(), unit: "" });
    }
  }

  /** Text of the attribute with a key, empty where there is none. */
  #text(attributeIndices: readonly number[], wanted: string): string {
    for (const index of attributeIndices) {
      const attribute = this.#dictionary.attributeTable[index];
      if (attribute === undefined) {
        this.#countIndex("attribute_table", index);
        continue;
      }
      if (this.#string(attribute.keyStrindex) !== wanted) continue;
      const { value } = attribute;
      if (value === undefined) return "";
      return String(plainValue(this.#resolve(value)) ?? "");
    }
    return "";
  }

  #resolve(value: OtlpAnyValue): OtlpAnyValue {
    return value.type === "strindex"
      ? { type: "string", value: this.#string(value.value) }
      : value;
  }

  #string(index: number): string {
    const text = this.#dictionary.stringTable[index];
    if (text !== undefined) return text;
    this.#countIndex("string_table", index);
    return BAD_INDEX;
  }

  #badFrame(): number {
    return this.#builder.internFrame({
      function: this.#builder.internFunction({ name: BAD_INDEX }),
    });
  }

  #countIndex(table: keyof typeof TABLES, index: number): void {
    this.#stats?.count("otlp_bad_index", "error", {
      detail: `dictionary.${table} has ${
        this.#dictionary[TABLES[table]].length
      } entries, index is ${index}`,
    });
  }
}

const TABLES = {
  "mapping_table": "mappingTable",
  "location_table": "locationTable",
  "function_table": "functionTable",
  "link_table": "linkTable",
  "string_table": "stringTable",
  "attribute_table": "attributeTable",
  "stack_table": "stackTable",
} as const;

/**
 * @param sample A sample.
 * @returns What its values and timestamps make impossible, or `undefined`.
 */
export function faultOfShape(
  { values, timestampsUnixNano: times }: OtlpSample,
): string | undefined {
  if (values.length === 0 && times.length === 0) {
    return "neither values nor timestamps";
  }
  if (times.length === 0 && values.length > 1) {
    return `${values.length} values and no timestamps`;
  }
  if (
    times.length > 0 && values.length > 0 && times.length !== values.length
  ) return `${values.length} values and ${times.length} timestamps`;
  return undefined;
}

function labelKey(key: string): string {
  if (key === OTLP_KEY.cpu) return PROFILE_LABEL.cpu;
  return key.startsWith(CONTEXT_LABEL_PREFIX)
    ? key.slice(CONTEXT_LABEL_PREFIX.length)
    : key;
}

/** Takes what names the thread out of the labels. */
function takeThread(
  labels: Map<string, Label>,
  builder: ProfileBuilder,
): SampleMeaning {
  const take = (key: string) => {
    const value = labels.get(key)?.value;
    if (value !== undefined) labels.delete(key);
    return value;
  };
  const number = (key: string) => {
    const value = Number(take(key) ?? NaN);
    return Number.isSafeInteger(value) ? value : undefined;
  };
  const path = labels.get(OTLP_KEY.processPath)?.value;
  const thread: ProfileThread = {
    pid: number(OTLP_KEY.processId),
    tid: number(OTLP_KEY.threadId),
    name: String(take(OTLP_KEY.threadName) ?? ""),
    processName: String(
      take(OTLP_KEY.processName) ?? String(path ?? "").split("/").at(-1),
    ),
  };
  const isKnown = thread.pid !== undefined || thread.tid !== undefined ||
    thread.name !== "" || thread.processName !== "";
  return {
    thread: isKnown ? builder.internThread(thread) : -1,
    labels: builder.internLabels([...labels.values()]),
  };
}

function plainValue(value: OtlpAnyValue): Label["value"] | undefined {
  switch (value.type) {
    case "none":
      return undefined;
    case "string":
    case "double":
      return value.value;
    case "bool":
      return String(value.value);
    case "int": {
      const number = Number(value.value);
      return Number.isSafeInteger(number) ? number : value.value;
    }
    case "bytes":
      return value.value.toHex();
    case "array":
    case "kvlist":
      return toJsonText(jsonOf(value));
    case "strindex":
      return BAD_INDEX;
  }
}

function jsonOf(value: OtlpAnyValue | undefined): unknown {
  switch (value?.type) {
    case "array":
      return value.value.map(jsonOf);
    case "kvlist":
      return Object.fromEntries(
        value.value.map((item) => [item.key, jsonOf(item.value)]),
      );
    case undefined:
    case "none":
      return null;
    default:
      return value?.value;
  }
}

function lineNumber(value: bigint): number {
  return value > 0n && value <= MAX_LINE ? Number(value) : 0;
}
