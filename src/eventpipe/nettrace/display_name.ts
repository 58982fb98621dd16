import {
  SAMPLE_PROFILER,
  TPL_DISPLAY_NAMES,
  TPL_PROVIDER,
} from "./builtin_event_table.ts";
import { findClrEvent } from "./clr_event_catalog.ts";
import type { NettraceMetadata } from "./types.ts";

const OPCODE_NAMES: Readonly<Record<number, string>> = {
  1: "Start",
  2: "Stop",
  3: "DCStart",
  4: "DCStop",
  5: "Extension",
  6: "Reply",
  7: "Resume",
  8: "Suspend",
  9: "Send",
  240: "Receive",
};

/** Session bits that event sources add to the keywords of their events. */
const SESSION_KEYWORDS = 0xf000_0000_0000n;

/**
 * Names a kind of event as `task/opcode`, as the tools for these traces do:
 * `GC/Start`, `Loader/ModuleLoad`, `Request/Stop`.
 *
 * A name that ends in `Start` or `Stop` implies that opcode when none is given.
 *
 * @param metadata What the stream says about the kind of event.
 * @param opcode Opcode, where an event overrides the metadata's.
 * @returns The name; `Event(9)` for one that has none and is unknown.
 */
export function displayName(
  metadata: NettraceMetadata,
  opcode: number | undefined = metadata.opcode,
): string {
  const { providerName, eventId, eventName, version } = metadata;
  const known = wellKnownName(providerName, eventId, version);
  if (known !== undefined) return known;
  if (eventName === "") return `Event(${eventId})`;
  const [, stem = eventName, suffix] =
    /^(.*?)(start|stop)$/is.exec(eventName) ?? [];
  const implied = suffix?.toLowerCase() === "start" ? 1 : 2;
  if (opcode === undefined || opcode === 0) {
    return suffix === undefined || stem === ""
      ? eventName
      : `${stem}/${OPCODE_NAMES[implied]}`;
  }
  const task = suffix !== undefined && stem !== "" && opcode === implied
    ? stem
    : eventName;
  return `${task}/${OPCODE_NAMES[opcode] ?? `Opcode(${opcode})`}`;
}

/**
 * Names a kind of event in one word, as the runtime's sources do: `GCStart`.
 *
 * @param metadata What the stream says about the kind of event.
 * @returns The name of the stream, else of the tables, else `Event(9)`.
 */
export function eventNameOf(metadata: NettraceMetadata): string {
  const { providerName, eventId, eventName, version } = metadata;
  if (eventName !== "") return eventName;
  if (providerName === SAMPLE_PROFILER && eventId === 0) return "ThreadSample";
  return findClrEvent(providerName, eventId, version)?.name ??
    `Event(${eventId})`;
}

/**
 * Takes off the bits that event sources add to the keywords of their events.
 *
 * @param keywords Keywords as written.
 * @returns Keywords as declared.
 */
export function displayKeywords(keywords: bigint): bigint {
  return keywords & ~SESSION_KEYWORDS;
}

function wellKnownName(
  provider: string,
  id: number,
  version: number,
): string | undefined {
  switch (provider) {
    case SAMPLE_PROFILER:
      return id === 0 ? "Thread/Sample" : undefined;
    case TPL_PROVIDER:
      return TPL_DISPLAY_NAMES[id];
    default:
      return findClrEvent(provider, id, version)?.displayName;
  }
}
