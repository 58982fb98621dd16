import type { EventCollector, EventHandler } from "../event_collector.ts";
import {
  EVENT_COUNTERS_EVENT,
  eventCounterOf,
} from "../nettrace/event_counter.ts";
import type { EventCounterValue } from "../nettrace/event_counter.ts";
import { metricsEventOf } from "../nettrace/metrics_event.ts";
import type {
  InstrumentEvent,
  MetricCollectionEvent,
  MetricNoteEvent,
  MetricValueEvent,
} from "../nettrace/metrics_event.ts";
import { NettraceClock } from "../nettrace/nettrace_time.ts";
import { PayloadReaders } from "../nettrace/payload_reader.ts";
import type {
  NettraceEvent,
  NettraceHeader,
  NettraceMetadata,
} from "../nettrace/types.ts";
import { PROVIDER_NAME } from "../provider_name_table.ts";

/** One value of a counter of either kind. */
export interface CounterSample {
  /** An event counter of an event source, or an instrument of a meter. */
  readonly source: "eventCounter" | "meter";
  /** `mean` and `sum` are event counters, the others instruments. */
  readonly kind:
    | "mean"
    | "sum"
    | "counter"
    | "gauge"
    | "histogram"
    | "upDownCounter";
  /** Time in ns since the sync point. */
  readonly ns: number;
  /** Process that it comes from, where known. */
  readonly processId: number | undefined;
  /** Event source, or meter. */
  readonly provider: string;
  /** Name of the counter or instrument. */
  readonly name: string;
  /** Name for people; the same as `name` for instruments. */
  readonly displayName: string;
  /** Unit, empty where unknown. */
  readonly unit: string;
  /** Tags of the value, `k=v,k2=v2`; metadata of an event counter, `k:v,k2:v2`. */
  readonly tags: string;
  /** Tags of the meter. */
  readonly meterTags: string;
  /** Tags of the instrument. */
  readonly instrumentTags: string;
  /**
   * What it measured: a mean, the sum of an interval, an absolute value. An
   * instrument of an old runtime that only tells its rate has none, nor has a
   * histogram.
   */
  readonly value: number | undefined;
  /** Change during the interval (instruments), or per second (sums of event counters). */
  readonly rate: number | undefined;
  /** Length of the interval in s, 0 where unknown. */
  readonly intervalSec: number;
  /** Seconds that a sum is shown per; 1 for all others. */
  readonly rateTimeScaleSec: number;
  /** Smallest and largest measurement of a mean. */
  readonly min: number | undefined;
  readonly max: number | undefined;
  /** Standard deviation of a mean. */
  readonly standardDeviation: number | undefined;
  /** Number of measurements of a mean or a histogram. */
  readonly count: number | undefined;
  /** Sum of measurements of a histogram. */
  readonly sum: number | undefined;
  /** Quantiles from 0 to 1 of a histogram, with their values. */
  readonly quantiles: readonly (readonly [quantile: number, value: number])[];
}

/** Options of {@linkcode CounterReader}. */
export interface CounterReaderOptions {
  /**
   * Interval in s whose values are taken. When sessions ask for different
   * intervals, each gets the values of all.
   *
   * @default {the first one that occurs, for each event source}
   */
  readonly intervalSec?: number | undefined;
  /**
   * Session of metrics whose values are taken; a runtime tells every session
   * the values of all.
   *
   * @default {the first one that occurs}
   */
  readonly sessionId?: string | undefined;
  /** Own id within a session that tools share: complaints about others are left out. @default {all are given} */
  readonly clientId?: string | undefined;
  /** Gets what the source of the metrics tells beside values: limits that were reached, errors. */
  readonly onNote?: ((note: MetricNoteEvent) => void) | undefined;
}

/** Reads the values of event counters and of meters. */
export class CounterReader implements EventCollector {
  readonly #onSample: (sample: CounterSample) => void;
  readonly #onNote: ((note: MetricNoteEvent) => void) | undefined;
  readonly #clientId: string | undefined;
  readonly #wantedSeriesMs: number | undefined;
  readonly #seriesMs = new Map<string, number>();
  readonly #instrumentsById = new Map<number, InstrumentEvent>();
  readonly #instrumentsByName = new Map<string, InstrumentEvent>();
  #readers: PayloadReaders | undefined;
  #clock: NettraceClock | undefined;
  #sessionId: string | undefined;
  #collectionSec = 0;

  /**
   * @param onSample Gets every value.
   * @param options Interval, and who gets remarks.
   */
  constructor(
    onSample: (sample: CounterSample) => void,
    options: CounterReaderOptions = {},
  ) {
    this.#onSample = onSample;
    this.#onNote = options.onNote;
    this.#sessionId = options.sessionId;
    this.#clientId = options.clientId;
    this.#wantedSeriesMs = options.intervalSec === undefined
      ? undefined
      : Math.round(options.intervalSec * 1000);
  }

  onHeader(header: NettraceHeader): void {
    this.#clock = new NettraceClock(header);
    this.#readers = new PayloadReaders(header.pointerSize);
  }

  handlerOf(metadata: NettraceMetadata): EventHandler | undefined {
    if (metadata.providerName === PROVIDER_NAME.metrics) {
      return (event) => this.#onMetric(event);
    }
    return metadata.eventName === EVENT_COUNTERS_EVENT
      ? (event) => this.#onCounter(event)
      : undefined;
  }

  #onCounter(event: NettraceEvent): void {
    const { fields } = this.#readers!.of(event).read(event);
    const counter = eventCounterOf(fields);
    const provider = event.metadata.providerName;
    if (counter === undefined || !this.#isWanted(provider, counter)) return;
    const { kind, value, intervalSec } = counter;
    this.#onSample({
      source: "eventCounter",
      kind: kind === "Sum" ? "sum" : "mean",
      ns: this.#clock!.ns(event.time),
      processId: event.processId,
      provider,
      name: counter.name,
      displayName: counter.displayName || counter.name,
      unit: counter.units,
      tags: Object.entries(counter.metadata)
        .map(([key, text]) => `${key}:${text}`).join(","),
      meterTags: "",
      instrumentTags: "",
      value,
      rate: kind === "Sum" && intervalSec > 0 ? value / intervalSec : undefined,
      intervalSec: counter.seriesMs === undefined
        ? intervalSec
        : counter.seriesMs / 1000,
      rateTimeScaleSec: counter.rateTimeScaleSec,
      min: counter.min,
      max: counter.max,
      standardDeviation: counter.standardDeviation,
      count: counter.count,
      sum: undefined,
      quantiles: [],
    });
  }

  #isWanted(provider: string, { seriesMs }: EventCounterValue): boolean {
    if (seriesMs === undefined) return true;
    if (this.#wantedSeriesMs !== undefined) {
      return seriesMs === this.#wantedSeriesMs;
    }
    const first = this.#seriesMs.get(provider);
    if (first === undefined) this.#seriesMs.set(provider, seriesMs);
    return first === undefined || first === seriesMs;
  }

  #onMetric(event: NettraceEvent): void {
    const { fields } = this.#readers!.of(event).read(event);
    const metric = metricsEventOf(event.metadata, fields);
    if (metric === undefined) return;
    if (metric.type === "note") {
      if (this.#isForUs(metric, fields)) this.#onNote?.(metric);
      return;
    }
    // Values of a session of somebody else would be counted twice.
    this.#sessionId ??= metric.sessionId;
    if (metric.sessionId !== this.#sessionId) return;
    switch (metric.type) {
      case "collection":
        this.#onCollection(metric);
        break;
      case "instrument":
        this.#onInstrument(metric);
        break;
      case "value":
        if (!metric.isEnded) this.#onValue(event, metric);
    }
  }

  #isForUs(
    { kind, sessionId }: MetricNoteEvent,
    { clientId }: Readonly<Record<string, unknown>>,
  ): boolean {
    switch (kind) {
      // Tells of the session that runs instead of ours.
      case "multipleSessionsNotSupported":
        return true;
      case "multipleSessionsConfiguredIncorrectly":
        return this.#clientId === undefined || clientId === this.#clientId;
      default:
        return sessionId === "" || this.#sessionId === undefined ||
          sessionId === this.#sessionId;
    }
  }

  #onCollection({ phase, startTime, endTime }: MetricCollectionEvent): void {
    if (phase !== "stop") return;
    const ms = Date.parse(endTime) - Date.parse(startTime);
    if (ms > 0) this.#collectionSec = Math.round(ms / 100) / 10;
  }

  #onInstrument(instrument: InstrumentEvent): void {
    if (instrument.phase === "end") return;
    const { instrumentId, meterName, instrumentName } = instrument;
    if (instrumentId !== undefined) {
      this.#instrumentsById.set(instrumentId, instrument);
    }
    this.#instrumentsByName.set(
      `${meterName}\0${instrumentName}`,
      instrument,
    );
  }

  #onValue(event: NettraceEvent, metric: MetricValueEvent): void {
    const { instrumentId, meterName, instrumentName } = metric;
    const instrument = instrumentId === undefined
      ? this.#instrumentsByName.get(`${meterName}\0${instrumentName}`)
      : this.#instrumentsById.get(instrumentId);
    this.#onSample({
      source: "meter",
      kind: metric.kind,
      ns: this.#clock!.ns(event.time),
      processId: event.processId,
      provider: meterName,
      name: instrumentName,
      displayName: instrumentName,
      unit: instrument?.unit || metric.unit,
      tags: metric.tags,
      meterTags: instrument?.meterTags ?? "",
      instrumentTags: instrument?.instrumentTags ?? "",
      value: metric.value,
      rate: metric.rate,
      intervalSec: this.#collectionSec,
      rateTimeScaleSec: 1,
      min: undefined,
      max: undefined,
      standardDeviation: undefined,
      count: metric.count,
      sum: metric.sum,
      quantiles: metric.quantiles,
    });
  }
}
