import protobuf from "protobufjs";

type Field = readonly [number: number, type: string, isRepeated?: true];

/** Messages of OTLP profiles 1.10, by field name: number, type, whether it is repeated. */
const MESSAGES: Readonly<Record<string, Readonly<Record<string, Field>>>> = {
  ProfilesData: {
    resourceProfiles: [1, "ResourceProfiles", true],
    dictionary: [2, "ProfilesDictionary"],
  },
  ResourceProfiles: {
    resource: [1, "Resource"],
    scopeProfiles: [2, "ScopeProfiles", true],
    schemaUrl: [3, "string"],
  },
  Resource: {
    attributes: [1, "KeyValue", true],
    droppedAttributesCount: [2, "uint32"],
  },
  ScopeProfiles: {
    scope: [1, "InstrumentationScope"],
    profiles: [2, "Profile", true],
    schemaUrl: [3, "string"],
  },
  InstrumentationScope: {
    name: [1, "string"],
    version: [2, "string"],
    attributes: [3, "KeyValue", true],
    droppedAttributesCount: [4, "uint32"],
  },
  KeyValue: {
    key: [1, "string"],
    value: [2, "AnyValue"],
    keyStrindex: [3, "int32"],
  },
  AnyValue: {
    stringValue: [1, "string"],
    boolValue: [2, "bool"],
    intValue: [3, "int64"],
    doubleValue: [4, "double"],
    arrayValue: [5, "ArrayValue"],
    kvlistValue: [6, "KeyValueList"],
    bytesValue: [7, "bytes"],
    stringValueStrindex: [8, "int32"],
  },
  ArrayValue: { values: [1, "AnyValue", true] },
  KeyValueList: { values: [1, "KeyValue", true] },
  ProfilesDictionary: {
    mappingTable: [1, "Mapping", true],
    locationTable: [2, "Location", true],
    functionTable: [3, "Function", true],
    linkTable: [4, "Link", true],
    stringTable: [5, "string", true],
    attributeTable: [6, "KeyValueAndUnit", true],
    stackTable: [7, "Stack", true],
  },
  Profile: {
    sampleType: [1, "ValueType"],
    samples: [2, "Sample", true],
    timeUnixNano: [3, "fixed64"],
    durationNano: [4, "uint64"],
    periodType: [5, "ValueType"],
    period: [6, "int64"],
    profileId: [7, "bytes"],
    droppedAttributesCount: [8, "uint32"],
    originalPayloadFormat: [9, "string"],
    originalPayload: [10, "bytes"],
    attributeIndices: [11, "int32", true],
  },
  ValueType: { typeStrindex: [1, "int32"], unitStrindex: [2, "int32"] },
  Sample: {
    stackIndex: [1, "int32"],
    attributeIndices: [2, "int32", true],
    linkIndex: [3, "int32"],
    values: [4, "int64", true],
    timestampsUnixNano: [5, "fixed64", true],
  },
  Mapping: {
    memoryStart: [1, "uint64"],
    memoryLimit: [2, "uint64"],
    fileOffset: [3, "uint64"],
    filenameStrindex: [4, "int32"],
    attributeIndices: [5, "int32", true],
  },
  Stack: { locationIndices: [1, "int32", true] },
  Location: {
    mappingIndex: [1, "int32"],
    address: [2, "uint64"],
    lines: [3, "Line", true],
    attributeIndices: [4, "int32", true],
  },
  Line: {
    functionIndex: [1, "int32"],
    line: [2, "int64"],
    column: [3, "int64"],
  },
  Function: {
    nameStrindex: [1, "int32"],
    systemNameStrindex: [2, "int32"],
    filenameStrindex: [3, "int32"],
    startLine: [4, "int64"],
  },
  Link: { traceId: [1, "bytes"], spanId: [2, "bytes"] },
  KeyValueAndUnit: {
    keyStrindex: [1, "int32"],
    value: [2, "AnyValue"],
    unitStrindex: [3, "int32"],
  },
};

/** OTLP profiles as protobufjs knows them. */
export const OTLP_PEER: protobuf.Type = makePeer();

function makePeer(): protobuf.Type {
  const nested = Object.entries(MESSAGES).map(([name, fields]) => [name, {
    fields: Object.fromEntries(
      Object.entries(fields).map(([field, [id, type, isRepeated]]) => [field, {
        id,
        type,
        ...(isRepeated === true ? { rule: "repeated" } : {}),
      }]),
    ),
    ...(name === "AnyValue"
      ? { oneofs: { value: { oneof: Object.keys(fields) } } }
      : {}),
  }]);
  // Numbers in lists are packed, as the edition has it.
  const schema: protobuf.INamespace & { edition: string } = {
    edition: "proto3",
    nested: Object.fromEntries(nested),
  };
  const root = protobuf.Root.fromJSON(schema);
  return root.lookupType("ProfilesData");
}
