import { METRIC_LIMIT } from "./metric_table.ts";

/** One measured number. */
export interface Metric {
  /** Which metric, of the table of metrics. */
  readonly id: number;
  /** Its value, or for a counter what was added. */
  readonly value: number;
}

/** Takes metrics as they are measured. */
export interface MetricSink {
  /** @param metrics Numbers that were measured at the same time. */
  addSlice(metrics: readonly Metric[]): void;
}

/** How a {@linkcode MetricsBuffer} works. */
export interface MetricsBufferOptions {
  /** @returns Seconds since 1970. */
  readonly unixSeconds: () => number;
  /**
   * Takes the metrics of one second.
   *
   * @param unixSeconds The second.
   * @param metrics Each id once.
   */
  readonly report: (unixSeconds: number, metrics: readonly Metric[]) => void;
  /** Ids must be below it. @default {that of the newest table} */
  readonly idLimit?: number | undefined;
  /** Told what was left out. @default {nobody} */
  readonly log?: ((message: string) => void) | undefined;
}

/** Ids up to this are given anew by every part of the profiler; no word is lost about them. */
const LAST_SHARED_ID = 7;

/**
 * Gathers metrics by the second. What was gathered in one second is reported
 * when metrics of a later one arrive, and never otherwise, as the profiler
 * does; call {@linkcode MetricsBuffer.flush} at the end.
 */
export class MetricsBuffer implements MetricSink {
  readonly #options: MetricsBufferOptions;
  readonly #limit: number;
  #second = 0;
  #metrics = new Map<number, number>();

  /** @param options Clock and receiver. */
  constructor(options: MetricsBufferOptions) {
    this.#options = options;
    this.#limit = options.idLimit ?? METRIC_LIMIT;
  }

  addSlice(metrics: readonly Metric[]): void {
    const second = this.#options.unixSeconds();
    if (second !== this.#second) {
      this.flush();
      this.#second = second;
    }
    for (const { id, value } of metrics) {
      if (!(id > 0 && id < this.#limit)) {
        this.#options.log?.(
          `metric ${id} is left out: ids are 1 to ${this.#limit - 1}`,
        );
        continue;
      }
      if (this.#metrics.has(id)) {
        if (id > LAST_SHARED_ID) {
          this.#options.log?.(
            `metric ${id} is left out: it was reported in this second before`,
          );
        }
        continue;
      }
      this.#metrics.set(id, value);
    }
  }

  /** Reports what is gathered. */
  flush(): void {
    if (this.#metrics.size === 0) return;
    const metrics = [...this.#metrics].map(([id, value]) => ({ id, value }));
    this.#metrics = new Map();
    this.#options.report(this.#second, metrics);
  }
}
