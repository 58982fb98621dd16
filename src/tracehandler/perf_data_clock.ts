import type { KTime } from "../base/time.ts";
import type { TraceClock } from "../profile/raw_trace.ts";
import type { PerfFeatures } from "./perf_features_decoder.ts";
import { CLOCKLESS, fixedClock } from "./trace_clock.ts";

/** @param features What a recorder says of itself. @returns Time of its records. */
export function perfClock({ clockData }: PerfFeatures): TraceClock {
  return clockData === undefined
    ? CLOCKLESS
    : fixedClock(clockData.wallNs - clockData.clockNs as KTime);
}
