import { sniffCoredumpJson } from "../../tracehandler/sniff_coredump_json.ts";
import type { FormatEntry } from "../types.ts";

/** Stacks of core dumps, as the OpenTelemetry eBPF profiler keeps them for its tests. */
export const coredumpJsonEntry: FormatEntry = {
  name: "coredump-json",
  title: "core dump stacks (JSON)",
  sniff: sniffCoredumpJson,
  options: [{
    name: "runtime",
    type: "string",
    choices: [
      "unknown",
      "cpython",
      "php",
      "jvm",
      "ruby",
      "perl",
      "v8js",
      "dotnet",
      "go",
      "beam",
      "luajit",
    ],
    default: "unknown",
    help:
      "kind of the named frames of a core dump, which its file does not tell",
    verbs: ["report", "diff", "convert", "view"],
  }],
  converters: [],
  load: async () =>
    (await import("./coredump_json_format.ts")).coredumpJsonFormat,
};
