import { sniffNettrace } from "../../eventpipe/nettrace/sniff_nettrace.ts";
import type { FormatEntry, FormatOption } from "../types.ts";

const PROFILE_OPTIONS: readonly FormatOption[] = [
  {
    name: "kind",
    type: "string",
    choices: [
      "samples",
      "allocations",
      "contention",
      "exceptions",
      "cswitch",
      "heap",
    ],
    default: "samples",
    help:
      "what a profile of a .NET trace counts: time by samples, allocated bytes, waits for locks, exceptions, time off the processor, objects of a heap dump",
    verbs: ["report", "diff", "convert", "view"],
  },
  {
    name: "method",
    type: "string",
    choices: ["native", "dotnetdiag", "traceevent"],
    default: "native",
    help:
      "how a .NET trace's samples become time: native is wall time in ns; the others give what dotnetdiag and dotnet-trace give",
    verbs: ["report", "diff", "convert", "view"],
  },
  {
    name: "managed-only",
    type: "boolean",
    help: "leave out time outside managed code",
    verbs: ["report", "diff", "convert", "view"],
  },
  {
    name: "cut-gaps",
    type: "boolean",
    help:
      "count a gap of more than 20 sampling periods as one period, the rest as not sampled",
    verbs: ["report", "diff", "convert", "view"],
  },
  {
    name: "merge-generics",
    type: "boolean",
    help: "one row for all instantiations of a generic method",
    verbs: ["events", "report", "diff", "convert", "view"],
  },
  {
    name: "split-tiers",
    type: "boolean",
    help: "one row per tier that a .NET method was compiled in",
    verbs: ["events", "report", "diff", "convert", "view"],
  },
];

const COUNTER_OPTIONS: readonly FormatOption[] = [
  {
    name: "counter-interval",
    type: "number",
    integer: false,
    min: 0.001,
    valueName: "SECONDS",
    help:
      "take counter values made for this interval, when sessions asked for several",
    verbs: ["events", "convert"],
  },
  {
    name: "counter-rates",
    type: "boolean",
    help:
      "show the change of a meter's counters instead of their value (counters-csv, counters-json)",
    verbs: ["convert"],
  },
  {
    name: "histogram-totals",
    type: "boolean",
    help:
      "show count and sum of histograms beside their percentiles (counters-csv, counters-json)",
    verbs: ["convert"],
  },
  {
    name: "local-time",
    type: "boolean",
    help: "times in the zone of this machine (counters-csv, counters-json)",
    verbs: ["convert"],
  },
];

/** Event streams of the .NET runtime. */
export const nettraceEntry: FormatEntry = {
  name: "nettrace",
  title: ".NET event trace (nettrace)",
  sniff: sniffNettrace,
  options: [
    ...PROFILE_OPTIONS,
    ...COUNTER_OPTIONS,
    {
      name: "full",
      type: "boolean",
      help:
        "show id, version, opcode, keywords and capturing thread of .NET events",
      verbs: ["events", "convert"],
    },
    {
      name: "full-names",
      type: "boolean",
      help: "do not cut the names in the tables of --method traceevent",
      verbs: ["report"],
    },
    {
      name: "drop-symbols",
      type: "boolean",
      help:
        "let the selection decide on events that name code and processes too (nettrace)",
      verbs: ["convert"],
    },
    {
      name: "exporter",
      type: "string",
      valueName: "TEXT",
      help:
        "name of the exporter in files of --method traceevent, for comparison with dotnet-trace",
      verbs: ["convert"],
    },
  ],
  converters: [
    "nettrace",
    "gcdump",
    "pprof",
    "speedscope",
    "chromium",
    "counters-csv",
    "counters-json",
  ],
  load: async () => (await import("./nettrace_format.ts")).nettraceFormat,
};
