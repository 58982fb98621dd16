import type { NettraceField, NettraceFieldType } from "./types.ts";

/** Type codes of payload fields whose type needs no further description. */
export const SIMPLE_FIELD_TYPES: ReadonlyMap<number, NettraceFieldType> =
  new Map([
    [3, { kind: "boolean32" }],
    [4, { kind: "char16" }],
    [5, { kind: "int8" }],
    [6, { kind: "uint8" }],
    [7, { kind: "int16" }],
    [8, { kind: "uint16" }],
    [9, { kind: "int32" }],
    [10, { kind: "uint32" }],
    [11, { kind: "int64" }],
    [12, { kind: "uint64" }],
    [13, { kind: "float32" }],
    [14, { kind: "float64" }],
    [15, { kind: "decimal" }],
    [16, { kind: "filetime" }],
    [17, { kind: "guid" }],
    [18, { kind: "utf16z" }],
    [20, { kind: "varint" }],
    [21, { kind: "varuint" }],
    [23, { kind: "char8" }],
    [26, { kind: "boolean8" }],
  ]);

/** Type codes of payload fields whose type needs a further description. */
export const COMPOUND_FIELD_CODE = {
  object: 1,
  array: 19,
  fixedArray: 22,
  relLoc: 24,
  dataLoc: 25,
} as const;

/** Type code by kind, for writing. */
export const FIELD_TYPE_CODES: ReadonlyMap<NettraceFieldType["kind"], number> =
  new Map([
    ...[...SIMPLE_FIELD_TYPES].map(([code, type]) =>
      [type.kind, code] as const
    ),
    ...Object.entries(COMPOUND_FIELD_CODE) as [
      NettraceFieldType["kind"],
      number,
    ][],
  ]);

/** Bytes of the types that always take the same number of them. */
const FIXED_SIZES: Partial<Record<NettraceFieldType["kind"], number>> = {
  boolean32: 4,
  boolean8: 1,
  char16: 2,
  char8: 1,
  int8: 1,
  uint8: 1,
  int16: 2,
  uint16: 2,
  int32: 4,
  uint32: 4,
  int64: 8,
  uint64: 8,
  float32: 4,
  float64: 8,
  decimal: 16,
  filetime: 8,
  guid: 16,
};

/**
 * @param type A field's type.
 * @returns Bytes that each value of it takes, `undefined` where that varies.
 */
export function fixedFieldSize(type: NettraceFieldType): number | undefined {
  switch (type.kind) {
    case "fixedArray": {
      const size = fixedFieldSize(type.element);
      return size === undefined ? undefined : size * type.count;
    }
    case "object": {
      let sum = 0;
      for (const field of type.fields) {
        const size = fixedFieldSize(field.type);
        if (size === undefined) return undefined;
        sum += size;
      }
      return sum;
    }
    default:
      return FIXED_SIZES[type.kind];
  }
}

/** Kinds that streams before version 6 do not have. */
const V6_ONLY_KINDS: ReadonlySet<NettraceFieldType["kind"]> = new Set([
  "varint",
  "varuint",
  "fixedArray",
  "char8",
  "relLoc",
  "dataLoc",
  "boolean8",
]);

/**
 * @param fields Declared fields.
 * @returns Whether any of them is of a kind that only version 6 has.
 */
export function usesV6Types(fields: readonly NettraceField[]): boolean {
  return fields.some(({ type }) => isV6Type(type));
}

function isV6Type(type: NettraceFieldType): boolean {
  if (V6_ONLY_KINDS.has(type.kind)) return true;
  if (type.kind === "object") return usesV6Types(type.fields);
  return "element" in type && isV6Type(type.element);
}
