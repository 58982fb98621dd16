import { FormatError, LimitError } from "../base/errors.ts";
import { type Limits, resolveLimits } from "../base/limits.ts";
import type {
  OtlpAnyValue,
  OtlpDictionary,
  OtlpKeyValue,
  OtlpProfile,
  OtlpProfiles,
  OtlpSample,
  OtlpValueType,
} from "./otlp_types.ts";

/** How {@linkcode decodeOtlpJson} decodes. */
export interface DecodeOtlpJsonOptions {
  /** Bounds; uses `maxDepth`. */
  readonly limits?: Partial<Limits> | undefined;
}

/** A member of an object, or the object itself, with its place for errors. */
type JsonObject = Readonly<Record<string, unknown>>;

/**
 * Decodes OTLP JSON. Numbers of 64 bits may be text or numbers; what is not
 * known is ignored.
 *
 * @param text JSON text of one message.
 * @param options Limits.
 * @returns The profiles.
 * @throws {FormatError} When it is no JSON, or a member has another type.
 * @throws {LimitError} When values are nested too deeply.
 */
export function decodeOtlpJson(
  text: string,
  options: DecodeOtlpJsonOptions = {},
): OtlpProfiles {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (cause) {
    const detail = cause instanceof Error ? cause.message : String(cause);
    throw new FormatError(`Cannot read OTLP JSON: ${detail}`, {
      format: "OTLP JSON",
      offset: 0,
      cause,
    });
  }
  return new JsonDecoder(resolveLimits(options.limits).maxDepth).read(json);
}

class JsonDecoder {
  readonly #maxDepth: number;

  constructor(maxDepth: number) {
    this.#maxDepth = maxDepth;
  }

  read(json: unknown): OtlpProfiles {
    const message = object(json, "message");
    return {
      resourceProfiles: objects(message, "resourceProfiles").map((item) => {
        const resource = optional(item, "resource");
        return {
          attributes: this.#keyValues(resource, "attributes", 0),
          droppedAttributesCount: integer(resource, "droppedAttributesCount"),
          schemaUrl: string(item, "schemaUrl"),
          scopeProfiles: objects(item, "scopeProfiles").map((part) => {
            const scope = optional(part, "scope");
            return {
              scope: part["scope"] === undefined ? undefined : {
                name: string(scope, "name"),
                version: string(scope, "version"),
                attributes: this.#keyValues(scope, "attributes", 0),
                droppedAttributesCount: integer(
                  scope,
                  "droppedAttributesCount",
                ),
              },
              profiles: objects(part, "profiles").map(readProfile),
              schemaUrl: string(part, "schemaUrl"),
            };
          }),
        };
      }),
      dictionary: this.#dictionary(optional(message, "dictionary")),
    };
  }

  #dictionary(dictionary: JsonObject): OtlpDictionary {
    return {
      mappingTable: objects(dictionary, "mappingTable").map((mapping) => ({
        memoryStart: unsigned(mapping, "memoryStart"),
        memoryLimit: unsigned(mapping, "memoryLimit"),
        fileOffset: unsigned(mapping, "fileOffset"),
        filenameStrindex: integer(mapping, "filenameStrindex"),
        attributeIndices: integers(mapping, "attributeIndices"),
      })),
      locationTable: objects(dictionary, "locationTable").map((location) => ({
        mappingIndex: integer(location, "mappingIndex"),
        address: unsigned(location, "address"),
        lines: objects(location, "lines").map((line) => ({
          functionIndex: integer(line, "functionIndex"),
          line: signed(line, "line"),
          column: signed(line, "column"),
        })),
        attributeIndices: integers(location, "attributeIndices"),
      })),
      functionTable: objects(dictionary, "functionTable").map((fn) => ({
        nameStrindex: integer(fn, "nameStrindex"),
        systemNameStrindex: integer(fn, "systemNameStrindex"),
        filenameStrindex: integer(fn, "filenameStrindex"),
        startLine: signed(fn, "startLine"),
      })),
      linkTable: objects(dictionary, "linkTable").map((link) => ({
        traceId: hex(link, "traceId"),
        spanId: hex(link, "spanId"),
      })),
      stringTable: list(dictionary, "stringTable").map((text) => {
        if (typeof text !== "string") throw wrong("stringTable", text);
        return text;
      }),
      attributeTable: objects(dictionary, "attributeTable").map((item) => ({
        keyStrindex: integer(item, "keyStrindex"),
        value: this.#value(item["value"], 0),
        unitStrindex: integer(item, "unitStrindex"),
      })),
      stackTable: objects(dictionary, "stackTable").map((stack) =>
        integers(stack, "locationIndices")
      ),
    };
  }

  #keyValues(from: JsonObject, name: string, depth: number): OtlpKeyValue[] {
    return objects(from, name).map((item) => ({
      key: string(item, "key"),
      keyStrindex: integer(item, "keyStrindex"),
      value: this.#value(item["value"], depth),
    }));
  }

  #value(json: unknown, depth: number): OtlpAnyValue | undefined {
    if (json === undefined || json === null) return undefined;
    if (depth >= this.#maxDepth) {
      throw new LimitError(
        "Cannot read OTLP JSON: values are nested too deeply",
        { limit: "maxDepth", value: depth + 1, offset: 0 },
      );
    }
    const value = object(json, "value");
    if ("stringValue" in value) {
      return { type: "string", value: string(value, "stringValue") };
    }
    if ("boolValue" in value) {
      return { type: "bool", value: value["boolValue"] === true };
    }
    if ("intValue" in value) {
      return { type: "int", value: signed(value, "intValue") };
    }
    if ("doubleValue" in value) {
      return { type: "double", value: Number(value["doubleValue"]) };
    }
    if ("arrayValue" in value) {
      const items = list(optional(value, "arrayValue"), "values");
      return {
        type: "array",
        value: items.map((item) =>
          this.#value(item, depth + 1) ?? { type: "none" }
        ),
      };
    }
    if ("kvlistValue" in value) {
      const items = optional(value, "kvlistValue");
      return {
        type: "kvlist",
        value: this.#keyValues(items, "values", depth + 1),
      };
    }
    if ("bytesValue" in value) {
      return { type: "bytes", value: base64(value, "bytesValue") };
    }
    if ("stringValueStrindex" in value) {
      return { type: "strindex", value: integer(value, "stringValueStrindex") };
    }
    return { type: "none" };
  }
}

function readProfile(profile: JsonObject): OtlpProfile {
  return {
    sampleType: readValueType(profile, "sampleType"),
    samples: objects(profile, "samples").map((sample): OtlpSample => ({
      stackIndex: integer(sample, "stackIndex"),
      attributeIndices: integers(sample, "attributeIndices"),
      linkIndex: integer(sample, "linkIndex"),
      values: BigInt64Array.from(
        list(sample, "values"),
        (value) => BigInt.asIntN(64, bigint("values", value)),
      ),
      timestampsUnixNano: BigUint64Array.from(
        list(sample, "timestampsUnixNano"),
        (value) => BigInt.asUintN(64, bigint("timestampsUnixNano", value)),
      ),
    })),
    timeUnixNano: unsigned(profile, "timeUnixNano"),
    durationNano: unsigned(profile, "durationNano"),
    periodType: readValueType(profile, "periodType"),
    period: signed(profile, "period"),
    profileId: base64(profile, "profileId"),
    droppedAttributesCount: integer(profile, "droppedAttributesCount"),
    originalPayloadFormat: string(profile, "originalPayloadFormat"),
    originalPayload: base64(profile, "originalPayload"),
    attributeIndices: integers(profile, "attributeIndices"),
  };
}

function readValueType(
  from: JsonObject,
  name: string,
): OtlpValueType | undefined {
  if (from[name] === undefined || from[name] === null) return undefined;
  const type = object(from[name], name);
  return {
    typeStrindex: integer(type, "typeStrindex"),
    unitStrindex: integer(type, "unitStrindex"),
  };
}

function object(value: unknown, name: string): JsonObject {
  if (typeof value === "object" && value !== null && !Array.isArray(value)) {
    return value as JsonObject;
  }
  throw wrong(name, value);
}

function optional(from: JsonObject, name: string): JsonObject {
  const value = from[name];
  return value === undefined || value === null ? {} : object(value, name);
}

function list(from: JsonObject, name: string): readonly unknown[] {
  const value = from[name];
  if (value === undefined || value === null) return [];
  if (Array.isArray(value)) return value;
  throw wrong(name, value);
}

function objects(from: JsonObject, name: string): readonly JsonObject[] {
  return list(from, name).map((item) => object(item, name));
}

function string(from: JsonObject, name: string): string {
  const value = from[name];
  if (value === undefined || value === null) return "";
  if (typeof value === "string") return value;
  throw wrong(name, value);
}

function integer(from: JsonObject, name: string): number {
  const value = from[name];
  if (value === undefined || value === null) return 0;
  const number = Number(value);
  if (
    (typeof value === "number" || typeof value === "string") &&
    Number.isSafeInteger(number)
  ) return number;
  throw wrong(name, value);
}

function integers(from: JsonObject, name: string): readonly number[] {
  return list(from, name).map((item) => integer({ [name]: item }, name));
}

function unsigned(from: JsonObject, name: string): bigint {
  return BigInt.asUintN(64, bigint(name, from[name]));
}

function signed(from: JsonObject, name: string): bigint {
  return BigInt.asIntN(64, bigint(name, from[name]));
}

function bigint(name: string, value: unknown): bigint {
  if (value === undefined || value === null) return 0n;
  if (typeof value === "number" && Number.isInteger(value)) {
    return BigInt(value);
  }
  if (typeof value === "string" && /^-?\d{1,20}$/.test(value)) {
    return BigInt(value);
  }
  throw wrong(name, value);
}

function hex(from: JsonObject, name: string): Uint8Array {
  const text = string(from, name);
  if (!/^(?:[0-9a-fA-F]{2})*$/.test(text)) throw wrong(name, text);
  return Uint8Array.fromHex(text);
}

function base64(from: JsonObject, name: string): Uint8Array {
  const text = string(from, name);
  try {
    return Uint8Array.fromBase64(
      text.replaceAll("-", "+").replaceAll("_", "/"),
    );
  } catch (error) {
    if (error instanceof SyntaxError) throw wrong(name, text);
    throw error;
  }
}

function wrong(name: string, value: unknown): FormatError {
  const found = JSON.stringify(value) ?? String(value);
  return new FormatError(
    `Cannot read OTLP JSON: ${name} is ${found.slice(0, 64)}`,
    { format: "OTLP JSON", offset: 0 },
  );
}
