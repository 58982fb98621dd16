import { FormatError } from "../../base/errors.ts";
import type { ByteReader } from "../../codec/byte_reader.ts";
import { NETTRACE_FORMAT } from "./_block_damage.ts";
import { readString6 } from "./_string6.ts";
import { readUtf16z } from "./_utf16z.ts";
import {
  COMPOUND_FIELD_CODE,
  fixedFieldSize,
  SIMPLE_FIELD_TYPES,
} from "./field_type_table.ts";
import type { NettraceField, NettraceFieldType } from "./types.ts";

// Three encodings of the same thing:
//
// | list    | count | field                                                    |
// | ------- | ----- | -------------------------------------------------------- |
// | V1      | i32   | i32 code, Object: nested list; utf16z name               |
// | V2      | i32   | i32 size with itself, utf16z name, type; skip to size    |
// | version 6 | u16 | u16 size without itself, string6 name, type; skip to size |
//
// A type is a code (i32, in version 6 u8) and what the code asks for.

/** Encoding of a field list. */
export type FieldListForm = "v1" | "v2" | "v6";

/** Bytes that the shortest field of each form takes. */
const MIN_FIELD_BYTES: Readonly<Record<FieldListForm, number>> = {
  v1: 6,
  v2: 10,
  v6: 4,
};

/**
 * Reads a list of fields.
 *
 * @throws {FormatError} When it cannot be understood; payloads that it would
 * describe stay bytes.
 */
export function readFieldList(
  reader: ByteReader,
  form: FieldListForm,
  maxDepth: number,
): NettraceField[] {
  if (maxDepth <= 0) throw fault(reader, "fields are nested too deeply");
  const count = form === "v6" ? reader.u16() : reader.i32();
  if (count < 0 || count * MIN_FIELD_BYTES[form] > reader.remaining) {
    throw fault(
      reader,
      `${count} fields are declared in ${reader.remaining} bytes`,
    );
  }
  const fields: NettraceField[] = [];
  for (let index = 0; index < count; index++) {
    fields.push(
      form === "v1"
        ? readV1Field(reader, maxDepth)
        : readSizedField(reader, form, maxDepth),
    );
  }
  return fields;
}

function readV1Field(reader: ByteReader, maxDepth: number): NettraceField {
  const code = reader.i32();
  const type: NettraceFieldType | undefined =
    code === COMPOUND_FIELD_CODE.object
      ? { kind: "object", fields: readFieldList(reader, "v1", maxDepth - 1) }
      : SIMPLE_FIELD_TYPES.get(code);
  if (type === undefined) throw unknownCode(reader, code);
  return { name: readName(reader), type };
}

function readSizedField(
  reader: ByteReader,
  form: "v2" | "v6",
  maxDepth: number,
): NettraceField {
  const size = form === "v2" ? reader.i32() - 4 : reader.u16();
  const field = reader.sub(size);
  const name = form === "v2" ? readName(field) : readString6(field);
  return { name, type: readType(field, form, maxDepth) };
}

function readType(
  reader: ByteReader,
  form: "v2" | "v6",
  maxDepth: number,
): NettraceFieldType {
  const code = form === "v2" ? reader.i32() : reader.u8();
  const simple = SIMPLE_FIELD_TYPES.get(code);
  if (simple !== undefined) return simple;
  switch (code) {
    case COMPOUND_FIELD_CODE.object:
      return {
        kind: "object",
        fields: readFieldList(reader, form, maxDepth - 1),
      };
    case COMPOUND_FIELD_CODE.array:
      return { kind: "array", element: readElement(reader, form, maxDepth) };
    case COMPOUND_FIELD_CODE.fixedArray: {
      const element = readElement(reader, form, maxDepth);
      return { kind: "fixedArray", element, count: reader.u16() };
    }
    case COMPOUND_FIELD_CODE.relLoc:
    case COMPOUND_FIELD_CODE.dataLoc: {
      const element = readElement(reader, form, maxDepth);
      if (fixedFieldSize(element) === undefined) {
        throw fault(reader, "elements of a RelLoc or DataLoc vary in size");
      }
      return {
        kind: code === COMPOUND_FIELD_CODE.relLoc ? "relLoc" : "dataLoc",
        element,
      };
    }
    default:
      throw unknownCode(reader, code);
  }
}

function readElement(
  reader: ByteReader,
  form: "v2" | "v6",
  maxDepth: number,
): NettraceFieldType {
  if (maxDepth <= 1) throw fault(reader, "fields are nested too deeply");
  const element = readType(reader, form, maxDepth - 1);
  // A count of such elements would be bounded by nothing.
  if (fixedFieldSize(element) === 0) {
    throw fault(reader, "elements of an array take no bytes");
  }
  return element;
}

function readName(reader: ByteReader): string {
  const start = reader.position;
  const rest = reader.rest();
  const { text, next } = readUtf16z(rest, 0, rest.length);
  reader.seek(start + next);
  return text;
}

function unknownCode(reader: ByteReader, code: number): FormatError {
  return fault(reader, `type code ${code} is unknown`);
}

function fault(reader: ByteReader, found: string): FormatError {
  return new FormatError(
    `Cannot read nettrace field list at byte ${reader.offset}: ${found}`,
    { format: NETTRACE_FORMAT, offset: reader.offset },
  );
}
