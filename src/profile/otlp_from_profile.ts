import type { DecodeStats } from "../base/decode_stats.ts";
import { VERSION } from "../base/version.ts";
import { OtlpDictionaryBuilder } from "./_otlp_dictionary_builder.ts";
import {
  CONTEXT_LABEL_PREFIX,
  isResourceKey,
  OTLP_KEY,
  PROFILE_LABEL,
  RESOURCE_ORDER,
} from "./otlp_key_table.ts";
import type {
  OtlpAnyValue,
  OtlpKeyValue,
  OtlpProfile,
  OtlpProfiles,
  OtlpSample,
} from "./otlp_types.ts";
import { TupleTable } from "./tuple_table.ts";
import type { Label, Profile } from "./types.ts";

/** Schema that the names of attributes are taken from. */
export const OTLP_SCHEMA_URL = "https://opentelemetry.io/schemas/1.37.0";

/** How {@linkcode otlpFromProfile} makes a message. */
export interface OtlpFromProfileOptions {
  /** Name of the program that made the profile. @default {"tracedeck"} */
  readonly scopeName?: string | undefined;
  /** Its version. @default {the version of this program} */
  readonly scopeVersion?: string | undefined;
  /** Attributes of every resource that does not have them; `service.name` among them. */
  readonly resourceAttributes?: Readonly<Record<string, string>> | undefined;
  /**
   * Whether labels that are no known attributes get the prefix by which
   * collectors recognise what a program said of itself.
   *
   * @default {false}
   */
  readonly prefixLabels?: boolean | undefined;
  /** Counts what OTLP cannot hold. */
  readonly stats?: DecodeStats | undefined;
}

const NO_BYTES = new Uint8Array(0);
const NO_VALUES = new BigInt64Array(0);
const NO_TIMES = new BigUint64Array(0);
const MAX_INT64 = 2 ** 63;

/**
 * Makes an OTLP message of a profile: one resource per process with a profile
 * per column of values. Samples of equal stack, thread and labels become one
 * with all their times. A column that is only another one times the period is
 * left out, since readers can tell it.
 *
 * Times are written where the profile's start is known; else only sums.
 *
 * @param profile The profile.
 * @param options Scope, further attributes, where losses are counted.
 * @returns The message; it has no resource when there is no sample.
 */
export function otlpFromProfile(
  profile: Profile,
  options: OtlpFromProfileOptions = {},
): OtlpProfiles {
  return new OtlpWriter(profile, options).write();
}

/** Samples of one resource: rows of equal stack, thread and labels. */
interface Group {
  readonly stack: number;
  readonly meaning: number;
  readonly rows: number[];
}

interface Resource {
  readonly attributes: readonly OtlpKeyValue[];
  readonly groups: Group[];
}

/** What thread and labels of a sample become. */
interface Meaning {
  readonly resource: Resource;
  readonly labels: readonly Label[];
  readonly threadName: string;
  readonly tid: number | undefined;
  readonly cpu: Label["value"] | undefined;
  readonly traceId: string;
  readonly spanId: string;
  encoded: { attributes: readonly number[]; link: number } | undefined;
}

class OtlpWriter {
  readonly #profile: Profile;
  readonly #options: OtlpFromProfileOptions;
  readonly #dictionary: OtlpDictionaryBuilder;
  readonly #resources = new Map<string, Resource>();
  readonly #meanings: Meaning[] = [];
  readonly #startNs: bigint | undefined;
  /** Whether a column that is written has the amount of what the period counts. */
  #hasAmounts = false;

  constructor(profile: Profile, options: OtlpFromProfileOptions) {
    this.#profile = profile;
    this.#options = options;
    this.#dictionary = new OtlpDictionaryBuilder(profile);
    this.#startNs = profile.samples.timeNs === undefined
      ? undefined
      : profile.startTime;
  }

  write(): OtlpProfiles {
    this.#groupRows();
    const { scopeName = "tracedeck", scopeVersion = VERSION } = this.#options;
    const columns = this.#columns();
    const { valueTypes, periodType } = this.#profile;
    this.#hasAmounts = columns.some((column) =>
      valueTypes[column]!.type === periodType?.type &&
      valueTypes[column]!.unit === periodType.unit
    );
    const resourceProfiles = [];
    for (const { attributes, groups } of this.#resources.values()) {
      const profiles: OtlpProfile[] = [];
      for (const column of columns) {
        const made = this.#makeProfile(groups, column);
        if (made !== undefined) profiles.push(made);
      }
      if (profiles.length === 0) continue;
      resourceProfiles.push({
        attributes,
        droppedAttributesCount: 0,
        schemaUrl: OTLP_SCHEMA_URL,
        scopeProfiles: [{
          scope: {
            name: scopeName,
            version: scopeVersion,
            attributes: [],
            droppedAttributesCount: 0,
          },
          profiles,
          schemaUrl: OTLP_SCHEMA_URL,
        }],
      });
    }
    return { resourceProfiles, dictionary: this.#dictionary.build() };
  }

  #groupRows(): void {
    const { samples, threads } = this.#profile;
    const keys = new TupleTable(3);
    const groups: Group[] = [];
    const meanings = new Map<number, number>();
    for (let row = 0; row < samples.length; row++) {
      const thread = samples.thread[row]!;
      const labels = samples.labels[row]!;
      const stack = samples.stack[row]!;
      const known = keys.length;
      const index = keys.intern3(stack, thread, labels);
      if (index < known) {
        groups[index]!.rows.push(row);
        continue;
      }
      const key = labels * (threads.length + 1) + thread + 1;
      let meaning = meanings.get(key);
      if (meaning === undefined) {
        meaning = this.#addMeaning(thread, labels);
        meanings.set(key, meaning);
      }
      const group = { stack, meaning, rows: [row] };
      groups.push(group);
      this.#meanings[meaning]!.resource.groups.push(group);
    }
  }

  #addMeaning(threadIndex: number, labelIndex: number): number {
    const thread = this.#profile.threads[threadIndex];
    const labels = new Map(
      (this.#profile.labelSets[labelIndex] ?? []).map((
        label,
      ) => [label.key, label]),
    );
    const take = (key: string) => {
      const value = labels.get(key)?.value;
      labels.delete(key);
      return value;
    };
    const cpu = take(PROFILE_LABEL.cpu);
    const traceId = idOf(labels.get(PROFILE_LABEL.traceId), 32);
    const spanId = idOf(labels.get(PROFILE_LABEL.spanId), 16);
    if (traceId !== "" && spanId !== "") {
      take(PROFILE_LABEL.traceId);
      take(PROFILE_LABEL.spanId);
    }
    const resource = new Map<string, OtlpAnyValue>();
    for (const [key, { value }] of labels) {
      if (!isResourceKey(key)) continue;
      resource.set(key, anyValue(value));
      labels.delete(key);
    }
    if (thread?.pid !== undefined) {
      resource.set(OTLP_KEY.processId, anyValue(thread.pid));
    }
    const path = resource.get(OTLP_KEY.processPath);
    const name = path?.type === "string"
      ? path.value.slice(path.value.lastIndexOf("/") + 1)
      : thread?.processName ?? "";
    if (name !== "") resource.set(OTLP_KEY.processName, anyValue(name));
    const extra = Object.entries(this.#options.resourceAttributes ?? {});
    for (const [key, value] of extra) {
      if (!resource.has(key)) resource.set(key, anyValue(value));
    }
    return this.#meanings.push({
      resource: this.#internResource(resource),
      labels: [...labels.values()],
      threadName: thread?.name ?? "",
      tid: thread?.tid,
      cpu,
      traceId,
      spanId,
      encoded: undefined,
    }) - 1;
  }

  #internResource(values: ReadonlyMap<string, OtlpAnyValue>): Resource {
    const keys = [
      ...RESOURCE_ORDER.filter((key) => values.has(key)),
      ...[...values.keys()].filter((key) => !RESOURCE_ORDER.includes(key)),
    ];
    const attributes = keys.map((key): OtlpKeyValue => ({
      key,
      keyStrindex: 0,
      value: values.get(key),
    }));
    const identity = JSON.stringify(
      attributes.map(({ key, value }) => [key, value?.type, textOf(value)]),
    );
    let resource = this.#resources.get(identity);
    if (resource === undefined) {
      resource = { attributes, groups: [] };
      this.#resources.set(identity, resource);
    }
    return resource;
  }

  /** Columns that are not another one times the period. */
  #columns(): number[] {
    const { valueTypes, samples, periodType, period } = this.#profile;
    const columns = valueTypes.map((_, column) => column);
    if (periodType === undefined || !(period > 0)) return columns;
    return columns.filter((column) => {
      const { type, unit } = valueTypes[column]!;
      if (type !== periodType.type || unit !== periodType.unit) return true;
      return !columns.some((other) => {
        if (other === column || valueTypes[other]!.unit !== "count") {
          return false;
        }
        const counts = samples.values[other]!;
        return samples.values[column]!.every((value, row) =>
          value === counts[row]! * period
        );
      });
    });
  }

  #makeProfile(
    groups: readonly Group[],
    column: number,
  ): OtlpProfile | undefined {
    const { valueTypes, periodType, period, samples } = this.#profile;
    const values = samples.values[column]!;
    const used = groups.filter(({ rows }) =>
      rows.some((row) => values[row] !== 0)
    );
    if (used.length === 0) return undefined;
    const dictionary = this.#dictionary;
    const type = valueTypes[column]!;
    const countsOnes = this.#startNs !== undefined &&
      used.every(({ rows }) =>
        rows.every((row) => values[row] === 1 || values[row] === 0)
      );
    // Readers count a period for every sample, unless the amount itself comes.
    const ofPeriod = periodType === undefined || this.#hasAmounts
      ? undefined
      : dictionary.valueType(periodType);
    const ofSample = dictionary.valueType(type);
    const made = used.map((group) =>
      this.#makeSample(group, values, countsOnes)
    );
    const { timeUnixNano, durationNano } = this.#window(made);
    return {
      sampleType: ofSample,
      samples: made,
      timeUnixNano,
      durationNano,
      periodType: ofPeriod,
      period: ofPeriod === undefined ? 0n : BigInt(Math.round(period)),
      profileId: NO_BYTES,
      droppedAttributesCount: 0,
      originalPayloadFormat: "",
      originalPayload: NO_BYTES,
      attributeIndices: [],
    };
  }

  #makeSample(
    { stack, meaning, rows }: Group,
    values: Float64Array,
    countsOnes: boolean,
  ): OtlpSample {
    const stackIndex = this.#dictionary.stack(stack);
    const { attributes, link } = this.#encodeMeaning(meaning);
    const shared = {
      stackIndex,
      attributeIndices: attributes,
      linkIndex: link,
    };
    const { timeNs } = this.#profile.samples;
    if (this.#startNs === undefined || timeNs === undefined) {
      let sum = 0;
      for (const row of rows) sum += values[row]!;
      return {
        ...shared,
        values: BigInt64Array.of(this.#int64(sum)),
        timestampsUnixNano: NO_TIMES,
      };
    }
    const kept = rows.filter((row) => values[row] !== 0);
    const startNs = this.#startNs;
    return {
      ...shared,
      values: countsOnes
        ? NO_VALUES
        : BigInt64Array.from(kept, (row) => this.#int64(values[row]!)),
      timestampsUnixNano: BigUint64Array.from(
        kept,
        (row) => startNs + BigInt(Math.round(timeNs[row]!)),
      ),
    };
  }

  #encodeMeaning(
    index: number,
  ): { attributes: readonly number[]; link: number } {
    const meaning = this.#meanings[index]!;
    if (meaning.encoded !== undefined) return meaning.encoded;
    const dictionary = this.#dictionary;
    const prefix = this.#options.prefixLabels === true
      ? CONTEXT_LABEL_PREFIX
      : "";
    const attributes = meaning.labels.map(({ key, value, unit }) =>
      dictionary.attribute(`${prefix}${key}`, anyValue(value), unit)
    );
    const { threadName, tid, cpu, traceId, spanId } = meaning;
    if (threadName !== "") {
      attributes.push(
        dictionary.attribute(OTLP_KEY.threadName, anyValue(threadName)),
      );
    }
    if (tid !== undefined) {
      attributes.push(dictionary.attribute(OTLP_KEY.threadId, anyValue(tid)));
    }
    if (cpu !== undefined) {
      attributes.push(dictionary.attribute(OTLP_KEY.cpu, anyValue(cpu)));
    }
    const link = traceId !== "" && spanId !== ""
      ? dictionary.link(traceId, spanId)
      : 0;
    meaning.encoded = { attributes, link };
    return meaning.encoded;
  }

  /** Begins with the oldest sample or before, ends behind the newest. */
  #window(
    samples: readonly OtlpSample[],
  ): { timeUnixNano: bigint; durationNano: bigint } {
    const { startTime, durationNs } = this.#profile;
    if (startTime === undefined) {
      return {
        timeUnixNano: 0n,
        durationNano: BigInt(Math.max(0, Math.round(durationNs))),
      };
    }
    let start: bigint = startTime;
    let end = start + BigInt(Math.max(0, Math.round(durationNs)));
    for (const { timestampsUnixNano } of samples) {
      for (const time of timestampsUnixNano) {
        if (time < start) start = time;
        if (time >= end) end = time + 1n;
      }
    }
    return { timeUnixNano: start, durationNano: end - start };
  }

  #int64(value: number): bigint {
    if (Math.abs(value) < MAX_INT64) return BigInt(Math.round(value));
    this.#options.stats?.count("otlp_value_cut", "data_loss", {
      detail: `value ${value} does not fit 64 bits`,
    });
    return value > 0 ? 2n ** 63n - 1n : value < 0 ? -(2n ** 63n) : 0n;
  }
}

function anyValue(value: Label["value"]): OtlpAnyValue {
  if (typeof value === "string") return { type: "string", value };
  if (typeof value === "bigint") {
    return { type: "int", value: BigInt.asIntN(64, value) };
  }
  return Number.isSafeInteger(value)
    ? { type: "int", value: BigInt(value) }
    : { type: "double", value };
}

function textOf(value: OtlpAnyValue | undefined): string {
  return value !== undefined && "value" in value ? String(value.value) : "";
}

/** Digits of an id of the right length that is not all zero, else nothing. */
function idOf(label: Label | undefined, digits: number): string {
  const value = label?.value;
  return typeof value === "string" && value.length === digits &&
      /^[0-9a-fA-F]*[1-9a-fA-F][0-9a-fA-F]*$/.test(value)
    ? value
    : "";
}
