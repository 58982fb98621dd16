import { openLibc } from "../../src/platform/libc.ts";
import { PerfEventRings } from "../../src/platform/perf_event_rings.ts";
import { encodePerfAttr } from "../../src/tracehandler/perf_attr_encoder.ts";
import { PERF_ATTR_FLAG } from "../../src/tracehandler/perf_event_table.ts";
import { type Requirement, requireThat } from "./requirement.ts";

/**
 * Requires the right to sample.
 *
 * @param who `own` programs, or the whole `machine` with its kernel.
 * @returns The requirement.
 */
export function requirePerf(who: "own" | "machine"): Requirement {
  return requireThat(
    canSample(who),
    who === "own"
      ? "perf_event_open is not permitted"
      : "sampling the machine needs root or CAP_PERFMON",
  );
}

function canSample(who: "own" | "machine"): boolean {
  if (Deno.build.os !== "linux") return false;
  try {
    using _libc = openLibc();
    using rings = new PerfEventRings(
      encodePerfAttr({
        type: 1,
        config: 0n,
        periodOrFrequency: 99,
        isFrequency: true,
        sampleType: 0,
        readFormat: 0,
        flags: [
          PERF_ATTR_FLAG.disabled,
          ...(who === "own" ? [PERF_ATTR_FLAG.excludeKernel] : []),
        ],
        watermarkBytes: 0,
        clockId: 0,
        maxStack: 0,
      }),
      1,
    );
    rings.open({ pid: who === "own" ? 0 : -1, cpu: 0 });
    return true;
  } catch {
    return false;
  }
}
