import type { Command } from "../command.ts";
import {
  ACCEPT_DAMAGE_OPTION,
  FROM_OPTION,
  JSON_OPTION,
} from "../common_options.ts";
import { PROFILE_FILTER_OPTIONS } from "../verbs/profile_filter.ts";
import { formatOptions } from "../verbs/format_options.ts";

/** `tracedeck diff`. */
export const diffCommand: Command = {
  name: "diff",
  summary: "two of one kind: profiles, netdumps, network traces",
  positionals: [
    { name: "A", required: true, isFile: true },
    { name: "B", required: true, isFile: true },
  ],
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
      name: "value",
      type: "string",
      valueName: "TYPE",
      help: "kind of value of profiles, for example samples or alloc_space",
    },
    {
      name: "normalize",
      type: "boolean",
      help: "scale B to the total of A, for recordings of different length",
    },
    JSON_OPTION,
    FROM_OPTION,
    ACCEPT_DAMAGE_OPTION,
    ...PROFILE_FILTER_OPTIONS,
    ...formatOptions("diff"),
  ],
  details: "Profiles of different formats can be compared with each other.",
  examples: [[
    "diff before.nettrace after.nettrace --normalize",
    "what became slower",
  ]],
  load: () => import("./diff.ts"),
};
