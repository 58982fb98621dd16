import { gunzipSync } from "node:zlib";
import { REPOSITORY } from "./file_url.ts";
import { sharedData } from "./shared_data.ts";

/** Traces of other projects, by the name they have in the tests. */
export const SHARED_TRACE = {
  singleThread:
    "nettrace/dotnetdiag/dotnet-5.0-SampleProfiler-single-thread.golden.nettrace",
  mixed: "nettrace/perfview/mixed_managed_external_samples.nettrace",
  heartRate: "nettrace/perfview/HeartRateMonitor.10068.nettrace.gz",
  objver4:
    "nettrace/perfview/eventpipe-dotnetcore3.0-win-x64-objver4.nettrace.gz",
  objver3x86:
    "nettrace/perfview/eventpipe-dotnetcore2.1-win-x86-objver3.netperf.gz",
  objver3x64:
    "nettrace/perfview/eventpipe-dotnetcore2.1-linux-x64-objver3.netperf.gz",
  objver2: "nettrace/perfview/eventpipe-dotnetcore2.0-linux-objver2.netperf.gz",
  traceLogging:
    "nettrace/perfview/eventpipe-dotnetcore2.1-linux-x64-tracelogging.netperf",
  checkpoints:
    "nettrace/perfview/eventpipe-dotnetcore6.0-win-x64-executioncheckpoints.nettrace",
  v5Features: "nettrace/synthetic/v5-features.nettrace",
  v6Full: "nettrace/synthetic/v6-full.nettrace",
  v6Minimal: "nettrace/synthetic/v6-minimal.nettrace",
  gcdumpMini: "nettrace/synthetic/gcdump-mini.nettrace",
} as const;

/** Reads a shared capture, unpacked where it is packed. */
export function readShared(path: string): Uint8Array {
  const bytes = Deno.readFileSync(sharedData(path)!);
  return path.endsWith(".gz") ? gunzipSync(bytes) : bytes;
}

/** Reads a trace that was recorded for this project. */
export function readFixture(name: "workload" | "jit" | "events"): Uint8Array {
  return Deno.readFileSync(
    `${REPOSITORY}/tests/fixtures/nettrace/${name}.nettrace`,
  );
}
