import { toJsonText } from "../base/json_text.ts";
import { formatUnixNs } from "../base/time.ts";
import type { TimelineEvent } from "./types.ts";

const encoder = new TextEncoder();

/**
 * Writes one JSON object per record and line. Members stand in this order and
 * only where they are known: `timestamp` (ISO 8601, nine digits), `relativeNs`,
 * `type`, `provider`, `name`, `level`, `pid`, `tid`, `processName`,
 * `threadName`, `cpu`, `durationNs` (of spans), `value` and `unit` (of
 * counters), `fields`, `stack` (leaf first). 64-bit integers are number tokens,
 * bytes hexadecimal text.
 *
 * @param events Records in batches.
 * @returns The bytes, a piece per batch; memory does not grow with the number of records.
 */
export async function* writeJsonLines(
  events: AsyncIterable<readonly TimelineEvent[]>,
): AsyncGenerator<Uint8Array<ArrayBuffer>> {
  for await (const batch of events) {
    let text = "";
    for (const event of batch) text += lineOf(event);
    yield encoder.encode(text);
  }
}

/**
 * @param event A record.
 * @returns Its JSON form as {@linkcode writeJsonLines} writes it.
 */
export function timelineEventToJson(
  event: TimelineEvent,
): Record<string, unknown> {
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
  return {
    timestamp: timestamp === undefined ? undefined : formatUnixNs(timestamp),
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
    ...(event.type === "span" ? { durationNs: event.durationNs } : {}),
    ...(event.type === "counter"
      ? { value: event.value, unit: event.unit }
      : {}),
    fields,
    stack,
  };
}

/**
 * The same text as `toJsonText` gives, which calls a function for every value:
 * plain values of the fields need none, wide ones are made ready before.
 */
function lineOf(event: TimelineEvent): string {
  const json = timelineEventToJson(event);
  const fields = readyFields(event.fields);
  if (fields === undefined || !isPlain(event)) return `${toJsonText(json)}\n`;
  json["fields"] = fields;
  return `${JSON.stringify(json)}\n`;
}

/** `undefined` when a field has members of its own. */
function readyFields(
  fields: TimelineEvent["fields"],
): TimelineEvent["fields"] | undefined {
  let ready: Record<string, unknown> | undefined;
  for (const name in fields) {
    const value = fields[name];
    switch (typeof value) {
      case "string":
      case "boolean":
      case "undefined":
        continue;
      case "number":
        if (Number.isFinite(value)) continue;
        ready ??= { ...fields };
        ready[name] = String(value);
        continue;
      case "bigint":
        ready ??= { ...fields };
        ready[name] = rawJson(value);
        continue;
      default:
        return undefined;
    }
  }
  return ready ?? fields;
}

function isPlain(event: TimelineEvent): boolean {
  if (event.type === "event") return true;
  return Number.isFinite(
    event.type === "counter" ? event.value : event.durationNs,
  );
}

function rawJson(value: bigint): unknown {
  return (JSON as unknown as { rawJSON(text: string): unknown }).rawJSON(
    String(value),
  );
}
