import { sniffNetworkTrace } from "../../netdump/nettrace_decoder.ts";
import type { FormatEntry } from "../types.ts";

/** Network traces as JSON, in any of their three forms. */
export const networkTraceEntry: FormatEntry = {
  name: "network-trace",
  title: "network trace",
  sniff: sniffNetworkTrace,
  options: [
    {
      name: "lenient",
      type: "boolean",
      help: "take what stands before the fault in a broken network trace",
      verbs: ["info", "events", "report", "diff", "convert"],
    },
    {
      name: "strict",
      type: "boolean",
      help: "refuse a network trace with a value of a wrong kind",
      verbs: ["info", "events", "report", "diff", "convert"],
    },
  ],
  converters: ["har", "network-trace"],
  load: async () =>
    (await import("./network_trace_format.ts")).networkTraceFormat,
};
