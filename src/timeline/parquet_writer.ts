import type { SchemaElement } from "../deps/hyparquet_writer.ts";
import { toJsonText } from "../base/json_text.ts";
import { VERSION } from "../base/version.ts";
import type { TimelineEvent } from "./types.ts";

/** Rows of one row group: what is held in memory. */
const ROW_GROUP_ROWS = 16 * 1024;

/** Type of a Parquet column. */
export type ParquetColumnType =
  | "timestamp_ns"
  | "int64"
  | "double"
  | "string"
  | "json"
  | "string_list";

/** A column of the schema of timelines. */
export interface ParquetColumn {
  /** Name in snake case. */
  readonly name: string;
  readonly type: ParquetColumnType;
  /** Whether every row has a value. */
  readonly isRequired: boolean;
}

/**
 * Schema of timelines in Parquet. `timestamp` is in UTC; `fields` is a JSON
 * object; `stack` lists frames, leaf first. What a record lacks is null.
 */
export const TIMELINE_PARQUET_SCHEMA: readonly ParquetColumn[] = [
  { name: "timestamp", type: "timestamp_ns", isRequired: false },
  { name: "relative_ns", type: "int64", isRequired: false },
  { name: "type", type: "string", isRequired: true },
  { name: "provider", type: "string", isRequired: true },
  { name: "name", type: "string", isRequired: true },
  { name: "level", type: "string", isRequired: false },
  { name: "pid", type: "int64", isRequired: false },
  { name: "tid", type: "int64", isRequired: false },
  { name: "process_name", type: "string", isRequired: false },
  { name: "thread_name", type: "string", isRequired: false },
  { name: "cpu", type: "int64", isRequired: false },
  { name: "duration_ns", type: "int64", isRequired: false },
  { name: "value", type: "double", isRequired: false },
  { name: "unit", type: "string", isRequired: false },
  { name: "fields", type: "json", isRequired: true },
  { name: "stack", type: "string_list", isRequired: false },
];

/**
 * Writes records as a Parquet file with {@linkcode TIMELINE_PARQUET_SCHEMA},
 * compressed with Snappy. One row group is held in memory at a time.
 *
 * @param events Records in batches.
 * @returns The bytes, a piece per row group.
 */
export async function* writeParquet(
  events: AsyncIterable<readonly TimelineEvent[]>,
): AsyncGenerator<Uint8Array<ArrayBuffer>> {
  const { ByteWriter, ParquetWriter } = await import(
    "../deps/hyparquet_writer.ts"
  );
  const output = new ByteWriter();
  const parquet = new ParquetWriter({
    writer: output,
    schema: parquetSchema(),
    createdBy: `tracedeck ${VERSION}`,
  });

  function takeOutput(): Uint8Array<ArrayBuffer> {
    const bytes = new Uint8Array(output.getBuffer());
    output.index = 0;
    return bytes;
  }

  let rows: TimelineEvent[] = [];
  async function* writeRows(): AsyncGenerator<Uint8Array<ArrayBuffer>> {
    await parquet.write({
      columnData: columnsOf(rows),
      rowGroupSize: ROW_GROUP_ROWS,
    });
    rows = [];
    yield takeOutput();
  }

  for await (const batch of events) {
    for (const event of batch) {
      rows.push(event);
      if (rows.length >= ROW_GROUP_ROWS) yield* writeRows();
    }
  }
  if (rows.length > 0) yield* writeRows();
  await parquet.finish();
  yield takeOutput();
}

function parquetSchema(): SchemaElement[] {
  const elements: SchemaElement[] = [
    { name: "root", num_children: TIMELINE_PARQUET_SCHEMA.length },
  ];
  for (const { name, type, isRequired } of TIMELINE_PARQUET_SCHEMA) {
    const shared = {
      name,
      repetition_type: isRequired ? "REQUIRED" : "OPTIONAL",
    } as const;
    switch (type) {
      case "timestamp_ns":
        elements.push({
          ...shared,
          type: "INT64",
          logical_type: {
            type: "TIMESTAMP",
            isAdjustedToUTC: true,
            unit: "NANOS",
          },
        });
        break;
      case "int64":
        elements.push({ ...shared, type: "INT64" });
        break;
      case "double":
        elements.push({ ...shared, type: "DOUBLE" });
        break;
      case "string":
      case "json":
        elements.push({
          ...shared,
          type: "BYTE_ARRAY",
          converted_type: "UTF8",
        });
        break;
      case "string_list":
        elements.push(
          { ...shared, num_children: 1, converted_type: "LIST" },
          { name: "list", repetition_type: "REPEATED", num_children: 1 },
          {
            name: "element",
            repetition_type: "REQUIRED",
            type: "BYTE_ARRAY",
            converted_type: "UTF8",
          },
        );
        break;
    }
  }
  return elements;
}

/** How each column is taken from a record. */
const COLUMN_VALUES = new Map<string, (event: TimelineEvent) => unknown>([
  ["timestamp", (event) => event.timestamp],
  ["relative_ns", (event) => integer(event.relativeNs)],
  ["type", (event) => event.type],
  ["provider", (event) => event.provider],
  ["name", (event) => event.name],
  ["level", (event) => event.level],
  ["pid", (event) => integer(event.pid)],
  ["tid", (event) => integer(event.tid)],
  ["process_name", (event) => event.processName],
  ["thread_name", (event) => event.threadName],
  ["cpu", (event) => integer(event.cpu)],
  [
    "duration_ns",
    (event) => event.type === "span" ? integer(event.durationNs) : undefined,
  ],
  ["value", (event) => event.type === "counter" ? event.value : undefined],
  ["unit", (event) => event.type === "counter" ? event.unit : undefined],
  ["fields", (event) => toJsonText(event.fields)],
  ["stack", (event) => event.stack],
]);

function columnsOf(
  rows: readonly TimelineEvent[],
): { name: string; data: unknown[] }[] {
  return TIMELINE_PARQUET_SCHEMA.map(({ name }) => ({
    name,
    data: rows.map(COLUMN_VALUES.get(name)!),
  }));
}

function integer(value: number | undefined): bigint | undefined {
  return value === undefined ? undefined : BigInt(Math.round(value));
}
