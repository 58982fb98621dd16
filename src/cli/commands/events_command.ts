import type { Command } from "../command.ts";
import {
  ACCEPT_DAMAGE_OPTION,
  FROM_OPTION,
  JSON_OPTION,
  OUTPUT_OPTION,
} from "../common_options.ts";
import { EVENT_FILTER_OPTIONS } from "../verbs/event_filter.ts";
import { formatOptions } from "../verbs/format_options.ts";

/** `tracedeck events`. */
export const eventsCommand: Command = {
  name: "events",
  summary: "the records of a file as lines: text, JSON lines or CSV",
  positionals: [{ name: "FILE", required: true, isFile: true }],
  options: [
    {
      name: "format",
      type: "string",
      choices: ["text", "jsonl", "csv"],
      default: "text",
      help: "form of the lines",
    },
    {
      ...JSON_OPTION,
      help: "the same as --format jsonl",
      conflicts: ["format"],
    },
    OUTPUT_OPTION,
    ...EVENT_FILTER_OPTIONS,
    {
      name: "limit",
      type: "number",
      min: 1,
      valueName: "N",
      help: "stop after so many records",
    },
    {
      name: "stacks",
      type: "boolean",
      help: "with stacks, where they were recorded",
    },
    FROM_OPTION,
    ACCEPT_DAMAGE_OPTION,
    ...formatOptions("events"),
  ],
  details:
    "Records come in order of time as far as the format allows, in constant memory.\nFilters of one kind are alternatives, filters of several kinds must all hold.",
  examples: [
    [
      "events app.nettrace --name 'GC/*' --limit 20",
      "the first garbage collections",
    ],
    ["events app.nettrace --json --stacks", "everything, for another program"],
  ],
  load: () => import("./events.ts"),
};
