import { sniffPerfData } from "../../tracehandler/sniff_perf_data.ts";
import type { FormatEntry, FormatOption, Verb } from "../types.ts";

const STACK_VERBS: readonly Verb[] = [
  "events",
  "report",
  "diff",
  "convert",
  "view",
];

/** Options of recordings that are symbolised when they are read. */
const SYMBOL_OPTIONS: readonly FormatOption[] = [
  {
    name: "sysroot",
    type: "list",
    valueName: "DIR",
    help:
      "folder with the files of the machine that was recorded, with their paths or side by side; default is this machine",
    verbs: STACK_VERBS,
  },
  {
    name: "debug-dir",
    type: "list",
    valueName: "DIR",
    help:
      "folder with separate debug files or with programs by build id, such as ~/.debug; default is /usr/lib/debug",
    verbs: STACK_VERBS,
  },
  {
    name: "kallsyms",
    type: "string",
    valueName: "FILE",
    help: "/proc/kallsyms of the machine that was recorded",
    verbs: STACK_VERBS,
  },
  {
    name: "raw-addresses",
    type: "boolean",
    help: "look no names up; functions stay file and offset",
    verbs: STACK_VERBS,
  },
  {
    name: "per-cpu",
    type: "boolean",
    help: "tell samples of different processors apart",
    verbs: ["report", "diff", "convert", "view"],
  },
];

/** Recordings of Linux's `perf record`. */
export const perfDataEntry: FormatEntry = {
  name: "perf-data",
  title: "perf.data of Linux perf",
  sniff: sniffPerfData,
  options: [
    {
      name: "event",
      type: "string",
      valueName: "NAME",
      help:
        "which event of a recording is taken; default is the first one that has samples",
      verbs: STACK_VERBS,
    },
    ...SYMBOL_OPTIONS,
  ],
  converters: [],
  load: async () => (await import("./perf_data_format.ts")).perfDataFormat,
};
