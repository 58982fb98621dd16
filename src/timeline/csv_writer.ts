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
  "cpu",
  "duration_ns",
  "value",
  "unit",
  "fields",
  "stack",
] as const;

/**
 * Writes records as CSV (RFC 4180, lines end with CRLF) with the columns of
 * {@linkcode CSV_COLUMNS}: `timestamp` is ISO 8601 with nine digits, `fields`
 * a JSON object, `stack` frames joined by `;`, leaf first. Text that a
 * spreadsheet would take for a formula is preceded by an apostrophe.
 *
 * @param events Records in batches.
 * @returns The bytes, a piece per batch; memory does not grow with the number of records.
 */
export async function* writeCsvEvents(
  events: AsyncIterable<readonly TimelineEvent[]>,
): AsyncGenerator<Uint8Array<ArrayBuffer>> {
  yield encoder.encode(CSV_COLUMNS.join(",") + "\r\n");
  for await (const batch of events) {
    let text = "";
    for (const event of batch) text += row(event) + "\r\n";
    yield encoder.encode(text);
  }
}

function row(event: TimelineEvent): string {
  const {
    timestamp,
    relativeNs,
    type,
    provider,
    name,
    level,
    pid,
    tid,
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
    cpu ?? "",
    event.type === "span" ? event.durationNs : "",
    event.type === "counter" ? event.value : "",
    event.type === "counter" ? csvText(event.unit) : "",
    csvText(toJsonText(fields)),
    csvText(stack?.join(";") ?? ""),
  ].join(",");
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
