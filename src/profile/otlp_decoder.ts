import type { DecodeStats } from "../base/decode_stats.ts";
import { FormatError, LimitError } from "../base/errors.ts";
import { type Limits, resolveLimits } from "../base/limits.ts";
import {
  decodeMessage,
  type FieldTable,
  ProtobufReader,
} from "../codec/protobuf_reader.ts";
import type {
  OtlpAnyValue,
  OtlpAttribute,
  OtlpDictionary,
  OtlpFunction,
  OtlpKeyValue,
  OtlpLayout,
  OtlpLine,
  OtlpLink,
  OtlpLocation,
  OtlpMapping,
  OtlpProfile,
  OtlpProfiles,
  OtlpResourceProfiles,
  OtlpSample,
  OtlpScope,
  OtlpScopeProfiles,
  OtlpValueType,
} from "./otlp_types.ts";

/** How {@linkcode decodeOtlp} decodes. */
export interface DecodeOtlpOptions {
  /** Layout of the samples; by default each profile tells. @default {"auto"} */
  readonly layout?: OtlpLayout | "auto" | undefined;
  /** Bounds; uses `maxQueuedRecords` for each table, `maxStringBytes` and `maxDepth`. */
  readonly limits?: Partial<Limits> | undefined;
  /** Told when the layout is an old one or had to be guessed. */
  readonly stats?: DecodeStats | undefined;
  /** Where the message begins in its file, for errors. @default {0} */
  readonly baseOffset?: number | undefined;
}

const FORMAT = "OTLP";
const EMPTY_BYTES = new Uint8Array(0);
const NO_VALUES = new BigInt64Array(0);
const NO_TIMES = new BigUint64Array(0);

/**
 * Decodes an OTLP message of the versions 1.8 to 1.11. Fields may stand in any
 * order; the layout of samples is found by the types of their fields.
 *
 * @param bytes The whole message.
 * @param options Layout, limits, where to tell of the layout.
 * @returns The profiles, with whatever indexes the message has.
 * @throws {FormatError} When the message is damaged or of a version before 1.8.
 * @throws {TruncatedError} When it ends inside a field.
 * @throws {LimitError} When a table is too long or messages are nested too deeply.
 */
export function decodeOtlp(
  bytes: Uint8Array,
  options: DecodeOtlpOptions = {},
): OtlpProfiles {
  return new OtlpDecoder(bytes, options).decode();
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

interface Tables {
  mappingTable: OtlpMapping[];
  locationTable: OtlpLocation[];
  functionTable: OtlpFunction[];
  linkTable: OtlpLink[];
  stringTable: string[];
  attributeTable: OtlpAttribute[];
  stackTable: (readonly number[])[];
}

/** A sample that is not decoded yet. */
interface SampleBytes {
  readonly bytes: Uint8Array;
  readonly offset: number;
}

interface ProfileParts {
  readonly profile: Mutable<OtlpProfile>;
  readonly samples: SampleBytes[];
}

interface ScopeParts {
  scope: OtlpScope | undefined;
  readonly parts: ProfileParts[];
  schemaUrl: string;
}

interface ResourceParts {
  readonly attributes: OtlpKeyValue[];
  droppedAttributesCount: number;
  readonly scopeProfiles: ScopeParts[];
  schemaUrl: string;
}

class OtlpDecoder {
  readonly #bytes: Uint8Array;
  readonly #layout: OtlpLayout | "auto";
  readonly #limits: Limits;
  readonly #stats: DecodeStats | undefined;
  readonly #baseOffset: number | undefined;
  readonly #resourceProfiles: ResourceParts[] = [];
  readonly #tables: Tables = {
    mappingTable: [],
    locationTable: [],
    functionTable: [],
    linkTable: [],
    stringTable: [],
    attributeTable: [],
    stackTable: [],
  };

  constructor(bytes: Uint8Array, options: DecodeOtlpOptions) {
    this.#bytes = bytes;
    this.#layout = options.layout ?? "auto";
    this.#limits = resolveLimits(options.limits);
    this.#stats = options.stats;
    this.#baseOffset = options.baseOffset;
  }

  decode(): OtlpProfiles {
    const reader = new ProtobufReader(this.#bytes, {
      format: FORMAT,
      baseOffset: this.#baseOffset,
      maxDepth: this.#limits.maxDepth,
    });
    decodeMessage(reader, {
      1: (_, field) => this.#readResource(field.message()),
      2: (_, field) => this.#readDictionary(field.message()),
    }, undefined);
    // Attributes tell the layouts apart, so their table must be known first.
    const resourceProfiles = this.#resourceProfiles.map((
      resource,
    ): OtlpResourceProfiles => ({
      ...resource,
      scopeProfiles: resource.scopeProfiles.map((
        { scope, parts, schemaUrl },
      ): OtlpScopeProfiles => ({
        scope,
        schemaUrl,
        profiles: parts.map((part) => this.#finishProfile(part)),
      })),
    }));
    return { resourceProfiles, dictionary: this.#tables as OtlpDictionary };
  }

  #readResource(reader: ProtobufReader): void {
    const target: ResourceParts = {
      attributes: [],
      droppedAttributesCount: 0,
      scopeProfiles: [],
      schemaUrl: "",
    };
    this.#push(this.#resourceProfiles, target, reader);
    decodeMessage(reader, {
      1: (_, field) =>
        decodeMessage(field.message(), {
          1: (_, item) =>
            this.#push(target.attributes, readKeyValue(item.message()), item),
          2: (_, item) => target.droppedAttributesCount = item.uint32(),
        }, undefined),
      2: (_, field) => {
        const scope: ScopeParts = {
          scope: undefined,
          parts: [],
          schemaUrl: "",
        };
        this.#push(target.scopeProfiles, scope, field);
        decodeMessage(field.message(), {
          1: (_, item) => scope.scope = this.#readScope(item.message()),
          2: (_, item) =>
            this.#push(scope.parts, this.#readProfile(item.message()), item),
          3: (_, item) => scope.schemaUrl = this.#string(item),
        }, undefined);
      },
      3: (_, field) => target.schemaUrl = this.#string(field),
    }, undefined);
  }

  #readScope(reader: ProtobufReader): OtlpScope {
    const attributes: OtlpKeyValue[] = [];
    return decodeMessage<Mutable<OtlpScope>>(reader, {
      1: (target, field) => target.name = this.#string(field),
      2: (target, field) => target.version = this.#string(field),
      3: (_, field) =>
        this.#push(attributes, readKeyValue(field.message()), field),
      4: (target, field) => target.droppedAttributesCount = field.uint32(),
    }, { name: "", version: "", attributes, droppedAttributesCount: 0 });
  }

  #readProfile(reader: ProtobufReader): ProfileParts {
    const attributeIndices: number[] = [];
    const parts: ProfileParts = {
      profile: {
        sampleType: undefined,
        samples: [],
        timeUnixNano: 0n,
        durationNano: 0n,
        periodType: undefined,
        period: 0n,
        profileId: EMPTY_BYTES,
        droppedAttributesCount: 0,
        originalPayloadFormat: "",
        originalPayload: EMPTY_BYTES,
        attributeIndices,
      },
      samples: [],
    };
    const { profile, samples } = parts;
    decodeMessage(reader, {
      1: (_, field) => profile.sampleType = readValueType(field.message()),
      2: (_, field) => {
        if (field.wireType === 1) throw tooOld(field, "v1experimental");
        const bytes = field.bytes();
        this.#push(
          samples,
          { bytes, offset: field.offset - bytes.length },
          field,
        );
      },
      3: (_, field) => {
        if (field.wireType !== 1) throw tooOld(field, "a version before 1.8");
        profile.timeUnixNano = field.fixed64();
      },
      4: (_, field) => profile.durationNano = field.uint64(),
      5: (_, field) => {
        if (field.wireType === 0) throw tooOld(field, "a version before 1.8");
        profile.periodType = readValueType(field.message());
      },
      6: (_, field) => profile.period = field.int64(),
      // Version 1.8 has comments here and the id in field 8.
      7: (_, field) => {
        if (field.wireType !== 2) return void field.skip();
        const id = field.bytes();
        if (id.length === 16 && profile.profileId.length === 0) {
          profile.profileId = id.slice();
        }
      },
      8: (_, field) => {
        if (field.wireType === 2) profile.profileId = field.bytes().slice();
        else profile.droppedAttributesCount = field.uint32();
      },
      9: (_, field) => {
        if (field.wireType === 2) {
          profile.originalPayloadFormat = this.#string(field);
        } else field.skip();
      },
      10: (_, field) => profile.originalPayload = field.bytes().slice(),
      11: (_, field) => this.#indexes(field, attributeIndices),
    }, undefined);
    return parts;
  }

  #finishProfile({ profile, samples }: ProfileParts): OtlpProfile {
    const layout = this.#layout === "auto"
      ? this.#detectLayout(samples)
      : this.#layout;
    return {
      ...profile,
      samples: samples.map((sample) => this.#readSample(sample, layout)),
    };
  }

  /** By the first field whose type only one layout has. */
  #detectLayout(samples: readonly SampleBytes[]): OtlpLayout {
    let mayBeAttributes: boolean | undefined;
    for (const { bytes, offset } of samples) {
      const reader = new ProtobufReader(bytes, {
        format: FORMAT,
        baseOffset: offset,
      });
      while (reader.next()) {
        const isPacked = reader.wireType === 2;
        if (reader.field === 3) return this.#found(isPacked ? "1.9" : "1.10");
        if (reader.field === 4) return this.#found(isPacked ? "1.10" : "1.9");
        if (reader.field !== 2) reader.skip();
        else {
          const count = this.#tables.attributeTable.length;
          let fits = true;
          reader.eachUint64((value) =>
            fits &&= value > 0n && value < BigInt(count)
          );
          mayBeAttributes = (mayBeAttributes ?? true) && fits;
        }
      }
    }
    if (mayBeAttributes === undefined) return "1.10";
    this.#stats?.count("otlp_layout_guessed", "notice", {
      detail: mayBeAttributes
        ? "field 2 of samples is taken for attributes, as from version 1.10 on"
        : "field 2 of samples is taken for values, as up to version 1.9",
    });
    return mayBeAttributes ? "1.10" : "1.9";
  }

  #found(layout: OtlpLayout): OtlpLayout {
    if (layout === "1.9") {
      this.#stats?.count("otlp_old_layout", "info", {
        detail: "samples are in the layout of versions 1.8 and 1.9",
      });
    }
    return layout;
  }

  #readSample({ bytes, offset }: SampleBytes, layout: OtlpLayout): OtlpSample {
    const reader = new ProtobufReader(bytes, {
      format: FORMAT,
      baseOffset: offset,
    });
    let stackIndex = 0;
    let linkIndex = 0;
    const attributeIndices: number[] = [];
    const values: bigint[] = [];
    const times: BigUint64Array[] = [];
    const isOld = layout === "1.9";
    const valueField = isOld ? 2 : 4;
    const attributeField = isOld ? 3 : 2;
    const linkField = isOld ? 4 : 3;
    while (reader.next()) {
      switch (reader.field) {
        case 1:
          stackIndex = reader.int32();
          break;
        case valueField:
          reader.eachUint64((value) => values.push(BigInt.asIntN(64, value)));
          break;
        case attributeField:
          this.#indexes(reader, attributeIndices);
          break;
        case linkField:
          linkIndex = reader.int32();
          break;
        case 5:
          times.push(readTimes(reader));
          break;
        default:
          reader.skip();
      }
    }
    return {
      stackIndex,
      attributeIndices,
      linkIndex,
      values: values.length === 0 ? NO_VALUES : columnOf(values),
      timestampsUnixNano: joinTimes(times),
    };
  }

  #readDictionary(reader: ProtobufReader): void {
    const stackFields: FieldTable<number[]> = {
      1: (locations, item) => this.#indexes(item, locations),
    };
    const fields: FieldTable<Tables> = {
      1: (target, field) =>
        this.#push(
          target.mappingTable,
          this.#readMapping(field.message()),
          field,
        ),
      2: (target, field) =>
        this.#push(
          target.locationTable,
          this.#readLocation(field.message()),
          field,
        ),
      3: (target, field) =>
        this.#push(
          target.functionTable,
          decodeMessage<Mutable<OtlpFunction>>(
            field.message(),
            FUNCTION_FIELDS,
            {
              nameStrindex: 0,
              systemNameStrindex: 0,
              filenameStrindex: 0,
              startLine: 0n,
            },
          ),
          field,
        ),
      4: (target, field) =>
        this.#push(
          target.linkTable,
          decodeMessage<Mutable<OtlpLink>>(field.message(), LINK_FIELDS, {
            traceId: EMPTY_BYTES,
            spanId: EMPTY_BYTES,
          }),
          field,
        ),
      5: (target, field) =>
        this.#push(target.stringTable, this.#string(field), field),
      6: (target, field) =>
        this.#push(
          target.attributeTable,
          decodeMessage<Mutable<OtlpAttribute>>(
            field.message(),
            ATTRIBUTE_FIELDS,
            { keyStrindex: 0, value: undefined, unitStrindex: 0 },
          ),
          field,
        ),
      7: (target, field) => {
        const locations: number[] = [];
        decodeMessage(field.message(), stackFields, locations);
        this.#push(target.stackTable, locations, field);
      },
    };
    decodeMessage(reader, fields, this.#tables);
  }

  #readMapping(reader: ProtobufReader): OtlpMapping {
    const attributeIndices: number[] = [];
    return decodeMessage<Mutable<OtlpMapping>>(reader, {
      1: (target, field) => target.memoryStart = field.uint64(),
      2: (target, field) => target.memoryLimit = field.uint64(),
      3: (target, field) => target.fileOffset = field.uint64(),
      4: (target, field) => target.filenameStrindex = field.int32(),
      5: (_, field) => this.#indexes(field, attributeIndices),
    }, {
      memoryStart: 0n,
      memoryLimit: 0n,
      fileOffset: 0n,
      filenameStrindex: 0,
      attributeIndices,
    });
  }

  #readLocation(reader: ProtobufReader): OtlpLocation {
    const lines: OtlpLine[] = [];
    const attributeIndices: number[] = [];
    return decodeMessage<Mutable<OtlpLocation>>(reader, {
      1: (target, field) => target.mappingIndex = field.int32(),
      2: (target, field) => target.address = field.uint64(),
      3: (_, field) =>
        this.#push(
          lines,
          decodeMessage<Mutable<OtlpLine>>(field.message(), LINE_FIELDS, {
            functionIndex: 0,
            line: 0n,
            column: 0n,
          }),
          field,
        ),
      4: (_, field) => this.#indexes(field, attributeIndices),
    }, { mappingIndex: 0, address: 0n, lines, attributeIndices });
  }

  #indexes(reader: ProtobufReader, target: number[]): void {
    reader.eachInt32((value) => this.#push(target, value, reader));
  }

  #string(reader: ProtobufReader): string {
    const bytes = reader.bytes();
    const { maxStringBytes } = this.#limits;
    if (bytes.length > maxStringBytes) {
      throw new LimitError(
        `Cannot read OTLP message at byte ${reader.offset}: a string has ${bytes.length} bytes, limit is ${maxStringBytes}`,
        {
          limit: "maxStringBytes",
          value: bytes.length,
          offset: reader.offset,
        },
      );
    }
    return utf8.decode(bytes);
  }

  #push<T>(table: T[], entry: T, reader: ProtobufReader): void {
    const { maxQueuedRecords } = this.#limits;
    if (table.length >= maxQueuedRecords) {
      throw new LimitError(
        `Cannot read OTLP message at byte ${reader.offset}: a list has more than ${maxQueuedRecords} entries`,
        {
          limit: "maxQueuedRecords",
          value: table.length + 1,
          offset: reader.offset,
        },
      );
    }
    table.push(entry);
  }
}

const utf8 = new TextDecoder("utf-8", { ignoreBOM: true });

function tooOld(reader: ProtobufReader, version: string): FormatError {
  return new FormatError(
    `Cannot read OTLP message at byte ${reader.offset}: profile is in the layout of ${version}, supported are 1.8 to 1.11`,
    { format: FORMAT, offset: reader.offset },
  );
}

function readTimes(reader: ProtobufReader): BigUint64Array {
  if (reader.wireType === 1) return BigUint64Array.of(reader.fixed64());
  const bytes = reader.bytes();
  if (bytes.length % 8 !== 0) {
    const offset = reader.offset - bytes.length;
    throw new FormatError(
      `Cannot read OTLP message at byte ${offset}: ${bytes.length} bytes of timestamps are no multiple of 8`,
      { format: FORMAT, offset },
    );
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const times = new BigUint64Array(bytes.length / 8);
  for (let index = 0; index < times.length; index++) {
    times[index] = view.getBigUint64(index * 8, true);
  }
  return times;
}

/** Much faster than `from`, which walks an iterator. */
function columnOf(values: readonly bigint[]): BigInt64Array {
  const column = new BigInt64Array(values.length);
  for (let index = 0; index < values.length; index++) {
    column[index] = values[index]!;
  }
  return column;
}

function joinTimes(parts: readonly BigUint64Array[]): BigUint64Array {
  if (parts.length === 0) return NO_TIMES;
  if (parts.length === 1) return parts[0]!;
  let size = 0;
  for (const part of parts) size += part.length;
  const times = new BigUint64Array(size);
  let at = 0;
  for (const part of parts) {
    times.set(part, at);
    at += part.length;
  }
  return times;
}

function readValueType(reader: ProtobufReader): OtlpValueType {
  return decodeMessage<Mutable<OtlpValueType>>(reader, {
    1: (target, field) => target.typeStrindex = field.int32(),
    2: (target, field) => target.unitStrindex = field.int32(),
  }, { typeStrindex: 0, unitStrindex: 0 });
}

function readKeyValue(reader: ProtobufReader): OtlpKeyValue {
  return decodeMessage<Mutable<OtlpKeyValue>>(reader, {
    1: (target, field) => target.key = field.string(),
    2: (target, field) => target.value = readAnyValue(field.message()),
    3: (target, field) => target.keyStrindex = field.int32(),
  }, { key: "", keyStrindex: 0, value: undefined });
}

function readAnyValue(reader: ProtobufReader): OtlpAnyValue {
  let value: OtlpAnyValue = { type: "none" };
  decodeMessage(reader, {
    1: (_, field) => value = { type: "string", value: field.string() },
    2: (_, field) => value = { type: "bool", value: field.bool() },
    3: (_, field) => value = { type: "int", value: field.int64() },
    4: (_, field) => value = { type: "double", value: field.double() },
    5: (_, field) => {
      const items: OtlpAnyValue[] = [];
      decodeMessage(field.message(), {
        1: (_, item) => items.push(readAnyValue(item.message())),
      }, undefined);
      value = { type: "array", value: items };
    },
    6: (_, field) => {
      const items: OtlpKeyValue[] = [];
      decodeMessage(field.message(), {
        1: (_, item) => items.push(readKeyValue(item.message())),
      }, undefined);
      value = { type: "kvlist", value: items };
    },
    7: (_, field) => value = { type: "bytes", value: field.bytes().slice() },
    8: (_, field) => value = { type: "strindex", value: field.int32() },
  }, undefined);
  return value;
}

const FUNCTION_FIELDS: FieldTable<Mutable<OtlpFunction>> = {
  1: (target, field) => target.nameStrindex = field.int32(),
  2: (target, field) => target.systemNameStrindex = field.int32(),
  3: (target, field) => target.filenameStrindex = field.int32(),
  4: (target, field) => target.startLine = field.int64(),
};

const LINE_FIELDS: FieldTable<Mutable<OtlpLine>> = {
  1: (target, field) => target.functionIndex = field.int32(),
  2: (target, field) => target.line = field.int64(),
  3: (target, field) => target.column = field.int64(),
};

const LINK_FIELDS: FieldTable<Mutable<OtlpLink>> = {
  1: (target, field) => target.traceId = field.bytes().slice(),
  2: (target, field) => target.spanId = field.bytes().slice(),
};

const ATTRIBUTE_FIELDS: FieldTable<Mutable<OtlpAttribute>> = {
  1: (target, field) => target.keyStrindex = field.int32(),
  2: (target, field) => target.value = readAnyValue(field.message()),
  3: (target, field) => target.unitStrindex = field.int32(),
};
