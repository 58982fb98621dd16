import { PERF_DUMMY_EVENT, PERF_TYPE } from "./perf_event_table.ts";
import type { PerfRecordedEvent } from "./perf_record_reader.ts";

const MAX_LISTED = 20;

/**
 * Chooses the event whose samples are taken.
 *
 * @param events Events of a recording, at least one.
 * @param name Name of one, or with modifiers such as `:u` left out. @default {the first that takes samples}
 * @returns Its index.
 * @throws {RangeError} When none has the name.
 */
export function choosePerfEvent(
  events: readonly PerfRecordedEvent[],
  name?: string,
): number {
  if (name === undefined) {
    const index = events.findIndex(({ attr }) =>
      attr.type !== PERF_TYPE.software || attr.config !== PERF_DUMMY_EVENT
    );
    return Math.max(0, index);
  }
  let index = events.findIndex((event) => event.name === name);
  if (index < 0) {
    index = events.findIndex((event) =>
      event.name.replace(/:[a-zA-Z]+$/, "") === name
    );
  }
  if (index >= 0) return index;
  throw new RangeError(
    `Cannot take samples of event "${name}": there are ${
      listPerfEvents(events)
    }`,
  );
}

/** @param events Events of a recording. @returns Their names for a message, the first ones of many. */
export function listPerfEvents(events: readonly PerfRecordedEvent[]): string {
  const names = [...new Set(events.map(({ name }) => name))];
  return names.slice(0, MAX_LISTED).join(", ") +
    (names.length > MAX_LISTED ? ` and ${names.length - MAX_LISTED} more` : "");
}
