import {
  DIAGNOSTIC_SOURCE,
  DIAGNOSTIC_SOURCE_EVENTS,
  DIAGNOSTIC_SOURCE_FIELDS,
  SAMPLE_FIELDS,
  SAMPLE_PROFILER,
} from "./builtin_event_table.ts";
import { findClrEvent } from "./clr_event_catalog.ts";
import type { PayloadField, PayloadSchema } from "./payload_types.ts";
import type { NettraceMetadata } from "./types.ts";

/**
 * Finds out what the payloads of one kind of event look like: as the stream
 * declares, else as the tables of the runtime's own events say. The members of a
 * self-describing event, whose only field is a nameless object, become the
 * fields.
 *
 * @param metadata What the stream says about the kind of event.
 * @param version Event version, where an event overrides the metadata's.
 * @returns The schema.
 */
export function payloadSchemaOf(
  metadata: NettraceMetadata,
  version: number = metadata.version,
): PayloadSchema {
  const { fields: declared } = metadata;
  if (declared === undefined) return { source: "unknown", fields: [] };
  if (declared.length > 0) {
    const [first] = declared;
    const fields = declared.length === 1 && first!.name === "" &&
        first!.type.kind === "object"
      ? first!.type.fields
      : declared;
    return { source: "stream", fields };
  }
  const fields = wellKnownFields(metadata, version);
  return fields === undefined
    ? { source: "stream", fields: [] }
    : { source: "table", fields };
}

function wellKnownFields(
  metadata: NettraceMetadata,
  version: number,
): readonly PayloadField[] | undefined {
  const { providerName, eventId, eventName } = metadata;
  switch (providerName) {
    case SAMPLE_PROFILER:
      return eventId === 0 ? SAMPLE_FIELDS : undefined;
    case DIAGNOSTIC_SOURCE:
      return DIAGNOSTIC_SOURCE_EVENTS.has(eventName)
        ? DIAGNOSTIC_SOURCE_FIELDS
        : undefined;
    default:
      return findClrEvent(providerName, eventId, version)?.fields;
  }
}
