import type { Command } from "../../command.ts";
import { JSON_OPTION } from "../../common_options.ts";
import { DIRECTORY_OPTION } from "./archive_options.ts";

/** `tracedeck netdump ls`. */
export const lsCommand: Command = {
  name: "ls",
  summary: "the dumps that were published here",
  positionals: [],
  options: [
    DIRECTORY_OPTION,
    {
      name: "topic",
      type: "list",
      valueName: "TOPIC",
      help: "only this series",
    },
    {
      name: "long",
      short: "l",
      type: "boolean",
      help: "also what the manifests say: number, requests, redaction",
    },
    JSON_OPTION,
  ],
  details:
    "Only whole dumps are listed; whatever else lies in the folder is left out.",
  examples: [
    ["netdump ls", "all dumps, by name"],
    ["netdump ls --topic nim-fail --long", "one series, with results"],
  ],
  load: () => import("./ls.ts"),
};
