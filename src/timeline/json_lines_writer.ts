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
    for (const event of batch) {
      text += toJsonText(timelineEventToJson(event)) + "\n";
    }
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
