import type { Command } from "../../command.ts";
import { JSON_OPTION } from "../../common_options.ts";
import { TARGET_OPTIONS } from "./target_options.ts";

/** `tracedeck eventpipe gcdump`. */
export const gcdumpCommand: Command = {
  name: "gcdump",
  summary: "what is on the heap of a process, and what keeps it alive",
  positionals: [],
  options: [
    ...TARGET_OPTIONS,
    JSON_OPTION,
    {
      name: "output",
      short: "o",
      type: "string",
      valueName: "FILE",
      help: "where to write, DATE_TIME_PID.gcdump if not given",
    },
    {
      name: "report",
      type: "boolean",
      help: "print what is on the heap",
    },
    {
      name: "top",
      type: "number",
      min: 1,
      default: 20,
      help: "rows of the tables of --report",
    },
    {
      name: "timeout",
      short: "t",
      type: "duration",
      default: 30e9,
      min: 1e9,
      help: "how long the collection may take",
    },
  ],
  details:
    "The process makes a full collection and stands still meanwhile. Exit code 3 means that objects were lost on the way.",
  examples: [
    [
      "eventpipe gcdump -p 1234 -o app.gcdump",
      "for PerfView, Visual Studio and tracedeck report",
    ],
    ["eventpipe gcdump -p 1234 --report", "with a report"],
  ],
  load: () => import("./gcdump.ts"),
};
