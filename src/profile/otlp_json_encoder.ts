import type {
  OtlpAnyValue,
  OtlpDictionary,
  OtlpKeyValue,
  OtlpProfile,
  OtlpProfiles,
  OtlpValueType,
} from "./otlp_types.ts";

/**
 * Encodes profiles as OTLP JSON: names in camel case, 64-bit integers as
 * decimal text, ids of traces and spans in hexadecimal, other bytes in base64,
 * defaults left out.
 *
 * @param profiles The profiles.
 * @returns JSON text on one line, without a line break.
 */
export function encodeOtlpJson(profiles: OtlpProfiles): string {
  return JSON.stringify({
    resourceProfiles: profiles.resourceProfiles.map((resource) => ({
      resource: {
        attributes: resource.attributes.map(keyValue),
        droppedAttributesCount: unlessZero(resource.droppedAttributesCount),
      },
      scopeProfiles: resource.scopeProfiles.map((
        { scope, profiles, schemaUrl },
      ) => ({
        scope: scope === undefined ? undefined : {
          name: unlessEmpty(scope.name),
          version: unlessEmpty(scope.version),
          attributes: unlessNone(scope.attributes.map(keyValue)),
          droppedAttributesCount: unlessZero(scope.droppedAttributesCount),
        },
        profiles: profiles.map(profileJson),
        schemaUrl: unlessEmpty(schemaUrl),
      })),
      schemaUrl: unlessEmpty(resource.schemaUrl),
    })),
    dictionary: dictionaryJson(profiles.dictionary),
  });
}

function profileJson(profile: OtlpProfile): unknown {
  return {
    sampleType: valueTypeJson(profile.sampleType),
    samples: profile.samples.map((sample) => ({
      stackIndex: unlessZero(sample.stackIndex),
      attributeIndices: unlessNone(sample.attributeIndices),
      linkIndex: unlessZero(sample.linkIndex),
      values: unlessNone(Array.from(sample.values, String)),
      timestampsUnixNano: unlessNone(
        Array.from(sample.timestampsUnixNano, String),
      ),
    })),
    timeUnixNano: wide(profile.timeUnixNano),
    durationNano: wide(profile.durationNano),
    periodType: valueTypeJson(profile.periodType),
    period: wide(profile.period),
    profileId: bytesJson(profile.profileId),
    droppedAttributesCount: unlessZero(profile.droppedAttributesCount),
    originalPayloadFormat: unlessEmpty(profile.originalPayloadFormat),
    originalPayload: bytesJson(profile.originalPayload),
    attributeIndices: unlessNone(profile.attributeIndices),
  };
}

function dictionaryJson(dictionary: OtlpDictionary): unknown {
  return {
    mappingTable: dictionary.mappingTable.map((mapping) => ({
      memoryStart: wide(mapping.memoryStart),
      memoryLimit: wide(mapping.memoryLimit),
      fileOffset: wide(mapping.fileOffset),
      filenameStrindex: unlessZero(mapping.filenameStrindex),
      attributeIndices: unlessNone(mapping.attributeIndices),
    })),
    locationTable: dictionary.locationTable.map((location) => ({
      mappingIndex: unlessZero(location.mappingIndex),
      address: wide(location.address),
      lines: unlessNone(
        location.lines.map(({ functionIndex, line, column }) => ({
          functionIndex: unlessZero(functionIndex),
          line: wide(line),
          column: wide(column),
        })),
      ),
      attributeIndices: unlessNone(location.attributeIndices),
    })),
    functionTable: dictionary.functionTable.map((fn) => ({
      nameStrindex: unlessZero(fn.nameStrindex),
      systemNameStrindex: unlessZero(fn.systemNameStrindex),
      filenameStrindex: unlessZero(fn.filenameStrindex),
      startLine: wide(fn.startLine),
    })),
    linkTable: dictionary.linkTable.map(({ traceId, spanId }) => ({
      traceId: unlessEmpty(traceId.toHex()),
      spanId: unlessEmpty(spanId.toHex()),
    })),
    stringTable: dictionary.stringTable,
    attributeTable: dictionary.attributeTable.map((attribute) => ({
      keyStrindex: unlessZero(attribute.keyStrindex),
      value: valueJson(attribute.value),
      unitStrindex: unlessZero(attribute.unitStrindex),
    })),
    stackTable: dictionary.stackTable.map((locations) => ({
      locationIndices: unlessNone(locations),
    })),
  };
}

function valueTypeJson(type: OtlpValueType | undefined): unknown {
  if (type === undefined) return undefined;
  return {
    typeStrindex: unlessZero(type.typeStrindex),
    unitStrindex: unlessZero(type.unitStrindex),
  };
}

function keyValue({ key, keyStrindex, value }: OtlpKeyValue): unknown {
  return {
    key: unlessEmpty(key),
    value: valueJson(value),
    keyStrindex: unlessZero(keyStrindex),
  };
}

function valueJson(value: OtlpAnyValue | undefined): unknown {
  if (value === undefined) return undefined;
  switch (value.type) {
    case "none":
      return {};
    case "string":
      return { stringValue: value.value };
    case "bool":
      return { boolValue: value.value };
    case "int":
      return { intValue: String(value.value) };
    case "double":
      return {
        doubleValue: Number.isFinite(value.value)
          ? value.value
          : String(value.value),
      };
    case "array":
      return { arrayValue: { values: value.value.map(valueJson) } };
    case "kvlist":
      return { kvlistValue: { values: value.value.map(keyValue) } };
    case "bytes":
      return { bytesValue: value.value.toBase64() };
    case "strindex":
      return { stringValueStrindex: value.value };
  }
}

function wide(value: bigint): string | undefined {
  return value === 0n ? undefined : String(value);
}

function unlessZero(value: number): number | undefined {
  return value === 0 ? undefined : value;
}

function unlessEmpty(text: string): string | undefined {
  return text === "" ? undefined : text;
}

function unlessNone<T>(items: readonly T[]): readonly T[] | undefined {
  return items.length === 0 ? undefined : items;
}

function bytesJson(bytes: Uint8Array): string | undefined {
  return bytes.length === 0 ? undefined : bytes.toBase64();
}
