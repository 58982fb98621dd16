/** One value of an `EventCounter`, `PollingCounter` or one of their incrementing kinds. */
export interface EventCounterValue {
  /** `Mean` for measurements, `Sum` for increments. */
  readonly kind: "Mean" | "Sum";
  /** Name, unique within its provider. */
  readonly name: string;
  /** Name for people. */
  readonly displayName: string;
  /** Mean of the measurements, or what was added during the interval. */
  readonly value: number;
  /** Smallest measurement; `Mean` only. */
  readonly min: number | undefined;
  /** Largest measurement; `Mean` only. */
  readonly max: number | undefined;
  /** Standard deviation of the measurements; `Mean` only. */
  readonly standardDeviation: number | undefined;
  /** Number of measurements; `Mean` only. */
  readonly count: number | undefined;
  /** Length of the interval in s. */
  readonly intervalSec: number;
  /**
   * Interval in ms that the values are made for. Sessions with other intervals get
   * these values as well and have to leave them out.
   */
  readonly seriesMs: number | undefined;
  /** Unit; `count` for a `Sum` that has none, else empty. */
  readonly units: string;
  /** Seconds that a `Sum` is shown per; 1 where none are given. */
  readonly rateTimeScaleSec: number;
  /** Keys and values; empty when any of them is malformed. */
  readonly metadata: Readonly<Record<string, string>>;
}

/** Name of the events that carry counter values, of any provider. */
export const EVENT_COUNTERS_EVENT = "EventCounters";

/**
 * Reads a counter value from the payload of an `EventCounters` event.
 *
 * @param fields The decoded fields.
 * @returns The value, `undefined` when the payload is none.
 *
 * @example
 * ```ts
 * import { eventCounterOf } from "@tracedeck/tracedeck/eventpipe";
 * import { assertEquals } from "@std/assert";
 *
 * const counter = eventCounterOf({
 *   Payload: { Name: "alloc-rate", Increment: 8192, CounterType: "Sum" },
 * });
 * assertEquals([counter?.value, counter?.units], [8192, "count"]);
 * ```
 */
export function eventCounterOf(
  fields: Readonly<Record<string, unknown>>,
): EventCounterValue | undefined {
  const payload = fields.Payload;
  if (typeof payload !== "object" || payload === null) return undefined;
  const members = payload as Readonly<Record<string, unknown>>;
  const number = (name: string) => {
    const value = members[name];
    return typeof value === "number" ? value : undefined;
  };
  const text = (name: string) => {
    const value = members[name];
    return typeof value === "string" ? value : "";
  };
  const name = text("Name");
  const kind = text("CounterType") === "Sum" ? "Sum" : "Mean";
  const value = number(kind === "Sum" ? "Increment" : "Mean");
  if (name === "" || value === undefined) return undefined;
  const seriesMs = /^Interval=(\d{1,15})$/.exec(text("Series"))?.[1];
  return {
    kind,
    name,
    displayName: text("DisplayName"),
    value,
    min: number("Min"),
    max: number("Max"),
    standardDeviation: number("StandardDeviation"),
    count: number("Count"),
    intervalSec: number("IntervalSec") ?? 0,
    seriesMs: seriesMs === undefined ? undefined : Number(seriesMs),
    units: text("DisplayUnits") || (kind === "Sum" ? "count" : ""),
    rateTimeScaleSec: parseTimeSpanSec(text("DisplayRateTimeScale")) ?? 1,
    metadata: parsePairs(text("Metadata")),
  };
}

/** Days, hours, minutes, seconds and fraction as .NET writes them: `1.02:03:04.5`. */
function parseTimeSpanSec(text: string): number | undefined {
  const match = /^(?:(\d+)\.)?(\d{1,2}):(\d{2}):(\d{2}(?:\.\d{1,7})?)$/.exec(
    text,
  );
  if (match === null) return undefined;
  const [, days = "0", hours, minutes, seconds] = match;
  const total = Number(days) * 86_400 + Number(hours) * 3600 +
    Number(minutes) * 60 + Number(seconds);
  return total > 0 ? total : undefined;
}

function parsePairs(text: string): Record<string, string> {
  const pairs: [string, string][] = [];
  if (text === "") return {};
  for (const part of text.split(",")) {
    const at = part.indexOf(":");
    if (at === -1) return {};
    pairs.push([part.slice(0, at), part.slice(at + 1)]);
  }
  return Object.fromEntries(pairs);
}
