import { LimitError } from "../base/errors.ts";
import type { Limits } from "../base/limits.ts";
import {
  decodeMessage,
  type FieldTable,
  type ProtobufReader,
} from "../codec/protobuf_reader.ts";

/** PprofId of a mapping, function or location; a bigint where ids do not fit 2^53. */
export type PprofId = number | bigint;

interface PprofFunction {
  id: PprofId;
  name: number;
  systemName: number;
  fileName: number;
  startLine: bigint;
}

interface PprofMapping {
  id: PprofId;
  start: bigint;
  end: bigint;
  fileOffset: bigint;
  fileName: number;
  buildId: number;
}

interface PprofLine {
  fn: PprofId;
  line: bigint;
  column: bigint;
}

interface PprofLocation {
  id: PprofId;
  mapping: PprofId;
  address: bigint;
  lines: PprofLine[];
}

/** Everything of a message but its samples; texts are indexes into `strings`. */
export interface PprofHead {
  valueTypes: [number, number][];
  mappings: PprofMapping[];
  locations: PprofLocation[];
  functions: PprofFunction[];
  strings: string[];
  dropFrames: number;
  keepFrames: number;
  timeNanos: bigint;
  durationNanos: bigint;
  periodType: [number, number] | undefined;
  period: bigint;
  comments: number[];
  defaultType: number;
  docUrl: number;
}

/**
 * Decodes a message and skips its samples, whose meaning needs all tables.
 *
 * @param message The whole message.
 * @param limits Uses `maxQueuedRecords` for each table, and `maxStringBytes`.
 * @param wide Whether ids are read as 64-bit integers.
 * @returns The tables and facts.
 */
export function decodePprofHead(
  message: ProtobufReader,
  limits: Limits,
  wide: boolean,
): PprofHead {
  const head: PprofHead = {
    valueTypes: [],
    mappings: [],
    locations: [],
    functions: [],
    strings: [],
    dropFrames: 0,
    keepFrames: 0,
    timeNanos: 0n,
    durationNanos: 0n,
    periodType: undefined,
    period: 0n,
    comments: [],
    defaultType: 0,
    docUrl: 0,
  };
  const id = (reader: ProtobufReader): PprofId =>
    wide ? reader.uint64() : reader.uint64AsNumber();
  const mappingFields: FieldTable<PprofMapping> = {
    1: (target, reader) => target.id = id(reader),
    2: (target, reader) => target.start = reader.uint64(),
    3: (target, reader) => target.end = reader.uint64(),
    4: (target, reader) => target.fileOffset = reader.uint64(),
    5: (target, reader) => target.fileName = reader.uint64AsNumber(),
    6: (target, reader) => target.buildId = reader.uint64AsNumber(),
  };
  const lineFields: FieldTable<PprofLine> = {
    1: (target, reader) => target.fn = id(reader),
    2: (target, reader) => target.line = reader.int64(),
    3: (target, reader) => target.column = reader.int64(),
  };
  const locationFields: FieldTable<PprofLocation> = {
    1: (target, reader) => target.id = id(reader),
    2: (target, reader) => target.mapping = id(reader),
    3: (target, reader) => target.address = reader.uint64(),
    4: (target, reader) =>
      target.lines.push(
        decodeMessage(reader.message(), lineFields, {
          fn: 0,
          line: 0n,
          column: 0n,
        }),
      ),
  };
  const functionFields: FieldTable<PprofFunction> = {
    1: (target, reader) => target.id = id(reader),
    2: (target, reader) => target.name = reader.uint64AsNumber(),
    3: (target, reader) => target.systemName = reader.uint64AsNumber(),
    4: (target, reader) => target.fileName = reader.uint64AsNumber(),
    5: (target, reader) => target.startLine = reader.int64(),
  };
  const fields: FieldTable<PprofHead> = {
    1: (target, reader) =>
      push(limits, target.valueTypes, readValueType(reader), reader),
    3: (target, reader) =>
      push(
        limits,
        target.mappings,
        decodeMessage(reader.message(), mappingFields, {
          id: 0,
          start: 0n,
          end: 0n,
          fileOffset: 0n,
          fileName: 0,
          buildId: 0,
        }),
        reader,
      ),
    4: (target, reader) =>
      push(
        limits,
        target.locations,
        decodeMessage(reader.message(), locationFields, {
          id: 0,
          mapping: 0,
          address: 0n,
          lines: [],
        }),
        reader,
      ),
    5: (target, reader) =>
      push(
        limits,
        target.functions,
        decodeMessage(reader.message(), functionFields, {
          id: 0,
          name: 0,
          systemName: 0,
          fileName: 0,
          startLine: 0n,
        }),
        reader,
      ),
    6: (target, reader) =>
      push(limits, target.strings, readString(limits, reader), reader),
    7: (target, reader) => target.dropFrames = reader.uint64AsNumber(),
    8: (target, reader) => target.keepFrames = reader.uint64AsNumber(),
    9: (target, reader) => target.timeNanos = reader.int64(),
    10: (target, reader) => target.durationNanos = reader.int64(),
    11: (target, reader) => target.periodType = readValueType(reader),
    12: (target, reader) => target.period = reader.int64(),
    13: (target, reader) =>
      reader.eachUint64AsNumber((index) =>
        push(limits, target.comments, index, reader)
      ),
    14: (target, reader) => target.defaultType = reader.uint64AsNumber(),
    15: (target, reader) => target.docUrl = reader.uint64AsNumber(),
  };
  return decodeMessage(message, fields, head);
}

function push<T>(
  limits: Limits,
  table: T[],
  entry: T,
  reader: ProtobufReader,
): void {
  // Most tables of a profile are far smaller than its samples; a table of
  // locations may well have millions of entries.
  const { maxQueuedRecords } = limits;
  if (table.length >= maxQueuedRecords) {
    throw new LimitError(
      `Cannot read pprof message at byte ${reader.offset}: a table has more than ${maxQueuedRecords} entries`,
      {
        limit: "maxQueuedRecords",
        value: table.length + 1,
        offset: reader.offset,
      },
    );
  }
  table.push(entry);
}

function readString(limits: Limits, reader: ProtobufReader): string {
  const bytes = reader.bytes();
  const { maxStringBytes } = limits;
  if (bytes.length > maxStringBytes) {
    throw new LimitError(
      `Cannot read pprof message at byte ${reader.offset}: a string has ${bytes.length} bytes, limit is ${maxStringBytes}`,
      {
        limit: "maxStringBytes",
        value: bytes.length,
        offset: reader.offset,
      },
    );
  }
  return utf8.decode(bytes);
}

function readValueType(reader: ProtobufReader): [number, number] {
  return decodeMessage(reader.message(), VALUE_TYPE_FIELDS, [0, 0]);
}

const VALUE_TYPE_FIELDS: FieldTable<[number, number]> = {
  1: (target, reader) => target[0] = reader.uint64AsNumber(),
  2: (target, reader) => target[1] = reader.uint64AsNumber(),
};

const utf8 = new TextDecoder("utf-8", { ignoreBOM: true });
