import { coredumpJsonEntry } from "./coredump_json/coredump_json_entry.ts";
import { foldedEntry } from "./folded/folded_entry.ts";
import { gcdumpEntry } from "./gcdump/gcdump_entry.ts";
import { kcapEntry } from "./kcap/kcap_entry.ts";
import { netdumpEntry } from "./netdump/netdump_entry.ts";
import { nettraceEntry } from "./nettrace/nettrace_entry.ts";
import { networkTraceEntry } from "./network_trace/network_trace_entry.ts";
import { otlpEntry } from "./otlp/otlp_entry.ts";
import { perfDataEntry } from "./perf_data/perf_data_entry.ts";
import { perfScriptEntry } from "./perf_script/perf_script_entry.ts";
import { pprofEntry } from "./pprof/pprof_entry.ts";
import { rawTracesEntry } from "./raw_traces/raw_traces_entry.ts";
import { speedscopeEntry } from "./speedscope/speedscope_entry.ts";
import {
  tracereplayEntry,
  tracereplayNdjsonEntry,
} from "./tracereplay/tracereplay_entry.ts";
import type { FormatEntry } from "./types.ts";

/**
 * Every format that can be read, most specific first: the first one whose
 * `sniff` agrees is taken.
 */
export const FORMATS: readonly FormatEntry[] = [
  tracereplayEntry,
  tracereplayNdjsonEntry,
  nettraceEntry,
  gcdumpEntry,
  networkTraceEntry,
  netdumpEntry,
  kcapEntry,
  perfDataEntry,
  speedscopeEntry,
  coredumpJsonEntry,
  // These have no magic number: everything that has one comes first.
  perfScriptEntry,
  foldedEntry,
  rawTracesEntry,
  otlpEntry,
  pprofEntry,
];
