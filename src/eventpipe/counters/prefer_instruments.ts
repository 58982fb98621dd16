import type { CounterSample } from "./counter_reader.ts";

/** How long values of event counters wait for an instrument of the same source. */
const WAIT_NS = 1_000_000_000;

interface ProviderState {
  readonly firstNs: number;
  hasInstrument: boolean;
}

/**
 * Leaves out event counters of sources that have a meter of the same name: they
 * tell the same twice. Values of a new source wait for a second, in time of the
 * trace, until it is known.
 */
export class InstrumentPreference {
  readonly #providers = new Map<string, ProviderState>();
  #waiting: CounterSample[] = [];
  #nowNs = 0;

  /**
   * @param sample The next value.
   * @returns Values that are now known to count, in order.
   */
  add(sample: CounterSample): CounterSample[] {
    const { provider, ns, source } = sample;
    this.#nowNs = Math.max(this.#nowNs, ns);
    let state = this.#providers.get(provider);
    if (state === undefined) {
      state = { firstNs: ns, hasInstrument: false };
      this.#providers.set(provider, state);
    }
    if (source === "meter") state.hasInstrument = true;
    this.#waiting.push(sample);
    return this.#release(false);
  }

  /** @returns What still waits, at the end of the trace. */
  finish(): CounterSample[] {
    return this.#release(true);
  }

  #release(isEnd: boolean): CounterSample[] {
    const released: CounterSample[] = [];
    let at = 0;
    for (; at < this.#waiting.length; at++) {
      const sample = this.#waiting[at]!;
      const state = this.#providers.get(sample.provider)!;
      if (sample.source === "eventCounter") {
        if (state.hasInstrument) continue;
        if (!isEnd && state.firstNs + WAIT_NS >= this.#nowNs) break;
      }
      released.push(sample);
    }
    this.#waiting = this.#waiting.slice(at);
    return released;
  }
}
