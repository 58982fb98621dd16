import type { Command } from "../../command.ts";
import { ACCEPT_DAMAGE_OPTION } from "../../common_options.ts";
import { LIMIT_OPTION } from "./archive_options.ts";

/** `tracedeck netdump extract`. */
export const extractCommand: Command = {
  name: "extract",
  summary: "makes files of an archive, without its traps",
  positionals: [
    { name: "ARCHIVE", required: true, isFile: true },
    { name: "PATH", required: false, variadic: true },
  ],
  options: [
    {
      name: "directory",
      short: "d",
      type: "string",
      valueName: "DIR",
      default: ".",
      help: "where the top folder is made",
    },
    {
      name: "overwrite",
      type: "boolean",
      help: "replace files that are there",
    },
    LIMIT_OPTION,
    ACCEPT_DAMAGE_OPTION,
  ],
  details:
    "PATH is that of a file or folder below the top folder; all are extracted without.\nFiles are private to the user. Links, devices and paths that lead elsewhere are left out. Of entries with one path the last gets the name, those before ~1, ~2 behind it.",
  examples: [
    ["netdump extract nim-fail.tgz -d /tmp", "all of it"],
    ["netdump extract nim-fail.tgz requests", "traces and captures only"],
  ],
  load: () => import("./extract.ts"),
};
