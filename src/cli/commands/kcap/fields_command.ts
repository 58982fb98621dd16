import type { Command } from "../../command.ts";
import { JSON_OPTION } from "../../common_options.ts";

/** `tracedeck kcap fields`. */
export const fieldsCommand: Command = {
  name: "fields",
  summary: "fields and functions of the filter language",
  positionals: [{ name: "WORD", required: false }],
  options: [
    {
      name: "functions",
      type: "boolean",
      help: "functions instead of fields",
    },
    {
      name: "deprecated",
      type: "boolean",
      help: "also fields that should not be used any more",
    },
    JSON_OPTION,
  ],
  details:
    "WORD chooses what has it in its name or description; a family such as ps. or registry. will do.",
  examples: [
    ["kcap fields", "all fields"],
    ["kcap fields net.", "one family"],
    ["kcap fields --functions", "all functions"],
  ],
  load: () => import("./fields.ts"),
};
