import { toJsonText } from "../../base/json_text.ts";
import { displayName } from "../nettrace/display_name.ts";
import { PayloadReaders } from "../nettrace/payload_reader.ts";
import type { PayloadType } from "../nettrace/payload_types.ts";
import type { NettraceEvent, NettraceMetadata } from "../nettrace/types.ts";
import { PROVIDER_NAME } from "../provider_name_table.ts";

/** Providers with a GUID of their own, which are no event sources to TraceEvent. */
const OTHER_PROVIDERS: ReadonlySet<string> = new Set([
  PROVIDER_NAME.runtime,
  PROVIDER_NAME.rundown,
  PROVIDER_NAME.private,
  PROVIDER_NAME.stress,
  PROVIDER_NAME.sampleProfiler,
  PROVIDER_NAME.tasks,
]);

/**
 * Says whether `dotnet-trace report topN` takes events of a kind for
 * observations of their thread.
 *
 * @param metadata The kind.
 * @returns Whether it is an event source's, and not too frequent.
 */
export function isEventSourceKind(metadata: NettraceMetadata): boolean {
  const { providerName, eventId } = metadata;
  if (providerName === PROVIDER_NAME.framework) {
    return eventId >= 140 && eventId <= 143;
  }
  return !OTHER_PROVIDERS.has(providerName);
}

/** Makes the frames that stand above the stack of an event source's event. */
export class TraceEventEventFrames {
  readonly #readers: PayloadReaders;

  /** @param pointerSize Bytes of an address in the trace. */
  constructor(pointerSize: 4 | 8) {
    this.#readers = new PayloadReaders(pointerSize);
  }

  /** @param event An event. @returns Names of frames, the outermost first. */
  of(event: NettraceEvent): readonly string[] {
    const { metadata } = event;
    const reader = this.#readers.of(event);
    const { fields } = reader.read(event);
    const frames = reader.schema.fields
      .filter(({ name }) => name in fields)
      .map(({ name, type }) =>
        `EventData: ${name}=${valueText(fields[name], type)}`
      );
    frames.push(
      `EventName: ${metadata.providerName}/${
        displayName(metadata, event.opcode)
      }`,
    );
    return frames;
  }
}

/** Numbers as .NET groups them, everything else as it is. */
function valueText(value: unknown, { kind }: PayloadType): string {
  switch (kind) {
    case "int32":
    case "int64":
      return String(value).replace(/\B(?=(\d{3})+$)/g, ",");
    case "float64":
      return Number(value).toFixed(3).replace(/\B(?=(\d{3})+\.)/g, ",");
    case "boolean32":
    case "boolean8":
      return value === true ? "True" : "False";
    default:
      return typeof value === "object" ? toJsonText(value) : String(value);
  }
}
