import { toJsonText } from "../../../base/json_text.ts";
import {
  type MetricDefinition,
  METRICS,
} from "../../../tracehandler/metric_table.ts";
import type {
  Metric,
  MetricSink,
} from "../../../tracehandler/metrics_buffer.ts";

/** Adds up metrics of a recording; all of them are counters. */
export class MetricTotals implements MetricSink {
  readonly #values = new Map<number, number>();

  addSlice(metrics: readonly Metric[]): void {
    for (const { id, value } of metrics) {
      this.#values.set(id, (this.#values.get(id) ?? 0) + value);
    }
  }

  /**
   * Renders the totals for other programs.
   *
   * @param form One JSON object, or the text that Prometheus reads.
   * @returns Lines without the last line break.
   */
  render(form: "json" | "prometheus"): string {
    const totals = [...this.#values].map(([id, value]) =>
      [fieldOf(METRICS[id]!), value] as const
    );
    if (form === "json") return toJsonText(Object.fromEntries(totals));
    return totals.flatMap(([field, value]) => {
      const metric = `tracedeck_${field.replaceAll(/\W/g, "_")}_total`;
      return [`# TYPE ${metric} counter`, `${metric} ${value}`];
    }).join("\n");
  }
}

function fieldOf({ field, name }: MetricDefinition): string {
  return field || name;
}
