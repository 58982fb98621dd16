import type { Command } from "../../command.ts";
import { ACCEPT_DAMAGE_OPTION, OUTPUT_OPTION } from "../../common_options.ts";
import { LIMIT_OPTION } from "./archive_options.ts";

/** `tracedeck netdump pcap`. */
export const pcapCommand: Command = {
  name: "pcap",
  summary: "the packets of a request, for tcpdump and Wireshark",
  positionals: [
    { name: "ARCHIVE", required: true, isFile: true },
    { name: "REQUEST", required: false },
  ],
  options: [
    {
      name: "interface",
      short: "i",
      type: "list",
      valueName: "IF",
      help: "only captures on this interface",
    },
    OUTPUT_OPTION,
    LIMIT_OPTION,
    ACCEPT_DAMAGE_OPTION,
  ],
  details:
    "Captures of several interfaces, or of all requests without REQUEST, are merged by time; a single one is given as it is.",
  examples: [
    [
      "netdump pcap nim-fail.tgz ping-controller-eth0-0 | tcpdump -nr -",
      "one request",
    ],
    ["netdump pcap nim-fail.tgz -i eth0 -o eth0.pcap", "one interface"],
  ],
  load: () => import("./pcap.ts"),
};
