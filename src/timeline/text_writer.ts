import { toJsonText } from "../base/json_text.ts";
import { escapeForTerminal } from "../base/terminal_text.ts";
import { formatUnixNs } from "../base/time.ts";
import type { TimelineEvent } from "./types.ts";

const encoder = new TextEncoder();
const PLAIN_TEXT_REGEXP = /^[^\s"=]+$/;

/**
 * Writes one line per record for people: time (seconds since the start of the
 * capture, or wall time where it has no start), process/thread by name and number, provider,
 * name, fields as `key=value`; frames of a stack on lines of their own.
 * Control characters of the capture are escaped.
 *
 * @param events Records in batches.
 * @returns The bytes, a piece per batch; memory does not grow with the number of records.
 */
export async function* writeTextEvents(
  events: AsyncIterable<readonly TimelineEvent[]>,
): AsyncGenerator<Uint8Array<ArrayBuffer>> {
  for await (const batch of events) {
    let text = "";
    for (const event of batch) text += renderEvent(event) + "\n";
    yield encoder.encode(text);
  }
}

/**
 * @param event A record.
 * @returns Its line, followed by a line per frame where it has a stack.
 */
export function renderEvent(event: TimelineEvent): string {
  const { provider, name, level, cpu, stack } = event;
  const parts = [renderTime(event), renderThread(event)];
  if (cpu !== undefined) parts.push(`cpu${cpu}`);
  if (level !== undefined) parts.push(escapeForTerminal(level));
  parts.push(escapeForTerminal(`${provider} ${name}`));
  if (event.type === "span") parts.push(`took ${event.durationNs / 1e6} ms`);
  if (event.type === "counter") {
    parts.push(escapeForTerminal(`= ${event.value} ${event.unit}`.trimEnd()));
  }
  for (const [key, value] of Object.entries(event.fields)) {
    parts.push(escapeForTerminal(`${key}=${renderValue(value)}`));
  }
  const line = parts.filter((part) => part !== "").join(" ");
  if (stack === undefined) return line;
  return [line, ...stack.map((frame) => `    ${escapeForTerminal(frame)}`)]
    .join("\n");
}

function renderTime({ relativeNs, timestamp }: TimelineEvent): string {
  if (relativeNs !== undefined) {
    return (relativeNs / 1e9).toFixed(6).padStart(12);
  }
  return timestamp === undefined ? "" : formatUnixNs(timestamp, 6);
}

function renderThread(event: TimelineEvent): string {
  const { pid, tid, processName, threadName } = event;
  const names = [processName, threadName].filter(Boolean).join("/");
  const ids = pid === undefined && tid === undefined
    ? ""
    : `${pid ?? "-"}/${tid ?? "-"}`;
  return escapeForTerminal([names, ids].filter(Boolean).join(" "));
}

function renderValue(value: unknown): string {
  if (typeof value === "string") {
    return PLAIN_TEXT_REGEXP.test(value) ? value : JSON.stringify(value);
  }
  return toJsonText(value) ?? "";
}
