import type { Command } from "../../command.ts";
import { ACCEPT_DAMAGE_OPTION, JSON_OPTION } from "../../common_options.ts";
import { LIMIT_OPTION } from "./archive_options.ts";

/** `tracedeck netdump show`. */
export const showCommand: Command = {
  name: "show",
  summary: "what is in an archive, or one entry of it",
  positionals: [
    { name: "ARCHIVE", required: true, isFile: true },
    { name: "PATH", required: false },
  ],
  options: [
    {
      name: "grep",
      type: "string",
      valueName: "TEXT",
      help: "the lines of all files that hold this text, whatever its case",
    },
    {
      name: "raw",
      type: "boolean",
      help: "the bytes as they are; captures and terminals get text otherwise",
      conflicts: ["grep", "json"],
    },
    JSON_OPTION,
    LIMIT_OPTION,
    ACCEPT_DAMAGE_OPTION,
  ],
  details:
    "PATH is that of the list, below the top folder. Of two entries with one path the last is shown; PATH#1 is the first.\nCaptures are shown packet by packet. Archives of EVE and of tracedeck are read alike, also damaged ones as far as they go.",
  examples: [
    ["netdump show nim-fail.tgz", "what is in it, and what could not be had"],
    ["netdump show nim-fail.tgz linux/iproute-main.txt", "one file"],
    ["netdump show nim-fail.tgz --grep unreachable", "look for a word"],
  ],
  load: () => import("./show.ts"),
};
