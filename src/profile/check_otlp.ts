import { faultOfShape } from "./profile_from_otlp.ts";
import type {
  OtlpAnyValue,
  OtlpKeyValue,
  OtlpProfile,
  OtlpProfiles,
  OtlpValueType,
} from "./otlp_types.ts";

/** Something in a message that the specification of OTLP forbids or advises against. */
export interface OtlpFinding {
  /** Whether data is lost or wrong by it. */
  readonly severity: "error" | "warning";
  /** Place in the message, by the names of its schema. */
  readonly path: string;
  /** What is wrong there. */
  readonly message: string;
}

/** What {@linkcode checkOtlp} found. */
export interface OtlpCheckResult {
  /** The first findings, in the order of the message. */
  readonly findings: readonly OtlpFinding[];
  /** All errors, listed or not. */
  readonly errorCount: number;
  /** All warnings, listed or not. */
  readonly warningCount: number;
}

/** How {@linkcode checkOtlp} checks. */
export interface CheckOtlpOptions {
  /** Most findings that are listed. @default {1000} */
  readonly maxFindings?: number | undefined;
}

const TRACE_ID_BYTES = 16;
const SPAN_ID_BYTES = 8;

/**
 * Checks a message against the rules of OTLP profiles: required parts, indexes,
 * the zero entries of tables, duplicates, shapes and times of samples.
 *
 * @param profiles The message.
 * @param options How many findings are listed.
 * @returns What is wrong.
 *
 * @example An empty message
 * ```ts
 * import { checkOtlp } from "../../src/profile/check_otlp.ts";
 * import { decodeOtlp } from "../../src/profile/otlp_decoder.ts";
 * import { assertEquals } from "@std/assert";
 *
 * const { findings } = checkOtlp(decodeOtlp(new Uint8Array(0)));
 * assertEquals(findings[0]?.path, "resource_profiles");
 * ```
 */
export function checkOtlp(
  profiles: OtlpProfiles,
  options: CheckOtlpOptions = {},
): OtlpCheckResult {
  const checker = new OtlpChecker(profiles, options.maxFindings ?? 1000);
  checker.check();
  return checker;
}

type Severity = OtlpFinding["severity"];

class OtlpChecker implements OtlpCheckResult {
  readonly findings: OtlpFinding[] = [];
  errorCount = 0;
  warningCount = 0;
  readonly #profiles: OtlpProfiles;
  readonly #maxFindings: number;

  constructor(profiles: OtlpProfiles, maxFindings: number) {
    this.#profiles = profiles;
    this.#maxFindings = maxFindings;
  }

  check(): void {
    const { resourceProfiles } = this.#profiles;
    if (resourceProfiles.length === 0) {
      this.#report("error", "resource_profiles", "is empty");
    }
    resourceProfiles.forEach(({ attributes, scopeProfiles }, at) => {
      const path = `resource_profiles[${at}]`;
      this.#checkKeyValues(`${path}.resource`, attributes);
      if (scopeProfiles.length === 0) {
        this.#report("error", `${path}.scope_profiles`, "is empty");
      }
      scopeProfiles.forEach(({ scope, profiles }, index) => {
        const place = `${path}.scope_profiles[${index}]`;
        this.#checkKeyValues(`${place}.scope`, scope?.attributes ?? []);
        if (profiles.length === 0) {
          this.#report("error", `${place}.profiles`, "is empty");
        }
        profiles.forEach((profile, which) =>
          this.#checkProfile(`${place}.profiles[${which}]`, profile)
        );
      });
    });
    this.#checkDictionary();
  }

  #report(severity: Severity, path: string, message: string): void {
    if (severity === "error") this.errorCount++;
    else this.warningCount++;
    if (this.findings.length < this.#maxFindings) {
      this.findings.push({ severity, path, message });
    }
  }

  #checkProfile(path: string, profile: OtlpProfile): void {
    const { dictionary } = this.#profiles;
    if (profile.sampleType === undefined) {
      this.#report("error", `${path}.sample_type`, "is missing");
    } else this.#checkValueType(`${path}.sample_type`, profile.sampleType);
    if (profile.periodType !== undefined) {
      this.#checkValueType(`${path}.period_type`, profile.periodType);
    }
    const { profileId, originalPayload, originalPayloadFormat } = profile;
    if (profileId.length !== 0 && profileId.length !== 16) {
      this.#report(
        "error",
        `${path}.profile_id`,
        `has ${profileId.length} bytes, expected 16`,
      );
    } else if (
      profileId.length > 0 && profileId.every((byte) => byte === 0)
    ) this.#report("error", `${path}.profile_id`, "is all zero");
    if ((originalPayload.length > 0) !== (originalPayloadFormat !== "")) {
      this.#report(
        "error",
        `${path}.original_payload`,
        "payload and its format must come together",
      );
    }
    this.#checkAttributes(path, profile.attributeIndices);
    const shapes = new Set<string>();
    const identities = new Set<string>();
    let repeated = 0;
    profile.samples.forEach((sample, index) => {
      const place = `${path}.samples[${index}]`;
      this.#checkIndex(
        `${place}.stack_index`,
        sample.stackIndex,
        dictionary.stackTable.length,
        "stack_table",
      );
      this.#checkIndex(
        `${place}.link_index`,
        sample.linkIndex,
        dictionary.linkTable.length,
        "link_table",
      );
      this.#checkAttributes(place, sample.attributeIndices);
      const fault = faultOfShape(sample);
      if (fault !== undefined) this.#report("error", place, `has ${fault}`);
      shapes.add(
        `${sample.values.length > 0}${sample.timestampsUnixNano.length > 0}`,
      );
      const identity = `${sample.stackIndex};${sample.linkIndex};${
        sample.attributeIndices.toSorted((a, b) => a - b).join()
      }`;
      if (identities.has(identity)) repeated++;
      identities.add(identity);
      this.#checkTimes(place, profile, sample.timestampsUnixNano);
    });
    if (shapes.size > 1) {
      this.#report(
        "error",
        `${path}.samples`,
        "some have values or timestamps that others lack",
      );
    }
    if (repeated > 0) {
      this.#report(
        "warning",
        `${path}.samples`,
        `${repeated} repeat stack, attributes and link of another one`,
      );
    }
  }

  #checkTimes(
    path: string,
    { timeUnixNano, durationNano }: OtlpProfile,
    times: BigUint64Array,
  ): void {
    let outside = 0;
    let first: bigint | undefined;
    const end = timeUnixNano + durationNano;
    for (const time of times) {
      if (time >= timeUnixNano && time < end) continue;
      outside++;
      first ??= time;
    }
    if (outside === 0) return;
    this.#report(
      "warning",
      `${path}.timestamps_unix_nano`,
      `${outside} of ${times.length} lie outside of ${timeUnixNano} to ${
        end - 1n
      }, first ${first}`,
    );
  }

  #checkValueType(
    path: string,
    { typeStrindex, unitStrindex }: OtlpValueType,
  ): void {
    this.#checkString(`${path}.type_strindex`, typeStrindex);
    this.#checkString(`${path}.unit_strindex`, unitStrindex);
  }

  #checkDictionary(): void {
    const { dictionary } = this.#profiles;
    this.#checkStrings();
    this.#checkTable("mapping_table", dictionary.mappingTable, isZero);
    this.#checkTable("location_table", dictionary.locationTable, isZero);
    this.#checkTable("function_table", dictionary.functionTable, isZero);
    this.#checkTable("link_table", dictionary.linkTable, isZero);
    this.#checkTable("attribute_table", dictionary.attributeTable, isZero);
    this.#checkTable("stack_table", dictionary.stackTable, isZero);
    this.#checkMappings();
    this.#checkLocations();
    this.#checkFunctions();
    dictionary.linkTable.forEach(({ traceId, spanId }, index) => {
      if (index === 0) return;
      const path = `dictionary.link_table[${index}]`;
      if (traceId.length !== TRACE_ID_BYTES) {
        this.#report(
          "error",
          `${path}.trace_id`,
          `has ${traceId.length} bytes, expected ${TRACE_ID_BYTES}`,
        );
      }
      if (spanId.length !== SPAN_ID_BYTES) {
        this.#report(
          "error",
          `${path}.span_id`,
          `has ${spanId.length} bytes, expected ${SPAN_ID_BYTES}`,
        );
      }
    });
    dictionary.attributeTable.forEach((attribute, index) => {
      const path = `dictionary.attribute_table[${index}]`;
      this.#checkString(`${path}.key_strindex`, attribute.keyStrindex);
      this.#checkString(`${path}.unit_strindex`, attribute.unitStrindex);
      if (attribute.value !== undefined) {
        this.#checkValue(`${path}.value`, attribute.value);
      }
    });
    dictionary.stackTable.forEach((locations, index) =>
      locations.forEach((location, at) =>
        this.#checkIndex(
          `dictionary.stack_table[${index}].location_indices[${at}]`,
          location,
          dictionary.locationTable.length,
          "location_table",
        )
      )
    );
  }

  #checkStrings(): void {
    const { stringTable } = this.#profiles.dictionary;
    const path = "dictionary.string_table";
    if (stringTable.length === 0) {
      this.#report("error", path, "is empty");
      return;
    }
    if (stringTable[0] !== "") {
      this.#report("error", `${path}[0]`, "is not empty");
    }
    const seen = new Map<string, number>();
    stringTable.forEach((text, index) => {
      const before = seen.get(text);
      if (before === undefined) seen.set(text, index);
      else {
        this.#report("error", `${path}[${index}]`, `repeats entry ${before}`);
      }
    });
  }

  #checkTable<T>(
    name: string,
    table: readonly T[],
    isZeroEntry: (entry: T) => boolean,
  ): void {
    const path = `dictionary.${name}`;
    if (table.length === 0) {
      this.#report("error", path, "is empty");
      return;
    }
    if (!isZeroEntry(table[0]!)) {
      this.#report("error", `${path}[0]`, "is not the zero entry");
    }
    const seen = new Map<string, number>();
    table.forEach((entry, index) => {
      const key = JSON.stringify(entry, plainJson);
      const before = seen.get(key);
      if (before === undefined) seen.set(key, index);
      else {
        this.#report("warning", `${path}[${index}]`, `repeats entry ${before}`);
      }
    });
  }

  #checkMappings(): void {
    const { mappingTable } = this.#profiles.dictionary;
    mappingTable.forEach((mapping, index) => {
      const path = `dictionary.mapping_table[${index}]`;
      const { memoryStart, memoryLimit } = mapping;
      const isUnset = memoryStart === 0n && memoryLimit === 0n;
      if (!isUnset && memoryStart >= memoryLimit) {
        this.#report(
          "error",
          path,
          `starts at 0x${memoryStart.toString(16)} and ends at 0x${
            memoryLimit.toString(16)
          }`,
        );
      }
      this.#checkString(`${path}.filename_strindex`, mapping.filenameStrindex);
      this.#checkAttributes(path, mapping.attributeIndices);
    });
  }

  #checkLocations(): void {
    const { locationTable, mappingTable, functionTable } =
      this.#profiles.dictionary;
    locationTable.forEach((location, index) => {
      const path = `dictionary.location_table[${index}]`;
      this.#checkIndex(
        `${path}.mapping_index`,
        location.mappingIndex,
        mappingTable.length,
        "mapping_table",
      );
      this.#checkAttributes(path, location.attributeIndices);
      location.lines.forEach(({ functionIndex, line, column }, at) => {
        const place = `${path}.lines[${at}]`;
        this.#checkIndex(
          `${place}.function_index`,
          functionIndex,
          functionTable.length,
          "function_table",
        );
        if (line < 0n) this.#report("error", `${place}.line`, `is ${line}`);
        if (column < 0n) {
          this.#report("error", `${place}.column`, `is ${column}`);
        }
      });
    });
  }

  #checkFunctions(): void {
    this.#profiles.dictionary.functionTable.forEach((fn, index) => {
      const path = `dictionary.function_table[${index}]`;
      const names = [
        ["name_strindex", fn.nameStrindex],
        ["system_name_strindex", fn.systemNameStrindex],
        ["filename_strindex", fn.filenameStrindex],
      ] as const;
      for (const [name, value] of names) {
        this.#checkString(`${path}.${name}`, value);
      }
      if (index > 0 && names.every(([, value]) => value === 0)) {
        this.#report("error", path, "has neither name nor file");
      }
      if (fn.startLine < 0n) {
        this.#report("error", `${path}.start_line`, `is ${fn.startLine}`);
      }
    });
  }

  #checkAttributes(path: string, indices: readonly number[]): void {
    const { attributeTable } = this.#profiles.dictionary;
    const keys = new Set<number>();
    indices.forEach((index, at) => {
      const place = `${path}.attribute_indices[${at}]`;
      this.#checkIndex(
        place,
        index,
        attributeTable.length,
        "attribute_table",
      );
      const key = attributeTable[index]?.keyStrindex;
      if (key === undefined) return;
      if (keys.has(key)) {
        this.#report(
          "error",
          place,
          `repeats key ${
            JSON.stringify(this.#profiles.dictionary.stringTable[key])
          }`,
        );
      }
      keys.add(key);
    });
  }

  #checkKeyValues(path: string, attributes: readonly OtlpKeyValue[]): void {
    const keys = new Set<string>();
    attributes.forEach(({ key, keyStrindex, value }, index) => {
      const place = `${path}.attributes[${index}]`;
      if (keyStrindex !== 0) {
        this.#checkString(`${place}.key_strindex`, keyStrindex);
        if (key !== "") {
          this.#report("error", place, "has a key and the index of a key");
        }
      }
      const name = key ||
        this.#profiles.dictionary.stringTable[keyStrindex] || "";
      if (name === "") this.#report("error", `${place}.key`, "is empty");
      else if (keys.has(name)) {
        this.#report("error", place, `repeats key ${JSON.stringify(name)}`);
      }
      keys.add(name);
      if (value !== undefined) this.#checkValue(`${place}.value`, value);
    });
  }

  #checkValue(path: string, value: OtlpAnyValue): void {
    if (value.type === "strindex") {
      this.#checkString(`${path}.string_value_strindex`, value.value);
    } else if (value.type === "array") {
      value.value.forEach((item, index) =>
        this.#checkValue(`${path}.values[${index}]`, item)
      );
    } else if (value.type === "kvlist") {
      this.#checkKeyValues(path, value.value);
    }
  }

  #checkString(path: string, index: number): void {
    const { length } = this.#profiles.dictionary.stringTable;
    this.#checkIndex(path, index, length, "string_table");
  }

  #checkIndex(
    path: string,
    index: number,
    length: number,
    table: string,
  ): void {
    // Index 0 of an empty table: that the table is empty is reported once.
    if (index >= 0 && (index < length || index === 0)) return;
    this.#report(
      "error",
      path,
      `is ${index}, ${table} has ${length} entries`,
    );
  }
}

/** Whether nothing but defaults is in an entry, values that were written empty included. */
function isZero(entry: unknown): boolean {
  switch (typeof entry) {
    case "bigint":
      return entry === 0n;
    case "number":
      return entry === 0;
    case "string":
      return entry === "" || entry === "none";
    case "undefined":
      return true;
    default:
      if (entry instanceof Uint8Array) {
        return entry.every((byte) => byte === 0);
      }
      return Array.isArray(entry)
        ? entry.length === 0
        : Object.values(entry as object).every(isZero);
  }
}

function plainJson(_key: string, value: unknown): unknown {
  if (typeof value === "bigint") return String(value);
  return value instanceof Uint8Array ? value.toHex() : value;
}
