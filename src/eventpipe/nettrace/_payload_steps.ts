import {
  type Filetime,
  formatUnixNs,
  unixNsFromFiletime,
} from "../../base/time.ts";
import { formatGuid } from "../../codec/guid.ts";
import { decodeUtf16le } from "../../codec/utf16.ts";
import { decodeUtf8 } from "./_string6.ts";
import { findUtf16Zero } from "./_utf16z.ts";
import type {
  PayloadFault,
  PayloadField,
  PayloadType,
} from "./payload_types.ts";

/** Where a payload is being read, and what was found wrong with it. */
export interface PayloadCursor {
  bytes: Uint8Array;
  view: DataView;
  /** Index of the payload's first byte. */
  start: number;
  /** Index of the next byte. */
  at: number;
  /** Index behind the payload. */
  end: number;
  /** Index behind the last byte that a reference led to. */
  reach: number;
  /** Name of the field that is being read, for faults. */
  field: string;
  faults: PayloadFault[];
  /** Whether a field was cut, so that nothing behind it can be read. */
  isCut: boolean;
}

/** What a step gives when the payload ends before the value. */
export const MISSING: unique symbol = Symbol("missing");

/** Reads one value and moves behind it; `MISSING` leaves the cursor. */
export type PayloadStep = (cursor: PayloadCursor) => unknown;

/**
 * Puts the reading of one type into a function.
 *
 * @param type The type.
 * @param pointerSize Bytes of an address.
 * @returns The step.
 */
export function compileStep(
  type: PayloadType,
  pointerSize: 4 | 8,
): PayloadStep {
  switch (type.kind) {
    case "boolean32":
      return fixed(4, (view, at) => view.getInt32(at, true) !== 0);
    case "boolean8":
      return fixed(1, (view, at) => view.getUint8(at) !== 0);
    case "char16":
      return fixed(
        2,
        (view, at) => String.fromCharCode(view.getUint16(at, true)),
      );
    case "char8":
      return fixed(1, (view, at) => String.fromCharCode(view.getUint8(at)));
    case "int8":
      return fixed(1, (view, at) => view.getInt8(at));
    case "uint8":
      return fixed(1, (view, at) => view.getUint8(at));
    case "int16":
      return fixed(2, (view, at) => view.getInt16(at, true));
    case "uint16":
      return fixed(2, (view, at) => view.getUint16(at, true));
    case "int32":
      return fixed(4, (view, at) => view.getInt32(at, true));
    case "uint32":
      return fixed(4, (view, at) => view.getUint32(at, true));
    case "int64":
      return fixed(8, (view, at) => view.getBigInt64(at, true));
    case "uint64":
      return fixed(8, (view, at) => view.getBigUint64(at, true));
    case "pointer":
      return pointerSize === 8
        ? fixed(8, (view, at) => view.getBigUint64(at, true))
        : fixed(4, (view, at) => BigInt(view.getUint32(at, true)));
    case "float32":
      return fixed(4, (view, at) => view.getFloat32(at, true));
    case "float64":
      return fixed(8, (view, at) => view.getFloat64(at, true));
    case "decimal":
      return fixed(16, readDecimal);
    case "filetime":
      return fixed(8, (view, at) =>
        formatUnixNs(
          unixNsFromFiletime(view.getBigInt64(at, true) as Filetime),
          7,
        ));
    case "guid":
      return readGuid;
    case "utf16z":
      return readUtf16;
    case "utf8z":
      return readUtf8;
    case "varint":
      return (cursor) => {
        const value = readVaruint(cursor);
        return value === MISSING ? MISSING : (value >> 1n) ^ -(value & 1n);
      };
    case "varuint":
      return readVaruint;
    case "array": {
      const elements = compileElements(type.element, pointerSize);
      return (cursor) => {
        if (cursor.end - cursor.at < 2) return MISSING;
        const count = cursor.view.getUint16(cursor.at, true);
        cursor.at += 2;
        return elements(cursor, count);
      };
    }
    case "fixedArray": {
      const elements = compileElements(type.element, pointerSize);
      return (cursor) => elements(cursor, type.count);
    }
    case "countedArray":
      throw new TypeError(
        "Cannot compile an array counted by a field: it is no member of a struct",
      );
    case "relLoc":
      return compileReference(true, type.element, pointerSize);
    case "dataLoc":
      return compileReference(false, type.element, pointerSize);
    case "object":
    case "struct":
      return compileMembers(type.fields, pointerSize);
  }
}

function fixed(
  size: number,
  read: (view: DataView, at: number) => unknown,
): PayloadStep {
  return (cursor) => {
    const { at } = cursor;
    if (cursor.end - at < size) return MISSING;
    cursor.at = at + size;
    return read(cursor.view, at);
  };
}

/**
 * Puts the reading of members into a function that gives an object. A cut member
 * ends it; it is `MISSING` when not even the first one is there.
 */
export function compileMembers(
  fields: readonly PayloadField[],
  pointerSize: 4 | 8,
): PayloadStep {
  const names = uniqueNames(fields);
  const steps = fields.map((field, index) =>
    compileMember(field, names, index, fields, pointerSize)
  );
  return (cursor) => {
    const target: Record<string, unknown> = {};
    for (let index = 0; index < steps.length; index++) {
      const value = steps[index]!(cursor, target);
      if (value === MISSING) {
        if (index === 0) return MISSING;
        cut(cursor, names[index]!);
        return target;
      }
      if (value !== undefined) setMember(target, names[index]!, value);
      if (cursor.isCut) return target;
    }
    return target;
  };
}

/** Reads a member, knowing those before it. */
type MemberStep = (
  cursor: PayloadCursor,
  before: Readonly<Record<string, unknown>>,
) => unknown;

/** As `compileStep`, for a member whose number of elements an earlier one may give. */
export function compileMember(
  field: PayloadField,
  names: readonly string[],
  index: number,
  fields: readonly PayloadField[],
  pointerSize: 4 | 8,
): MemberStep {
  const { type } = field;
  if (type.kind !== "countedArray") return compileStep(type, pointerSize);
  const counter = fields.findIndex(({ name }, at) =>
    name === type.countField && at < index
  );
  const elements = compileElements(type.element, pointerSize);
  return (cursor, before) =>
    elements(cursor, Number(before[names[counter]!] ?? 0));
}

/**
 * @param fields Fields of one list.
 * @returns Their names; one that occurs again gets `#2`, `#3` …
 */
export function uniqueNames(fields: readonly PayloadField[]): string[] {
  const counts = new Map<string, number>();
  return fields.map(({ name }) => {
    const count = (counts.get(name) ?? 0) + 1;
    counts.set(name, count);
    return count === 1 ? name : `${name}#${count}`;
  });
}

/** Sets a member whatever its name is. */
export function setMember(
  target: Record<string, unknown>,
  name: string,
  value: unknown,
): void {
  if (name !== "__proto__") {
    target[name] = value;
    return;
  }
  Object.defineProperty(target, name, {
    value,
    configurable: true,
    enumerable: true,
    writable: true,
  });
}

/** Notes that the payload ends in a field. */
export function cut(cursor: PayloadCursor, field: string): void {
  cursor.faults.push({ field, type: "missing" });
  cursor.isCut = true;
}

type ElementsStep = (cursor: PayloadCursor, count: number) => unknown;

function compileElements(
  element: PayloadType,
  pointerSize: 4 | 8,
): ElementsStep {
  switch (element.kind) {
    case "uint8":
      return (cursor, count) => takeBytes(cursor, count, 1).slice();
    case "char16":
      return (cursor, count) => decodeUtf16le(takeBytes(cursor, count, 2));
    case "char8":
      return (cursor, count) => decodeUtf8(takeBytes(cursor, count, 1));
  }
  const step = compileStep(element, pointerSize);
  return (cursor, count) => {
    const values: unknown[] = [];
    for (let index = 0; index < count; index++) {
      const value = step(cursor);
      if (value === MISSING) {
        damage(cursor);
        return values;
      }
      values.push(value);
      if (cursor.isCut) return values;
    }
    return values;
  };
}

/** Takes the bytes of elements; when some are missing, those that are there. */
function takeBytes(
  cursor: PayloadCursor,
  count: number,
  size: number,
): Uint8Array {
  const { at } = cursor;
  const available = Math.floor((cursor.end - at) / size);
  if (count > available) damage(cursor);
  cursor.at = at + Math.min(count, available) * size;
  return cursor.bytes.subarray(at, cursor.at);
}

/** Notes that an array exceeds the payload. */
function damage(cursor: PayloadCursor): void {
  cursor.faults.push({ field: cursor.field, type: "damaged" });
  cursor.isCut = true;
}

/** A reference is u32: size in bytes in the high half, position in the low half. */
function compileReference(
  isRelative: boolean,
  element: PayloadType,
  pointerSize: 4 | 8,
): PayloadStep {
  const elements = compileElements(element, pointerSize);
  const elementSize = sizeOf(element, pointerSize);
  return (cursor) => {
    if (cursor.end - cursor.at < 4) return MISSING;
    const reference = cursor.view.getUint32(cursor.at, true);
    const next = cursor.at + 4;
    const size = reference >>> 16;
    const at = (isRelative ? next : cursor.start) + (reference & 0xffff);
    cursor.at = next;
    if (at + size > cursor.end) {
      cursor.faults.push({ field: cursor.field, type: "damaged" });
      return undefined;
    }
    const { end } = cursor;
    cursor.at = at;
    cursor.end = at + size;
    const value = elements(cursor, Math.floor(size / elementSize));
    cursor.reach = Math.max(cursor.reach, at + size);
    cursor.at = next;
    cursor.end = end;
    return value;
  };
}

const SIZES: Partial<Record<PayloadType["kind"], number>> = {
  boolean32: 4,
  char16: 2,
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

function sizeOf(type: PayloadType, pointerSize: 4 | 8): number {
  switch (type.kind) {
    case "pointer":
      return pointerSize;
    case "fixedArray":
      return type.count * sizeOf(type.element, pointerSize);
    case "object":
    case "struct":
      return (type.fields as readonly PayloadField[]).reduce(
        (sum, field) => sum + sizeOf(field.type, pointerSize),
        0,
      );
    default:
      return SIZES[type.kind] ?? 1;
  }
}

function readGuid(cursor: PayloadCursor): unknown {
  const { at } = cursor;
  if (cursor.end - at < 16) return MISSING;
  cursor.at = at + 16;
  return formatGuid(cursor.bytes.subarray(at, cursor.at));
}

function readUtf16(cursor: PayloadCursor): unknown {
  const { bytes, at, end } = cursor;
  if (at >= end) return MISSING;
  const zero = findUtf16Zero(bytes, at, end);
  if (zero !== -1) {
    cursor.at = zero + 2;
    return decodeUtf16le(bytes.subarray(at, zero));
  }
  cursor.at = end;
  cursor.faults.push({ field: cursor.field, type: "unterminated" });
  return decodeUtf16le(bytes.subarray(at, end));
}

function readUtf8(cursor: PayloadCursor): unknown {
  const { bytes, at, end } = cursor;
  if (at >= end) return MISSING;
  const rest = bytes.subarray(at, end);
  const length = rest.indexOf(0);
  if (length !== -1) {
    cursor.at = at + length + 1;
    return decodeUtf8(rest.subarray(0, length));
  }
  cursor.at = end;
  cursor.faults.push({ field: cursor.field, type: "unterminated" });
  return decodeUtf8(rest);
}

function readVaruint(cursor: PayloadCursor): bigint | typeof MISSING {
  let value = 0n;
  let at = cursor.at;
  for (let shift = 0n; shift < 70n; shift += 7n) {
    if (at >= cursor.end) return MISSING;
    const byte = cursor.bytes[at++]!;
    value |= BigInt(byte & 0x7f) << shift;
    if (byte < 0x80) {
      cursor.at = at;
      return BigInt.asUintN(64, value);
    }
  }
  return MISSING;
}

/** 96-bit integer, then flags: sign in bit 31, decimal places in bits 16 to 23. */
function readDecimal(view: DataView, at: number): string {
  const digits = (BigInt(view.getUint32(at + 8, true)) << 64n) |
    view.getBigUint64(at, true);
  const flags = view.getUint32(at + 12, true);
  const places = (flags >>> 16) & 0xff;
  const text = String(digits).padStart(places + 1, "0");
  const sign = flags >= 0x8000_0000 ? "-" : "";
  return places === 0
    ? `${sign}${text}`
    : `${sign}${text.slice(0, -places)}.${text.slice(-places)}`;
}
