import type { ByteWriter } from "../../codec/byte_writer.ts";
import { encodeUtf16le } from "../../codec/utf16.ts";
import { FIELD_TYPE_CODES } from "./field_type_table.ts";
import type { NettraceField, NettraceFieldType } from "./types.ts";

// The encodings that `_field_list_reader.ts` reads.

const encoder = new TextEncoder();
const MAX_U16 = 0xffff;

/** Writes a text and its 16-bit zero. */
export function writeUtf16z(writer: ByteWriter, text: string): void {
  writer.bytes(encodeUtf16le(text));
  writer.u16(0);
}

/** Writes a version 6 text. */
export function writeString6(writer: ByteWriter, text: string): void {
  const bytes = encoder.encode(text);
  writer.varuint(bytes.length);
  writer.bytes(bytes);
}

/**
 * @param fields Declared fields.
 * @returns Whether a V1 field list can declare them: it has no arrays.
 */
export function fitsV1(fields: readonly NettraceField[]): boolean {
  return fields.every(({ type }) =>
    type.kind === "object" ? fitsV1(type.fields) : !("element" in type)
  );
}

/** Writes the count and fields of a V1 list. */
export function writeV1Fields(
  writer: ByteWriter,
  fields: readonly NettraceField[],
): void {
  writer.i32(fields.length);
  for (const { name, type } of fields) {
    writer.i32(FIELD_TYPE_CODES.get(type.kind)!);
    if (type.kind === "object") writeV1Fields(writer, type.fields);
    writeUtf16z(writer, name);
  }
}

/** Writes the count and fields of a V2 list. */
export function writeV2Fields(
  writer: ByteWriter,
  fields: readonly NettraceField[],
): void {
  writer.i32(fields.length);
  for (const { name, type } of fields) {
    const start = writer.length;
    writer.i32(0);
    writeUtf16z(writer, name);
    writeType(writer, type, "v2");
    writer.u32At(start, writer.length - start);
  }
}

/**
 * Writes the count and fields of a version 6 list.
 *
 * @returns Whether they fit; sizes there have 16 bits.
 */
export function writeV6Fields(
  writer: ByteWriter,
  fields: readonly NettraceField[],
): boolean {
  let fits = fields.length <= MAX_U16;
  writer.u16(fields.length);
  for (const { name, type } of fields) {
    const start = writer.length;
    writer.u16(0);
    writeString6(writer, name);
    fits = writeType(writer, type, "v6") && fits;
    const size = writer.length - start - 2;
    fits &&= size <= MAX_U16;
    writer.u16At(start, size);
  }
  return fits;
}

function writeType(
  writer: ByteWriter,
  type: NettraceFieldType,
  form: "v2" | "v6",
): boolean {
  const code = FIELD_TYPE_CODES.get(type.kind)!;
  if (form === "v2") writer.i32(code);
  else writer.u8(code);
  switch (type.kind) {
    case "array":
    case "relLoc":
    case "dataLoc":
      return writeType(writer, type.element, form);
    case "fixedArray": {
      const fits = writeType(writer, type.element, form);
      writer.u16(type.count);
      return fits;
    }
    case "object":
      if (form === "v6") return writeV6Fields(writer, type.fields);
      writeV2Fields(writer, type.fields);
      return true;
    default:
      return true;
  }
}
