import { sniffPerfScript } from "../../tracehandler/sniff_perf_script.ts";
import type { FormatEntry } from "../types.ts";

/** Text that `perf script` makes of recordings. */
export const perfScriptEntry: FormatEntry = {
  name: "perf-script",
  title: "text of perf script",
  sniff: sniffPerfScript,
  options: [{
    name: "event",
    type: "string",
    valueName: "NAME",
    help:
      "which event of a recording is taken; default is the first one that has samples",
    verbs: ["events", "report", "diff", "convert", "view"],
  }, {
    name: "per-cpu",
    type: "boolean",
    help: "tell samples of different processors apart",
    verbs: ["report", "diff", "convert", "view"],
  }],
  converters: [],
  load: async () => (await import("./perf_script_format.ts")).perfScriptFormat,
};
