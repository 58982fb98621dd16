import type { NettraceMetadata } from "./types.ts";

/** What a measurement of `System.Diagnostics.Metrics` says about its instrument. */
export interface MetricSource {
  /** Session that asked for it; `SHARED` for sessions of all clients. */
  readonly sessionId: string;
  readonly meterName: string;
  readonly meterVersion: string;
  readonly instrumentName: string;
  /** Unit, empty where none is given. */
  readonly unit: string;
  /**
   * Refers to the {@linkcode InstrumentEvent} with the tags of meter and
   * instrument; `undefined` where the runtime numbers none.
   */
  readonly instrumentId: number | undefined;
}

/** A value of an instrument. */
export interface MetricValueEvent extends MetricSource {
  readonly type: "value";
  readonly kind: "counter" | "gauge" | "histogram" | "upDownCounter";
  /** Tags as the runtime joins them, `k=v,k2=v2`: a comma within a value cannot be told apart. */
  readonly tags: string;
  /** Change during the interval; counters only. */
  readonly rate: number | undefined;
  /** Absolute value; of counters from event version 1 on. */
  readonly value: number | undefined;
  /** Quantiles and their values; histograms only. */
  readonly quantiles: readonly (readonly [quantile: number, value: number])[];
  /** Number of measurements; histograms from event version 1 on. */
  readonly count: number | undefined;
  /** Sum of measurements; histograms from event version 1 on. */
  readonly sum: number | undefined;
  /** Whether the time series ended: it then has no value, which is not 0. */
  readonly isEnded: boolean;
}

/** An instrument begins or ends to be reported, or exists. */
export interface InstrumentEvent extends MetricSource {
  readonly type: "instrument";
  readonly phase: "begin" | "end" | "published";
  /** Class of the instrument, for example ``Counter`1``. */
  readonly instrumentType: string;
  readonly description: string;
  readonly instrumentTags: string;
  readonly meterTags: string;
  /** Tells apart meters of the same name. */
  readonly meterScopeHash: string;
  readonly schemaUrl: string;
}

/** A round of collection begins or ends. */
export interface MetricCollectionEvent {
  readonly type: "collection";
  readonly phase: "start" | "stop";
  readonly sessionId: string;
  /** Interval that is covered, ISO 8601. */
  readonly startTime: string;
  readonly endTime: string;
}

/** Anything else that the source of the metrics tells. */
export interface MetricNoteEvent {
  readonly type: "note";
  readonly kind:
    | "message"
    | "error"
    | "initialEnumerationComplete"
    | "timeSeriesLimitReached"
    | "histogramLimitReached"
    | "observableInstrumentCallbackError"
    | "multipleSessionsNotSupported"
    | "multipleSessionsConfiguredIncorrectly";
  /** Session concerned, empty where none is. */
  readonly sessionId: string;
  /** What it says. */
  readonly message: string;
}

/** An event of provider `System.Diagnostics.Metrics`. */
export type MetricsEvent =
  | MetricValueEvent
  | InstrumentEvent
  | MetricCollectionEvent
  | MetricNoteEvent;

/** Name of the provider. */
export const METRICS_PROVIDER = "System.Diagnostics.Metrics";

const VALUE_KINDS: Readonly<Record<number, MetricValueEvent["kind"]>> = {
  4: "counter",
  5: "gauge",
  6: "histogram",
  16: "upDownCounter",
};

const INSTRUMENT_PHASES: Readonly<Record<number, InstrumentEvent["phase"]>> = {
  7: "begin",
  8: "end",
  11: "published",
};

const NOTE_KINDS: Readonly<Record<number, MetricNoteEvent["kind"]>> = {
  1: "message",
  9: "error",
  10: "initialEnumerationComplete",
  12: "timeSeriesLimitReached",
  13: "histogramLimitReached",
  14: "observableInstrumentCallbackError",
  15: "multipleSessionsNotSupported",
  17: "multipleSessionsConfiguredIncorrectly",
};

type Fields = Readonly<Record<string, unknown>>;

/**
 * Reads an event of provider `System.Diagnostics.Metrics`.
 *
 * @param metadata What the stream says about the kind of event.
 * @param fields The decoded fields.
 * @returns What it tells; `undefined` for events of other providers or unknown
 * ids, and for version 0 of event 16, whose numbers were wrong.
 */
export function metricsEventOf(
  metadata: Pick<NettraceMetadata, "providerName" | "eventId" | "version">,
  fields: Fields,
): MetricsEvent | undefined {
  const { providerName, eventId, version } = metadata;
  if (providerName !== METRICS_PROVIDER) return undefined;
  const kind = VALUE_KINDS[eventId];
  if (kind !== undefined) {
    return kind === "upDownCounter" && version === 0
      ? undefined
      : valueEvent(kind, fields);
  }
  const phase = INSTRUMENT_PHASES[eventId];
  if (phase !== undefined) return instrumentEvent(phase, fields);
  const sessionId = text(fields, "sessionId");
  if (eventId === 2 || eventId === 3) {
    const [, start, end] = Object.values(fields);
    return {
      type: "collection",
      phase: eventId === 2 ? "start" : "stop",
      sessionId,
      startTime: String(start ?? ""),
      endTime: String(end ?? ""),
    };
  }
  const note = NOTE_KINDS[eventId];
  if (note === undefined) return undefined;
  return { type: "note", kind: note, sessionId, message: noteText(fields) };
}

function valueEvent(
  kind: MetricValueEvent["kind"],
  fields: Fields,
): MetricValueEvent {
  const absolute = invariantNumber(
    text(fields, kind === "gauge" ? "lastValue" : "value"),
  );
  const rate = kind === "counter" || kind === "upDownCounter"
    // A counter that only tells its value is shown by it.
    ? invariantNumber(text(fields, "rate")) ??
      (kind === "upDownCounter" ? absolute : undefined)
    : undefined;
  const quantiles = kind === "histogram"
    ? parseQuantiles(text(fields, "quantiles"))
    : [];
  return {
    type: "value",
    kind,
    ...metricSource(fields),
    tags: text(fields, "tags"),
    rate,
    value: absolute,
    quantiles,
    count: kind === "histogram" ? number(fields, "count") : undefined,
    sum: kind === "histogram" ? number(fields, "sum") : undefined,
    isEnded: rate === undefined && absolute === undefined &&
      quantiles.length === 0,
  };
}

function instrumentEvent(
  phase: InstrumentEvent["phase"],
  fields: Fields,
): InstrumentEvent {
  return {
    type: "instrument",
    phase,
    ...metricSource(fields),
    instrumentType: text(fields, "instrumentType"),
    description: text(fields, "instrumentDescription") ||
      text(fields, "description"),
    instrumentTags: text(fields, "instrumentTags"),
    meterTags: text(fields, "meterTags"),
    meterScopeHash: text(fields, "meterScopeHash"),
    schemaUrl: text(fields, "meterTelemetrySchemaUrl"),
  };
}

function metricSource(fields: Fields): MetricSource {
  return {
    sessionId: text(fields, "sessionId"),
    meterName: text(fields, "meterName"),
    meterVersion: text(fields, "meterVersion"),
    instrumentName: text(fields, "instrumentName"),
    unit: text(fields, "unit"),
    instrumentId: number(fields, "instrumentId") || undefined,
  };
}

function noteText(fields: Fields): string {
  const { sessionId: _, message, Message, errorMessage, ...others } = fields;
  const single = message ?? Message ?? errorMessage;
  if (typeof single === "string") return single;
  return Object.entries(others).map(([name, value]) => `${name}=${value}`)
    .join(", ");
}

function parseQuantiles(joined: string): (readonly [number, number])[] {
  const quantiles: (readonly [number, number])[] = [];
  for (const part of joined.split(";")) {
    const [quantile, value, ...rest] = part.split("=");
    const pair = [
      invariantNumber(quantile ?? ""),
      invariantNumber(value ?? ""),
    ] as const;
    if (rest.length > 0 || pair[0] === undefined || pair[1] === undefined) {
      continue;
    }
    quantiles.push([pair[0], pair[1]]);
  }
  return quantiles;
}

/** Numbers travel as texts in invariant culture. */
function invariantNumber(text: string): number | undefined {
  const trimmed = text.trim();
  return /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$|^NaN$|^-?Infinity$/i.test(
      trimmed,
    )
    ? Number(trimmed)
    : undefined;
}

function text(fields: Fields, name: string): string {
  const value = fields[name];
  return typeof value === "string" ? value : "";
}

function number(fields: Fields, name: string): number | undefined {
  const value = fields[name];
  return typeof value === "number" ? value : undefined;
}
