import type { Command } from "../../command.ts";
import { TARGET_OPTIONS } from "./target_options.ts";

/** `tracedeck eventpipe dump`. */
export const dumpCommand: Command = {
  name: "dump",
  summary: "make a process write a dump of itself",
  positionals: [],
  options: [
    ...TARGET_OPTIONS,
    {
      name: "output",
      short: "o",
      type: "string",
      valueName: "FILE",
      help: "path in the process's file system, ./core_DATE_TIME if not given",
    },
    {
      name: "type",
      type: "string",
      choices: [
        "full",
        "heap",
        "mini",
        "triage",
        "Full",
        "Heap",
        "Mini",
        "Triage",
      ],
      default: "full",
      help: "what is in it",
    },
    {
      name: "diag",
      type: "boolean",
      help: "tell how it goes on the console of the process",
    },
    {
      name: "crashreport",
      type: "boolean",
      help: "write a crash report beside it",
    },
  ],
  details:
    "The process writes the file with its own rights and stands still meanwhile. There is no time limit.",
  examples: [
    ["eventpipe dump -p 1234 --type heap -o /tmp/core.app", "with the heap"],
  ],
  load: () => import("./dump.ts"),
};
