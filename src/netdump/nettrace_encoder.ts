import { compareBytes, JsonWriter } from "./_json_writer.ts";
import type { JsonWriterOptions } from "./_json_writer.ts";
import {
  TRACE_HEADER_FIELDS,
  TRACE_RECORD_FIELDS,
} from "./nettrace_field_table.ts";
import type { TraceField } from "./nettrace_field_table.ts";
import { formatTraceTime } from "./nettrace_time.ts";
import { TRACE_LISTS } from "./nettrace_types.ts";
import type {
  NetworkTrace,
  TraceHeader,
  TraceListName,
  TraceObject,
  TraceTime,
} from "./nettrace_types.ts";

/**
 * The three forms in which a network trace is written: `plain` is a value
 * printed by its user, `export` a file written from memory, `sink` what EVE
 * puts into archives since 16.0.
 */
export type NetworkTraceForm = "plain" | "export" | "sink";

/** Names of the forms. */
export const NETWORK_TRACE_FORMS: readonly NetworkTraceForm[] = [
  "plain",
  "export",
  "sink",
];

/** How {@linkcode encodeNetworkTrace} encodes. */
export interface EncodeNetworkTraceOptions {
  /** Form of the JSON. @default {"export"} */
  readonly form?: NetworkTraceForm | undefined;
  /** Blanks per level of the plain form; 0 writes one line. @default {2} */
  readonly indent?: number | undefined;
}

const WRITER_OPTIONS: Readonly<Record<NetworkTraceForm, JsonWriterOptions>> = {
  plain: { escapeHtml: true, sortKeys: false, asDoubles: false, indent: 2 },
  export: { escapeHtml: false, sortKeys: false, asDoubles: false, indent: 0 },
  sink: { escapeHtml: true, sortKeys: true, asDoubles: true, indent: 0 },
};

/** Order of the lists in files, which is not that of the plain form. */
export const FILE_LIST_ORDER: readonly TraceListName[] = [
  "dials",
  "tcpConns",
  "udpConns",
  "dnsQueries",
  "httpRequests",
  "tlsTunnels",
];

/**
 * Encodes a network trace.
 *
 * @param trace The trace.
 * @param options Form and indentation.
 * @returns JSON; the export form ends in a line break, the others do not.
 *
 * @example Writing the form of a file
 * ```ts
 * import { decodeNetworkTrace } from "../../src/netdump/nettrace_decoder.ts";
 * import { encodeNetworkTrace } from "../../src/netdump/nettrace_encoder.ts";
 * import { assertEquals } from "@std/assert";
 *
 * const trace = decodeNetworkTrace('{"description":"a<b","traceEndAt":"+5ms"}');
 * assertEquals(
 *   encodeNetworkTrace(trace, { form: "export" }),
 *   '{"description":"a<b","traceBeginAt":"undefined","traceEndAt":"+5ms",' +
 *     '"dials":[],"tcpConns":[],"udpConns":[],"dnsQueries":[],' +
 *     '"httpRequests":[],"tlsTunnels":[]}\n',
 * );
 * ```
 */
export function encodeNetworkTrace(
  trace: NetworkTrace,
  options: EncodeNetworkTraceOptions = {},
): string {
  const { form = "export", indent = 2 } = options;
  if (!Number.isInteger(indent) || indent < 0 || indent > 16) {
    throw new RangeError(
      `Cannot use option "indent": value is ${indent}, expected an integer from 0 to 16`,
    );
  }
  if (form === "sink") return encodeSink(trace);
  const writer = new JsonWriter({
    ...WRITER_OPTIONS[form],
    ...(form === "plain" ? { indent } : {}),
  });
  const members = headerMembers(trace);
  if (form === "plain" && trace.uuid !== undefined) {
    members.set("uuid", trace.uuid);
  }
  for (const name of form === "plain" ? TRACE_LISTS : FILE_LIST_ORDER) {
    const records = trace[name].map((record) => toMembers(record, name));
    members.set(
      name,
      form === "plain" && records.length === 0 ? null : records,
    );
  }
  addExtra(members, trace);
  return writer.write(members) + (form === "export" ? "\n" : "");
}

/**
 * Writes one record as it stands in a file of the sink form.
 *
 * @param record A record.
 * @param list The list it is in.
 * @returns JSON on one line, keys sorted.
 */
export function encodeSinkRecord(
  record: NetworkTrace[TraceListName][number],
  list: TraceListName,
): string {
  return SINK_WRITER.write(toMembers(record, list));
}

/**
 * Writes what stands before the first list in a file of the sink form.
 *
 * @param header What the trace says of itself.
 * @returns The text up to the first list.
 */
export function encodeSinkHeader(header: TraceHeader): string {
  return "{" +
    [...headerMembers(header)].map(([key, value]) =>
      `"${key}":${SINK_WRITER.write(value)}\n`
    ).join(",");
}

/**
 * Orders trace ids as the sink form does.
 *
 * @param a An id.
 * @param b Another one.
 * @returns Below 0, 0 or above 0: the order of their bytes.
 */
export function compareTraceIds(a: string, b: string): number {
  return compareBytes(a, b);
}

const SINK_WRITER = new JsonWriter(WRITER_OPTIONS.sink);

function encodeSink(trace: NetworkTrace): string {
  let text = encodeSinkHeader(trace);
  for (const name of FILE_LIST_ORDER) {
    const records = [...trace[name]]
      .sort((a, b) => compareTraceIds(a.traceId, b.traceId))
      .map((record) => encodeSinkRecord(record, name) + "\n");
    text += `,"${name}":[${records.join(",")}]`;
  }
  const extra = new Map<string, unknown>();
  addExtra(extra, trace);
  for (const [key, value] of extra) {
    text += `,${SINK_WRITER.string(key)}:${SINK_WRITER.write(value)}`;
  }
  return text + "}";
}

function headerMembers(header: TraceHeader): Map<string, unknown> {
  return membersOf(header as object, TRACE_HEADER_FIELDS);
}

function toMembers(
  record: TraceObject,
  list: TraceListName,
): Map<string, unknown> {
  const members = membersOf(record, TRACE_RECORD_FIELDS[list]);
  addExtra(members, record);
  return members;
}

function membersOf(
  object: object,
  fields: readonly TraceField[],
): Map<string, unknown> {
  const members = new Map<string, unknown>();
  const values = object as Readonly<Record<string, unknown>>;
  for (const { key, name, kind, omit, of = [] } of fields) {
    const value = values[name];
    if (omit && isEmpty(value)) continue;
    switch (kind) {
      case "time":
        members.set(key, formatTraceTime(value as TraceTime));
        break;
      case "object":
        members.set(key, nested(value as TraceObject, of));
        break;
      case "list": {
        const list = value as readonly TraceObject[];
        // A list that was never filled is null in every form.
        members.set(
          key,
          list.length === 0 ? null : list.map((item) => nested(item, of)),
        );
        break;
      }
      default:
        members.set(key, value);
    }
  }
  return members;
}

function nested(
  object: TraceObject,
  fields: readonly TraceField[],
): Map<string, unknown> {
  const members = membersOf(object, fields);
  addExtra(members, object);
  return members;
}

function addExtra(members: Map<string, unknown>, object: TraceObject): void {
  for (const [key, value] of Object.entries(object.extra ?? {})) {
    if (!members.has(key)) members.set(key, value);
  }
}

function isEmpty(value: unknown): boolean {
  return value === undefined || value === "" || value === 0 || value === 0n ||
    value === false || (Array.isArray(value) && value.length === 0);
}
