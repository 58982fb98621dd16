import type { EventCollector } from "../event_collector.ts";
import type { NettraceMetadata } from "../nettrace/types.ts";

/** Lists the providers that a trace has kinds of events of. */
export class ProviderNames implements EventCollector {
  readonly #names = new Set<string>();

  handlerOf({ providerName }: NettraceMetadata): undefined {
    this.#names.add(providerName);
  }

  /** @returns Names in the order of the stream. */
  list(): readonly string[] {
    return [...this.#names];
  }
}
