import type { Command } from "../command.ts";
import {
  ACCEPT_DAMAGE_OPTION,
  FROM_OPTION,
  JSON_OPTION,
} from "../common_options.ts";
import { PROFILE_FILTER_OPTIONS } from "../verbs/profile_filter.ts";
import { formatOptions } from "../verbs/format_options.ts";

/** `tracedeck report`. */
export const reportCommand: Command = {
  name: "report",
  summary:
    "top functions, callers, GC, exceptions, slowest requests: what the format can tell",
  positionals: [{ name: "FILE", required: true, isFile: true }],
  options: [
    {
      name: "top",
      type: "number",
      min: 1,
      default: 20,
      valueName: "N",
      help: "rows of each table",
    },
    {
      name: "sort",
      type: "string",
      choices: ["exclusive", "inclusive"],
      default: "exclusive",
      help: "order of the functions",
    },
    {
      name: "value",
      type: "string",
      valueName: "TYPE",
      help: "kind of value of a profile, for example samples or alloc_space",
    },
    {
      name: "callers",
      type: "string",
      valueName: "PATTERN",
      help:
        "callers and callees of the functions whose name matches; * stands for any text",
    },
    { name: "tree", type: "boolean", help: "with the call tree" },
    { name: "flame", type: "boolean", help: "with a flame graph" },
    {
      name: "section",
      type: "list",
      valueName: "KEY",
      help: "only these parts, by their key in the JSON output",
    },
    JSON_OPTION,
    FROM_OPTION,
    ACCEPT_DAMAGE_OPTION,
    ...PROFILE_FILTER_OPTIONS,
    ...formatOptions("report"),
  ],
  details:
    "Shares are of the total of all samples, those without a stack included.",
  examples: [
    ["report app.nettrace", "where the time goes, and what the runtime did"],
    ["report app.nettrace --callers '*.Work(*' --top 5", "who calls a method"],
    ["report app.pb.gz --flame", "a profile as a flame graph in the terminal"],
  ],
  load: () => import("./report.ts"),
};
