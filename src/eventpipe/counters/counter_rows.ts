import type { CounterSample } from "./counter_reader.ts";

/** One number as dotnet-counters shows it. */
export interface CounterRow {
  /** Name with unit in brackets. */
  readonly display: string;
  /** Whether the number is a state or a change. */
  readonly type: "Metric" | "Rate";
  readonly value: number;
  /** Tags of the value, the percentile of a histogram among them. */
  readonly tags: string;
}

/** Options of {@linkcode counterRows}. */
export interface CounterRowsOptions {
  /** Whether counters of meters show their change per interval, as older dotnet-counters did, instead of their value. @default {false} */
  readonly rates?: boolean | undefined;
  /** Whether histograms show their count and sum beside their percentiles. @default {false} */
  readonly totals?: boolean | undefined;
}

/**
 * Turns a value of a counter into what dotnet-counters shows of it.
 *
 * @param sample The value.
 * @param options Which of several numbers to show.
 * @returns One row, or one per percentile.
 */
export function counterRows(
  sample: CounterSample,
  options: CounterRowsOptions = {},
): CounterRow[] {
  const { displayName, unit, tags, value, rate } = sample;
  const metric = (display: string, shown: number, more = tags): CounterRow => ({
    display,
    type: "Metric",
    value: shown,
    tags: more,
  });
  switch (sample.kind) {
    case "mean":
      return [metric(withUnit(displayName, countWord(unit)), value!)];
    case "sum":
      return [{
        display: `${displayName} (${
          countWord(unit)
        } / ${sample.intervalSec} sec)`,
        type: "Rate",
        value: value!,
        tags,
      }];
    case "counter":
      if (value !== undefined && options.rates !== true) {
        return [metric(withUnit(displayName, unit || "Count"), value)];
      }
      return rate === undefined ? [] : [{
        display: `${displayName} (${unit || "Count"} / ${
          sample.intervalSec || 1
        } sec)`,
        type: "Rate",
        value: rate,
        tags,
      }];
    case "gauge":
    case "upDownCounter":
      return value === undefined
        ? []
        : [metric(withUnit(displayName, unit), value)];
    case "histogram": {
      const rows = sample.quantiles.map(([quantile, shown]) =>
        metric(
          withUnit(displayName, unit),
          shown,
          joinTags(tags, `Percentile=${quantile * 100}`),
        )
      );
      if (options.totals === true) {
        if (sample.count !== undefined) {
          rows.push(metric(`${displayName} count`, sample.count));
        }
        if (sample.sum !== undefined) {
          rows.push(metric(withUnit(`${displayName} sum`, unit), sample.sum));
        }
      }
      return rows;
    }
  }
}

/**
 * Joins tags.
 *
 * @param lists Tags as `k=v,k2=v2`, some of them empty.
 * @returns All of them, joined by commas.
 */
export function joinTags(...lists: readonly string[]): string {
  return lists.filter((list) => list !== "").join(",");
}

function withUnit(name: string, unit: string): string {
  return unit === "" ? name : `${name} (${unit})`;
}

function countWord(unit: string): string {
  return unit === "count" ? "Count" : unit;
}
