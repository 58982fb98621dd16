import { sniffNetdump } from "../../netdump/sniff_netdump.ts";
import type { FormatEntry } from "../types.ts";

/** Network dumps of EVE and of tracedeck. */
export const netdumpEntry: FormatEntry = {
  name: "netdump",
  title: "network dump",
  sniff: sniffNetdump,
  options: [
    {
      name: "request",
      type: "string",
      valueName: "NAME",
      help: "only this request of a network dump",
      verbs: ["events", "convert"],
    },
  ],
  converters: ["pcap", "har", "network-trace"],
  load: async () => (await import("./netdump_format.ts")).netdumpFormat,
};
