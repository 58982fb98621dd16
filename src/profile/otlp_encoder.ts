import { ProtobufWriter } from "../codec/protobuf_writer.ts";
import type {
  OtlpAnyValue,
  OtlpDictionary,
  OtlpKeyValue,
  OtlpLayout,
  OtlpProfile,
  OtlpProfiles,
  OtlpSample,
  OtlpScopeProfiles,
  OtlpValueType,
} from "./otlp_types.ts";

/** How {@linkcode encodeOtlp} encodes. */
export interface EncodeOtlpOptions {
  /** Layout of the samples. @default {"1.10"} */
  readonly layout?: OtlpLayout | undefined;
}

// Numbers of a sample's fields by layout; 1 is the stack, 5 the timestamps.
const SAMPLE_FIELDS = {
  "1.9": { values: 2, attributes: 3, link: 4 },
  "1.10": { values: 4, attributes: 2, link: 3 },
} as const;

const IS_LITTLE_ENDIAN = new Uint8Array(new Uint16Array([1]).buffer)[0] === 1;

/**
 * Encodes profiles as an OTLP message, which is both the request to a collector
 * and the content of a file. Fields stand in ascending order, lists of numbers
 * are packed and defaults left out, so that equal profiles give equal bytes.
 *
 * @param profiles The profiles.
 * @param options Layout.
 * @returns The message.
 */
export function encodeOtlp(
  profiles: OtlpProfiles,
  options: EncodeOtlpOptions = {},
): Uint8Array<ArrayBuffer> {
  const { layout = "1.10" } = options;
  const writer = new ProtobufWriter();
  for (const resource of profiles.resourceProfiles) {
    writer.message(1, () => {
      writer.message(1, () => {
        writeKeyValues(writer, 1, resource.attributes);
        writer.uint(2, resource.droppedAttributesCount);
      });
      for (const scope of resource.scopeProfiles) {
        writer.message(2, () => writeScope(writer, scope, layout));
      }
      writer.string(3, resource.schemaUrl);
    });
  }
  writer.message(2, () => writeDictionary(writer, profiles.dictionary));
  return writer.toBytes();
}

function writeScope(
  writer: ProtobufWriter,
  { scope, profiles, schemaUrl }: OtlpScopeProfiles,
  layout: OtlpLayout,
): void {
  if (scope !== undefined) {
    writer.message(1, () => {
      writer.string(1, scope.name);
      writer.string(2, scope.version);
      writeKeyValues(writer, 3, scope.attributes);
      writer.uint(4, scope.droppedAttributesCount);
    });
  }
  for (const profile of profiles) {
    writer.message(2, () => writeProfile(writer, profile, layout));
  }
  writer.string(3, schemaUrl);
}

function writeProfile(
  writer: ProtobufWriter,
  profile: OtlpProfile,
  layout: OtlpLayout,
): void {
  writeValueType(writer, 1, profile.sampleType);
  for (const sample of profile.samples) {
    writer.message(2, () => writeSample(writer, sample, layout));
  }
  writer.fixed64(3, profile.timeUnixNano);
  writer.uint(4, profile.durationNano);
  writeValueType(writer, 5, profile.periodType);
  writer.int(6, profile.period);
  writer.bytes(7, profile.profileId);
  writer.uint(8, profile.droppedAttributesCount);
  writer.string(9, profile.originalPayloadFormat);
  writer.bytes(10, profile.originalPayload);
  writer.packed(11, profile.attributeIndices);
}

function writeValueType(
  writer: ProtobufWriter,
  field: number,
  type: OtlpValueType | undefined,
): void {
  if (type === undefined) return;
  writer.message(field, () => {
    writer.int(1, type.typeStrindex);
    writer.int(2, type.unitStrindex);
  });
}

function writeSample(
  writer: ProtobufWriter,
  sample: OtlpSample,
  layout: OtlpLayout,
): void {
  const fields = SAMPLE_FIELDS[layout];
  writer.int(1, sample.stackIndex);
  if (layout === "1.9") writer.packed(fields.values, sample.values);
  writer.packed(fields.attributes, sample.attributeIndices);
  writer.int(fields.link, sample.linkIndex);
  if (layout === "1.10") writer.packed(fields.values, sample.values);
  writer.bytes(5, littleEndianBytes(sample.timestampsUnixNano));
}

function writeDictionary(
  writer: ProtobufWriter,
  dictionary: OtlpDictionary,
): void {
  for (const mapping of dictionary.mappingTable) {
    writer.message(1, () => {
      writer.uint(1, mapping.memoryStart);
      writer.uint(2, mapping.memoryLimit);
      writer.uint(3, mapping.fileOffset);
      writer.int(4, mapping.filenameStrindex);
      writer.packed(5, mapping.attributeIndices);
    });
  }
  for (const location of dictionary.locationTable) {
    writer.message(2, () => {
      writer.int(1, location.mappingIndex);
      writer.uint(2, location.address);
      for (const { functionIndex, line, column } of location.lines) {
        writer.message(3, () => {
          writer.int(1, functionIndex);
          writer.int(2, line);
          writer.int(3, column);
        });
      }
      writer.packed(4, location.attributeIndices);
    });
  }
  for (const fn of dictionary.functionTable) {
    writer.message(3, () => {
      writer.int(1, fn.nameStrindex);
      writer.int(2, fn.systemNameStrindex);
      writer.int(3, fn.filenameStrindex);
      writer.int(4, fn.startLine);
    });
  }
  for (const { traceId, spanId } of dictionary.linkTable) {
    writer.message(4, () => {
      writer.bytes(1, traceId);
      writer.bytes(2, spanId);
    });
  }
  for (const text of dictionary.stringTable) writer.element(5, text);
  for (const attribute of dictionary.attributeTable) {
    writer.message(6, () => {
      writer.int(1, attribute.keyStrindex);
      writeAnyValue(writer, 2, attribute.value);
      writer.int(3, attribute.unitStrindex);
    });
  }
  for (const locations of dictionary.stackTable) {
    writer.message(7, () => writer.packed(1, locations));
  }
}

function writeKeyValues(
  writer: ProtobufWriter,
  field: number,
  attributes: readonly OtlpKeyValue[],
): void {
  for (const { key, keyStrindex, value } of attributes) {
    writer.message(field, () => {
      writer.string(1, key);
      writeAnyValue(writer, 2, value);
      writer.int(3, keyStrindex);
    });
  }
}

function writeAnyValue(
  writer: ProtobufWriter,
  field: number,
  value: OtlpAnyValue | undefined,
): void {
  if (value === undefined) return;
  writer.message(field, () => writeMember(writer, value));
}

/** A member of a oneof is written even when it is 0 or empty. */
function writeMember(writer: ProtobufWriter, value: OtlpAnyValue): void {
  switch (value.type) {
    case "none":
      return;
    case "string":
      return writer.element(1, value.value);
    case "bool":
      return writer.raw(Uint8Array.of(0x10, value.value ? 1 : 0));
    case "int":
      if (value.value === 0n) return writer.raw(Uint8Array.of(0x18, 0));
      return writer.int(3, value.value);
    case "double":
      if (Object.is(value.value, 0)) {
        return writer.raw(Uint8Array.of(0x21, 0, 0, 0, 0, 0, 0, 0, 0));
      }
      return writer.double(4, value.value);
    case "array":
      return writer.message(5, () => {
        for (const item of value.value) writeAnyValue(writer, 1, item);
      });
    case "kvlist":
      return writer.message(6, () => writeKeyValues(writer, 1, value.value));
    case "bytes":
      return writer.element(7, value.value);
    case "strindex":
      if (value.value === 0) return writer.raw(Uint8Array.of(0x40, 0));
      return writer.int(8, value.value);
  }
}

function littleEndianBytes(values: BigUint64Array): Uint8Array {
  if (IS_LITTLE_ENDIAN) {
    return new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
  }
  const bytes = new Uint8Array(values.length * 8);
  const view = new DataView(bytes.buffer);
  values.forEach((value, index) => view.setBigUint64(index * 8, value, true));
  return bytes;
}
