import type { ReportSection } from "../../base/report.ts";
import { CounterReader } from "../counters/counter_reader.ts";
import type { CounterSample } from "../counters/counter_reader.ts";
import { joinTags } from "../counters/counter_rows.ts";
import { InstrumentPreference } from "../counters/prefer_instruments.ts";
import type { EventHandler } from "../event_collector.ts";
import type { NettraceHeader, NettraceMetadata } from "../nettrace/types.ts";
import type { ReportPart, ReportPartOptions } from "./report_part.ts";

/** Series that are kept apart, and remarks that are kept. */
const MAX_SERIES = 10_000;
const MAX_NOTES = 20;

interface Series {
  readonly provider: string;
  readonly name: string;
  readonly tags: string;
  readonly unit: string;
  readonly kind: string;
  count: number;
  sum: number;
  min: number;
  max: number;
  last: number | undefined;
  rateSum: number;
  rateCount: number;
}

/** Tells what event counters and meters measured, one row per series. */
export class CountersPart implements ReportPart {
  readonly #reader: CounterReader;
  readonly #preference = new InstrumentPreference();
  readonly #series = new Map<string, Series>();
  readonly #notes = new Set<string>();

  constructor() {
    this.#reader = new CounterReader(
      (sample) =>
        this.#preference.add(sample).forEach((each) => this.#add(each)),
      {
        onNote: ({ kind, message }) => {
          if (kind === "message" || kind === "initialEnumerationComplete") {
            return;
          }
          if (this.#notes.size < MAX_NOTES) {
            this.#notes.add(message === "" ? kind : `${kind}: ${message}`);
          }
        },
      },
    );
  }

  onHeader(header: NettraceHeader): void {
    this.#reader.onHeader(header);
  }

  handlerOf(metadata: NettraceMetadata): EventHandler | undefined {
    return this.#reader.handlerOf(metadata);
  }

  sections({ top }: ReportPartOptions): ReportSection[] {
    this.#preference.finish().forEach((each) => this.#add(each));
    const series = [...this.#series.values()].toSorted((a, b) =>
      compare(a.provider, b.provider) || compare(a.name, b.name) ||
      compare(a.tags, b.tags)
    );
    const sections: ReportSection[] = [];
    if (series.length > 0) {
      const shown = Math.max(top, 50);
      sections.push({
        type: "table",
        key: "counters",
        title: "Counters",
        columns: [
          { key: "provider", title: "provider" },
          { key: "name", title: "counter" },
          { key: "tags", title: "tags" },
          { key: "unit", title: "unit" },
          { key: "kind", title: "kind" },
          { key: "count", title: "values", unit: "count" },
          { key: "last", title: "last" },
          { key: "min", title: "min" },
          { key: "mean", title: "mean" },
          { key: "max", title: "max" },
          { key: "rate", title: "mean rate" },
        ],
        rows: series.slice(0, shown).map((each) => [
          each.provider,
          each.name,
          each.tags,
          each.unit,
          each.kind,
          Math.max(each.count, each.rateCount),
          tidy(each.last),
          each.count === 0 ? undefined : tidy(each.min),
          each.count === 0 ? undefined : tidy(each.sum / each.count),
          each.count === 0 ? undefined : tidy(each.max),
          each.rateCount === 0
            ? undefined
            : tidy(each.rateSum / each.rateCount),
        ]),
        omittedRows: Math.max(series.length - shown, 0),
      });
    }
    if (this.#notes.size > 0) {
      sections.push({
        type: "text",
        key: "counterRemarks",
        title: "Remarks of the source of the counters",
        lines: [...this.#notes],
      });
    }
    return sections;
  }

  #add(sample: CounterSample): void {
    const { meterTags, instrumentTags, tags, value, rate, kind } = sample;
    const all = sample.source === "meter"
      ? joinTags(meterTags, instrumentTags, tags)
      : "";
    if (kind !== "histogram") {
      this.#note(sample, all, kind, value, rate);
      return;
    }
    for (const [quantile, shown] of sample.quantiles) {
      this.#note(
        sample,
        joinTags(all, `Percentile=${quantile * 100}`),
        kind,
        shown,
        undefined,
      );
    }
    const { count, sum } = sample;
    if (count !== undefined) {
      this.#note(sample, all, "histogram count", count, undefined);
    }
    if (sum !== undefined) {
      this.#note(sample, all, "histogram sum", sum, undefined);
    }
  }

  #note(
    { provider, name, unit }: CounterSample,
    tags: string,
    kind: string,
    value: number | undefined,
    rate: number | undefined,
  ): void {
    const key = JSON.stringify([provider, name, tags, kind]);
    let series = this.#series.get(key);
    if (series === undefined) {
      if (this.#series.size >= MAX_SERIES) return;
      series = {
        provider,
        name,
        tags,
        unit,
        kind,
        count: 0,
        sum: 0,
        min: Infinity,
        max: -Infinity,
        last: undefined,
        rateSum: 0,
        rateCount: 0,
      };
      this.#series.set(key, series);
    }
    if (value !== undefined) {
      series.count++;
      series.sum += value;
      series.min = Math.min(series.min, value);
      series.max = Math.max(series.max, value);
      series.last = value;
    }
    if (rate !== undefined) {
      series.rateCount++;
      series.rateSum += rate;
    }
  }
}

function tidy(value: number | undefined): number | undefined {
  return value === undefined ? undefined : Number(value.toPrecision(6));
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
