import type { Command } from "../../command.ts";
import { START_OPTIONS, TARGET_OPTIONS } from "./target_options.ts";

/** `tracedeck eventpipe counters`. */
export const countersCommand: Command = {
  name: "counters",
  summary: "watch or record counters of a process",
  positionals: [{ name: "monitor|collect", required: true }],
  passthrough: true,
  options: [
    ...TARGET_OPTIONS,
    {
      name: "counters",
      type: "list",
      valueName: "PROVIDER[COUNTER,…],…",
      help:
        "which counters, System.Runtime without; EventCounters\\PROVIDER for event counters alone",
    },
    {
      name: "refresh-interval",
      type: "number",
      min: 1,
      max: 86_400,
      default: 1,
      valueName: "SECONDS",
      help: "seconds between two values",
    },
    {
      name: "maxHistograms",
      aliases: ["max-histograms"],
      type: "number",
      min: 0,
      default: 10,
      help: "most histograms",
    },
    {
      name: "maxTimeSeries",
      aliases: ["max-time-series"],
      type: "number",
      min: 0,
      default: 1000,
      help: "most series of a counter by tags",
    },
    {
      name: "duration",
      type: "string",
      valueName: "TIME",
      help: "end after this time: 90s, or dd:hh:mm:ss",
    },
    {
      name: "format",
      type: "string",
      choices: ["csv", "json"],
      default: "csv",
      help: "what collect writes",
    },
    {
      name: "output",
      short: "o",
      type: "string",
      default: "counter",
      valueName: "FILE",
      help: "where collect writes; - is standard output",
    },
    {
      name: "showDeltas",
      aliases: ["show-deltas"],
      type: "boolean",
      help: "show what changed since the last value (monitor)",
    },
    {
      name: "abbreviateLargeNumbers",
      aliases: ["abbreviate-large-numbers"],
      type: "boolean",
      default: true,
      help: "show numbers from 100 million on in powers of ten (monitor)",
    },
    {
      name: "rates",
      type: "boolean",
      help: "show counters of meters as change per interval",
    },
    {
      name: "totals",
      type: "boolean",
      help: "show count and sum of histograms too",
    },
    ...START_OPTIONS,
  ],
  details:
    "monitor shows the latest values, on a terminal as a table that is written over. collect writes the files of dotnet-counters; JSON is complete after Ctrl-C too.",
  examples: [
    ["eventpipe counters monitor -p 1234", "the runtime's own counters"],
    [
      "eventpipe counters collect -p 1234 --counters System.Runtime[dotnet.gc.collections],MyMeter --format json -o c.json",
      "chosen counters into a file",
    ],
  ],
  load: () => import("./counters.ts"),
};
