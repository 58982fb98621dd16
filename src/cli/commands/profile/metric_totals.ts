import { METRICS } from "../../../tracehandler/metric_table.ts";
import type {
  Metric,
  MetricSink,
} from "../../../tracehandler/metrics_buffer.ts";

/** Adds up metrics of a recording. */
export class MetricTotals implements MetricSink {
  readonly #values = new Map<number, number>();

  addSlice(metrics: readonly Metric[]): void {
    for (const { id, value } of metrics) {
      this.#values.set(id, (this.#values.get(id) ?? 0) + value);
    }
  }

  /** @returns The totals as JSON, by the names under which they are exported. */
  async *stream(): AsyncGenerator<Uint8Array, void, undefined> {
    const totals = Object.fromEntries(
      [...this.#values].map(([id, value]) => [
        METRICS[id]?.field || METRICS[id]?.name || String(id),
        value,
      ]),
    );
    yield new TextEncoder().encode(`${JSON.stringify(totals, null, 2)}\n`);
  }
}
