import type { Command } from "../../command.ts";
import { JSON_OPTION } from "../../common_options.ts";

/** `tracedeck eventpipe ps`. */
export const psCommand: Command = {
  name: "ps",
  summary: "list .NET processes that can be attached to",
  positionals: [],
  options: [
    JSON_OPTION,
    {
      name: "runtime",
      type: "boolean",
      help: "ask each process for the version of its runtime",
    },
  ],
  details:
    "Processes of other folders for temporary files, of containers and of other namespaces are found as far as the system permits: run as their user or as root.",
  examples: [
    ["eventpipe ps", "a table"],
    ["eventpipe ps --json --runtime", "for programs"],
  ],
  load: () => import("./ps.ts"),
};
