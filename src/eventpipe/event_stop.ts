import type { EventCollector, EventHandler } from "./event_collector.ts";
import { displayName } from "./nettrace/display_name.ts";
import { PayloadReaders } from "./nettrace/payload_reader.ts";
import type {
  NettraceEvent,
  NettraceHeader,
  NettraceMetadata,
} from "./nettrace/types.ts";

/** The event at which a trace ends. */
export interface StoppingEvent {
  /** Provider, in any case of letters. */
  readonly provider: string;
  /** Name of the event, any when absent. */
  readonly name?: string | undefined;
  /** Fields that must have these values, as text. */
  readonly fields?: ReadonlyMap<string, string> | undefined;
}

/** Watches a stream for the event at which it is to end. */
export class EventStop implements EventCollector {
  readonly #event: StoppingEvent;
  readonly #onMatch: () => void;
  #readers: PayloadReaders | undefined;
  #hasMatched = false;

  /**
   * @param event The event.
   * @param onMatch Called once, at the first such event.
   */
  constructor(event: StoppingEvent, onMatch: () => void) {
    this.#event = event;
    this.#onMatch = onMatch;
  }

  onHeader(header: NettraceHeader): void {
    this.#readers = new PayloadReaders(header.pointerSize);
  }

  handlerOf(metadata: NettraceMetadata): EventHandler | undefined {
    const { provider, name } = this.#event;
    if (metadata.providerName.toLowerCase() !== provider.toLowerCase()) {
      return undefined;
    }
    const isNamed = name === undefined || metadata.eventName === name ||
      displayName(metadata) === name;
    return isNamed ? (event) => this.#onEvent(event) : undefined;
  }

  #onEvent(event: NettraceEvent): void {
    if (this.#hasMatched || !this.#fits(event)) return;
    this.#hasMatched = true;
    this.#onMatch();
  }

  #fits(event: NettraceEvent): boolean {
    const { fields } = this.#event;
    if (fields === undefined || fields.size === 0) return true;
    const { fields: values } = this.#readers!.of(event).read(event);
    for (const [name, wanted] of fields) {
      if (!Object.hasOwn(values, name) || String(values[name]) !== wanted) {
        return false;
      }
    }
    return true;
  }
}
