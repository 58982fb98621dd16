import { ByteWriter } from "../../codec/byte_writer.ts";
import { parseGuid } from "../../codec/guid.ts";
import {
  fitsV1,
  writeString6,
  writeUtf16z,
  writeV1Fields,
  writeV2Fields,
  writeV6Fields,
} from "./_field_list_writer.ts";
import type { NettraceMetadata } from "./types.ts";

/** What is written of a kind of event; an event's labels may override parts. */
export type WrittenMetadata =
  & Pick<
    NettraceMetadata,
    | "providerName"
    | "providerGuid"
    | "eventId"
    | "eventName"
    | "keywords"
    | "version"
    | "level"
    | "opcode"
    | "messageTemplate"
    | "description"
    | "attributes"
  >
  & { readonly fields: NettraceMetadata["fields"] };

const TAG_OPCODE = 1;
const TAG_V2_PARAMS = 2;
const MAX_U16 = 0xffff;
/** Two names of that length fit a row, whatever is in them. */
const MAX_NAME_UNITS = 10_000;

/**
 * Writes a definition in the form of version 4.
 *
 * @param definition Definition bytes of a version 3 to 5 stream, which are kept
 * as they are but for the id.
 */
export function writeMetadataRecord(
  writer: ByteWriter,
  id: number,
  metadata: WrittenMetadata,
  definition: Uint8Array | undefined,
): void {
  writer.i32(id);
  if (definition !== undefined) {
    writer.bytes(definition.subarray(4));
    return;
  }
  const { fields = [] } = metadata;
  const isV1 = fitsV1(fields);
  writeUtf16z(writer, metadata.providerName);
  writer.i32(metadata.eventId);
  writeUtf16z(writer, metadata.eventName);
  writer.u64(metadata.keywords);
  writer.i32(metadata.version);
  writer.i32(metadata.level);
  writeV1Fields(writer, isV1 ? fields : []);
  if (metadata.opcode !== undefined) {
    writer.i32(1);
    writer.u8(TAG_OPCODE);
    writer.u8(metadata.opcode);
  }
  if (!isV1) {
    const start = writer.length;
    writer.i32(0);
    writer.u8(TAG_V2_PARAMS);
    writeV2Fields(writer, fields);
    writer.u32At(start, writer.length - start - 5);
  }
}

/**
 * Writes a row of a version 6 metadata block, with its size.
 *
 * @returns Whether all of it fits; sizes there have 16 bits. If not, the row is
 * there without fields and texts, and payloads stay bytes.
 */
export function writeMetadataRow(
  writer: ByteWriter,
  id: number,
  metadata: WrittenMetadata,
): boolean {
  const start = writer.length;
  if (writeRow(writer, id, metadata, metadata.fields ?? [])) return true;
  writer.truncate(start);
  writeRow(writer, id, {
    ...metadata,
    providerName: metadata.providerName.slice(0, MAX_NAME_UNITS),
    eventName: metadata.eventName.slice(0, MAX_NAME_UNITS),
    messageTemplate: undefined,
    description: undefined,
    attributes: [],
  }, []);
  return false;
}

function writeRow(
  writer: ByteWriter,
  id: number,
  metadata: WrittenMetadata,
  fields: NonNullable<WrittenMetadata["fields"]>,
): boolean {
  const start = writer.length;
  writer.u16(0);
  writer.varuint(id);
  writeString6(writer, metadata.providerName);
  writer.varuint(metadata.eventId >>> 0);
  writeString6(writer, metadata.eventName);
  let fits = writeV6Fields(writer, fields);
  const options = new ByteWriter({ littleEndian: true });
  writeOptions(options, metadata);
  fits &&= options.length <= MAX_U16;
  writer.u16(options.length);
  writer.bytes(options.view());
  const size = writer.length - start - 2;
  writer.u16At(start, size);
  return fits && size <= MAX_U16;
}

function writeOptions(writer: ByteWriter, metadata: WrittenMetadata): void {
  const { opcode, keywords, level, version, providerGuid } = metadata;
  if (opcode !== undefined) {
    writer.u8(1);
    writer.u8(opcode);
  }
  if (keywords !== 0n) {
    writer.u8(3);
    writer.u64(keywords);
  }
  for (
    const [kind, text] of [
      [4, metadata.messageTemplate],
      [5, metadata.description],
    ] as const
  ) {
    if (text === undefined) continue;
    writer.u8(kind);
    writeString6(writer, text);
  }
  for (const [key, value] of metadata.attributes) {
    writer.u8(6);
    writeString6(writer, key);
    writeString6(writer, value);
  }
  if (providerGuid !== undefined) {
    writer.u8(7);
    writer.bytes(parseGuid(providerGuid));
  }
  if (level !== 0) {
    writer.u8(8);
    writer.u8(level);
  }
  if (version !== 0) {
    writer.u8(9);
    writer.u8(version);
  }
}
