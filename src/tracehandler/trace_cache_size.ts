/** What {@linkcode traceCacheSize} depends on. */
export interface TraceCacheSizeOptions {
  /** Samples a second on each processor. */
  readonly samplesPerSecond: number;
  /** Milliseconds between two reports of metrics. */
  readonly monitorIntervalMs: number;
  /** Processors. */
  readonly cores: number;
}

const MIN_SIZE = 65_536;
const BIT_16 = 65_536;
/** Intervals for which traces are remembered. */
const INTERVALS = 6;

/**
 * Chooses the size of the handler's caches as the profiler did in October 2024:
 * room for the traces of six intervals, at least 65,536, rounded up to a power
 * of two. It counted the traces of one interval in 16 bits, so that large
 * products wrap; that is kept, since sizes are part of what it did.
 *
 * @param options Rate, interval, processors.
 * @returns Entries of each cache.
 *
 * @example Twenty samples a second on many processors
 * ```ts
 * import { traceCacheSize } from "@tracedeck/tracedeck/tracehandler";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(
 *   traceCacheSize({
 *     samplesPerSecond: 20,
 *     monitorIntervalMs: 5000,
 *     cores: 256,
 *   }),
 *   262144,
 * );
 * ```
 */
export function traceCacheSize(
  { samplesPerSecond, monitorIntervalMs, cores }: TraceCacheSizeOptions,
): number {
  const seconds = Math.floor(monitorIntervalMs / 1000);
  const perInterval = (samplesPerSecond % BIT_16) * (seconds % BIT_16) %
          BIT_16 * (cores % BIT_16) % BIT_16;
  const wanted = Math.max(MIN_SIZE, INTERVALS * perInterval);
  let size = 1;
  while (size < wanted) size *= 2;
  return size;
}
