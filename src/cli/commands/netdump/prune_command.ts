import type { Command } from "../../command.ts";
import { JSON_OPTION } from "../../common_options.ts";
import { DIRECTORY_OPTION } from "./archive_options.ts";

/** `tracedeck netdump prune`. */
export const pruneCommand: Command = {
  name: "prune",
  summary: "deletes the oldest dumps",
  positionals: [],
  options: [
    DIRECTORY_OPTION,
    {
      name: "topic",
      type: "list",
      valueName: "TOPIC",
      help: "a series to prune, exactly; all without",
    },
    {
      name: "max",
      type: "number",
      min: 1,
      valueName: "N",
      help: "dumps of each topic that stay",
    },
    {
      name: "max-bytes",
      type: "size",
      min: 1,
      valueName: "SIZE",
      help: "room for all of them; the newest of each topic stays",
    },
    {
      name: "older-than",
      type: "duration",
      min: 1,
      valueName: "TIME",
      help: "dumps older than this go; the newest of each topic stays",
    },
    {
      name: "dry-run",
      type: "boolean",
      help: "delete nothing, only tell",
    },
    JSON_OPTION,
  ],
  details:
    "Dumps are ordered by the numbers in their manifests, so that a clock that jumped does not matter; those without go first, by name.\nPartial files of publishers that were killed an hour ago are deleted too.",
  examples: [
    ["netdump prune --max 10", "ten of each series stay"],
    [
      "netdump prune --topic nim-ok --older-than 30d --dry-run",
      "what would go",
    ],
  ],
  load: () => import("./prune.ts"),
};
