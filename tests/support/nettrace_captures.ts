import { bytesOf } from "./byte_stream.ts";
import { REPOSITORY } from "./file_url.ts";
import type { Requirement } from "./requirement.ts";
import { requireSharedData, sharedData } from "./shared_data.ts";

/** Captures that are in the repository. */
export const OWN_CAPTURES = {
  v6Minimal: "synthetic/v6-minimal.nettrace",
  v6Full: "synthetic/v6-full.nettrace",
  v5Features: "synthetic/v5-features.nettrace",
  gcdumpMini: "synthetic/gcdump-mini.nettrace",
  events: "events.nettrace",
  jit: "jit.nettrace",
  workload: "workload.nettrace",
} as const;

/** Captures among the shared data. */
export const SHARED_CAPTURES = {
  singleThread:
    "nettrace/dotnetdiag/dotnet-5.0-SampleProfiler-single-thread.golden.nettrace",
  executionCheckpoints:
    "nettrace/perfview/eventpipe-dotnetcore6.0-win-x64-executioncheckpoints.nettrace",
  mixed: "nettrace/perfview/mixed_managed_external_samples.nettrace",
  objver4:
    "nettrace/perfview/eventpipe-dotnetcore3.0-win-x64-objver4.nettrace.gz",
  heartRateMonitor: "nettrace/perfview/HeartRateMonitor.10068.nettrace.gz",
  v3Linux:
    "nettrace/perfview/eventpipe-dotnetcore2.1-linux-x64-objver3.netperf.gz",
  v3Windows:
    "nettrace/perfview/eventpipe-dotnetcore2.1-win-x86-objver3.netperf.gz",
  traceLogging:
    "nettrace/perfview/eventpipe-dotnetcore2.1-linux-x64-tracelogging.netperf",
  objver2: "nettrace/perfview/eventpipe-dotnetcore2.0-linux-objver2.netperf.gz",
} as const;

/** Name of a capture in the repository. */
export type OwnCapture = keyof typeof OWN_CAPTURES;
/** Name of a capture among the shared data. */
export type SharedCapture = keyof typeof SHARED_CAPTURES;

/** @returns The bytes of a capture in the repository. */
export function ownCapture(name: OwnCapture): Uint8Array<ArrayBuffer> {
  return Deno.readFileSync(
    `${REPOSITORY}/tests/fixtures/nettrace/${OWN_CAPTURES[name]}`,
  );
}

/** @returns The JSON beside a synthetic capture. */
export function expectedOf(name: OwnCapture): unknown {
  const path = OWN_CAPTURES[name].replace(".nettrace", ".expected.json");
  return JSON.parse(
    Deno.readTextFileSync(`${REPOSITORY}/tests/fixtures/nettrace/${path}`),
  );
}

/** @returns The bytes of a shared capture, unpacked. */
export async function sharedCapture(
  name: SharedCapture,
): Promise<Uint8Array<ArrayBuffer>> {
  const path = sharedData(SHARED_CAPTURES[name]);
  if (path === undefined) {
    throw new Error(`Cannot read capture ${name}: shared data is missing`);
  }
  if (!path.endsWith(".gz")) return await Deno.readFile(path);
  using file = await Deno.open(path);
  return await bytesOf(
    file.readable.pipeThrough(new DecompressionStream("gzip")),
  );
}

/** @returns The requirement of shared captures, for `testWith`. */
export function requireCaptures(
  ...names: readonly SharedCapture[]
): Requirement {
  return requireSharedData(...names.map((name) => SHARED_CAPTURES[name]));
}
