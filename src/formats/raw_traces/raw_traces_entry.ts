import { sniffRawTraces } from "../../tracehandler/sniff_raw_traces.ts";
import type { FormatEntry, FormatOption } from "../types.ts";

/** Layout of raw records; by default the first record tells. */
const LAYOUT_OPTION: FormatOption = {
  name: "raw-layout",
  type: "string",
  choices: ["auto", "2024-10", "2026-08"],
  default: "auto",
  help: "layout of raw profiler records",
  verbs: ["info", "events", "report", "diff", "convert", "view"],
};

/** Raw records of the OpenTelemetry eBPF profiler. */
export const rawTracesEntry: FormatEntry = {
  name: "raw-traces",
  title: "raw traces of an eBPF profiler",
  sniff: sniffRawTraces,
  options: [LAYOUT_OPTION, {
    name: "error-frames",
    type: "boolean",
    help: "keep frames that stand for errors of the unwinder",
    verbs: ["report", "diff", "convert", "view"],
  }],
  converters: [],
  load: async () => (await import("./raw_traces_format.ts")).rawTracesFormat,
};
