import { toJsonText } from "../base/json_text.ts";
import { formatUnixNs } from "../base/time.ts";
import type { TimelineEvent } from "./types.ts";

const encoder = new TextEncoder();

/** Columns of {@linkcode writeCsvEvents} in order. */
export const CSV_COLUMNS = [
  "timestamp",
  "relative_ns",
  "type",
  "provider",
  "name",
  "level",
  "pid",
  "tid",
  "process_name",
  "thread_name",
  "cpu",
  "duration_ns",
  "value",
  "unit",
  "fields",
  "stack",
] as const;

/** How {@linkcode writeCsvEvents} writes. */
export interface WriteCsvEventsOptions {
  /**
   * Names of payload fields that get a column of their own, behind all others,
   * instead of a member of `fields`.
   *
   * @default {[]}
   */
  readonly fieldColumns?: readonly string[] | undefined;
}

/**
 * Writes records as CSV (RFC 4180, lines end with CRLF) with the columns of
 * {@linkcode CSV_COLUMNS} and those that are asked for: `timestamp` is ISO 8601
 * with nine digits, `fields` a JSON object, `stack` frames joined by `;`, leaf
 * first. Text that a spreadsheet would take for a formula is preceded by an
 * apostrophe; a reader that is no spreadsheet must take that off again.
 *
 * @param events Records in batches.
 * @param options Further columns.
 * @returns The bytes, a piece per batch; memory does not grow with the number of records.
 */
export async function* writeCsvEvents(
  events: AsyncIterable<readonly TimelineEvent[]>,
  options: WriteCsvEventsOptions = {},
): AsyncGenerator<Uint8Array<ArrayBuffer>> {
  const fieldColumns = [...new Set(options.fieldColumns)];
  const titles = [...CSV_COLUMNS, ...fieldColumns.map(csvText)];
  yield encoder.encode(titles.join(",") + "\r\n");
  for await (const batch of events) {
    let text = "";
    for (const event of batch) text += row(event, fieldColumns) + "\r\n";
    yield encoder.encode(text);
  }
}

function row(event: TimelineEvent, fieldColumns: readonly string[]): string {
  const {
    timestamp,
    relativeNs,
    type,
    provider,
    name,
    level,
    pid,
    tid,
    processName,
    threadName,
    cpu,
    fields,
    stack,
  } = event;
  return [
    timestamp === undefined ? "" : formatUnixNs(timestamp),
    relativeNs ?? "",
    type,
    csvText(provider),
    csvText(name),
    csvText(level ?? ""),
    pid ?? "",
    tid ?? "",
    csvText(processName ?? ""),
    csvText(threadName ?? ""),
    cpu ?? "",
    event.type === "span" ? event.durationNs : "",
    event.type === "counter" ? event.value : "",
    event.type === "counter" ? csvText(event.unit) : "",
    csvText(toJsonText(withoutFields(fields, fieldColumns))),
    csvText(stack?.join(";") ?? ""),
    ...fieldColumns.map((field) => csvText(fieldText(fields[field]))),
  ].join(",");
}

function withoutFields(
  fields: TimelineEvent["fields"],
  taken: readonly string[],
): TimelineEvent["fields"] {
  if (taken.length === 0) return fields;
  return Object.fromEntries(
    Object.entries(fields).filter(([name]) => !taken.includes(name)),
  );
}

/** Text as it is, anything else as JSON; nothing for what is not there. */
function fieldText(value: unknown): string {
  if (typeof value === "string") return value;
  return value === undefined ? "" : toJsonText(value) ?? "";
}

/**
 * Makes one field of a CSV line of text.
 *
 * @param text Any text.
 * @returns The field, quoted where RFC 4180 asks for it; `=`, `+`, `-`, `@`,
 * tab and carriage return at the start are kept from acting as a formula.
 */
export function csvText(text: string): string {
  const safe = /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}
