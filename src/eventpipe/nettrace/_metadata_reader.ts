import type { DecodeStats } from "../../base/decode_stats.ts";
import { FormatError } from "../../base/errors.ts";
import { ByteReader } from "../../codec/byte_reader.ts";
import { formatGuid } from "../../codec/guid.ts";
import { NETTRACE_FORMAT } from "./_block_damage.ts";
import type { ByteWindow } from "./_byte_window.ts";
import { type FieldListForm, readFieldList } from "./_field_list_reader.ts";
import { readString6 } from "./_string6.ts";
import { readUtf16z } from "./_utf16z.ts";
import { providerNameOfGuid } from "./provider_guid.ts";
import type { NettraceField, NettraceMetadata } from "./types.ts";

/** A definition before it has its place in the table. */
export type MetadataDefinition = Omit<NettraceMetadata, "index">;

/** What reading a definition needs beside its bytes. */
export interface MetadataContext {
  readonly maxDepth: number;
  readonly stats: DecodeStats;
}

const TAG_OPCODE = 1;
const TAG_V2_PARAMS = 2;

const OPTION = {
  opcode: 1,
  keywords: 3,
  messageTemplate: 4,
  description: 5,
  attribute: 6,
  providerGuid: 7,
  level: 8,
  version: 9,
} as const;

/** A definition that is being read. */
type Draft =
  & { -readonly [Key in keyof MetadataDefinition]: MetadataDefinition[Key] }
  & { attributes: (readonly [key: string, value: string])[] };

function emptyDefinition(
  window: ByteWindow,
  definitionForm: MetadataDefinition["definitionForm"],
): Draft {
  return {
    id: 0,
    providerName: "",
    providerGuid: undefined,
    eventId: 0,
    eventName: "",
    keywords: 0n,
    version: 0,
    level: 0,
    opcode: undefined,
    messageTemplate: undefined,
    description: undefined,
    attributes: [],
    fields: undefined,
    hasV2Fields: false,
    definition: window.bytes.slice(window.start, window.end),
    definitionForm,
    offset: window.base + window.start,
  };
}

function readerOf(window: ByteWindow): ByteReader {
  return new ByteReader(window.bytes.subarray(window.start, window.end), {
    littleEndian: true,
    format: NETTRACE_FORMAT,
    baseOffset: window.base + window.start,
  });
}

/**
 * Reads the payload of a metadata record of versions 3 to 5: id, provider,
 * event id, name, keywords, version, level, V1 fields, tags.
 *
 * @throws {FormatError} When not even the names can be read.
 */
export function readMetadataRecord(
  window: ByteWindow,
  context: MetadataContext,
): MetadataDefinition {
  const reader = readerOf(window);
  const definition = emptyDefinition(window, "record");
  definition.id = reader.i32();
  definition.providerName = readText(reader);
  definition.eventId = reader.i32();
  readEventPart(reader, definition, context);
  return definition;
}

/**
 * Reads the payload of a metadata record of versions 1 and 2: provider (a GUID
 * in version 1), event id, version, length, and if that is not 0 event id, name,
 * keywords, version, level and V1 fields.
 *
 * @param id Offset of the record in the stream, by which events refer to it.
 * @throws {FormatError} When not even the provider can be read.
 */
export function readEarlyMetadataRecord(
  window: ByteWindow,
  id: number,
  version: 1 | 2,
  context: MetadataContext,
): MetadataDefinition {
  const reader = readerOf(window);
  const definition = emptyDefinition(window, "early");
  definition.id = id;
  if (version === 1) {
    const guid = formatGuid(reader.bytes(16));
    definition.providerGuid = guid;
    definition.providerName = providerNameOfGuid(guid) ?? guid;
  } else {
    definition.providerName = readText(reader);
  }
  definition.eventId = reader.i32();
  definition.version = reader.i32();
  const length = reader.i32();
  if (length === 0) {
    definition.fields = [];
    return definition;
  }
  const event = reader.sub(Math.min(length, reader.remaining));
  definition.eventId = event.i32();
  readEventPart(event, definition, context);
  return definition;
}

function readEventPart(
  reader: ByteReader,
  definition: Draft,
  context: MetadataContext,
): void {
  definition.eventName = readText(reader);
  tolerate(definition, context, () => {
    definition.keywords = reader.u64();
    definition.version = reader.i32();
    definition.level = reader.i32();
    definition.fields = reader.remaining === 0
      ? []
      : readFieldList(reader, "v1", context.maxDepth);
    readTags(reader, definition, context);
  });
}

function readTags(
  reader: ByteReader,
  definition: Draft,
  context: MetadataContext,
): void {
  while (reader.remaining > 0) {
    const { offset } = reader;
    const size = reader.remaining >= 5 ? reader.i32() : -1;
    if (size < 0 || size + 1 > reader.remaining) {
      // A copy is to be sound.
      definition.definition = definition.definition.subarray(
        0,
        offset - definition.offset,
      );
      context.stats.count("nettrace_metadata_tags_damaged", "error", {
        offset,
        detail: `definition ${definition.id}, tag of ${size} bytes`,
      });
      return;
    }
    const kind = reader.u8();
    const content = reader.sub(size);
    if (kind === TAG_OPCODE && size > 0) definition.opcode = content.u8();
    else if (kind === TAG_V2_PARAMS) {
      definition.hasV2Fields = true;
      readFields(content, "v2", definition, context);
    }
  }
}

/**
 * Reads a row of a version 6 metadata block, without its size.
 *
 * @throws {FormatError} When not even the names can be read.
 */
export function readMetadataRow(
  window: ByteWindow,
  context: MetadataContext,
): MetadataDefinition {
  const reader = readerOf(window);
  const definition = emptyDefinition(window, "row");
  definition.id = reader.varuint32();
  definition.providerName = readString6(reader);
  definition.eventId = reader.varuint32();
  definition.eventName = readString6(reader);
  tolerate(definition, context, () => {
    definition.fields = readFieldList(reader, "v6", context.maxDepth);
    const options = reader.sub(reader.u16());
    while (options.remaining > 0) {
      if (!readOption(options, definition)) {
        context.stats.count("nettrace_metadata_option_unknown", "notice", {
          offset: options.offset,
          detail: `definition ${definition.id}`,
        });
        return;
      }
    }
  });
  return definition;
}

/** Items carry no length: behind an unknown one nothing can be read. */
function readOption(
  reader: ByteReader,
  definition: Draft,
): boolean {
  switch (reader.u8()) {
    case OPTION.opcode:
      definition.opcode = reader.u8();
      return true;
    case OPTION.keywords:
      definition.keywords = reader.u64();
      return true;
    case OPTION.messageTemplate:
      definition.messageTemplate = readString6(reader);
      return true;
    case OPTION.description:
      definition.description = readString6(reader);
      return true;
    case OPTION.attribute:
      definition.attributes.push([readString6(reader), readString6(reader)]);
      return true;
    case OPTION.providerGuid:
      definition.providerGuid = formatGuid(reader.bytes(16));
      return true;
    case OPTION.level:
      definition.level = reader.u8();
      return true;
    case OPTION.version:
      definition.version = reader.u8();
      return true;
    default:
      return false;
  }
}

function readFields(
  reader: ByteReader,
  form: FieldListForm,
  definition: Draft,
  context: MetadataContext,
): void {
  let fields: NettraceField[] | undefined;
  tolerate(definition, context, () => {
    fields = readFieldList(reader, form, context.maxDepth);
  });
  definition.fields = fields;
}

/** Runs a part of the reading; when it fails, the definition goes without that part. */
function tolerate(
  definition: MetadataDefinition,
  context: MetadataContext,
  read: () => void,
): void {
  try {
    read();
  } catch (error) {
    if (!(error instanceof FormatError)) throw error;
    context.stats.count("nettrace_schema_unknown", "notice", {
      offset: error.offset,
      detail:
        `definition ${definition.id} of ${definition.providerName}: ${error.message}`,
    });
  }
}

function readText(reader: ByteReader): string {
  const start = reader.position;
  const rest = reader.rest();
  const { text, next, isTerminated } = readUtf16z(rest, 0, rest.length);
  if (!isTerminated) {
    throw new FormatError(
      `Cannot read nettrace metadata at byte ${
        reader.offset - rest.length
      }: name has no end`,
      { format: NETTRACE_FORMAT, offset: reader.offset - rest.length },
    );
  }
  reader.seek(start + next);
  return text;
}
