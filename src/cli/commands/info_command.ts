import type { Command } from "../command.ts";
import {
  ACCEPT_DAMAGE_OPTION,
  FROM_OPTION,
  JSON_OPTION,
} from "../common_options.ts";
import { formatOptions } from "../verbs/format_options.ts";

/** `tracedeck info`. */
export const infoCommand: Command = {
  name: "info",
  summary:
    "what a file is: format, writer, time range, counts, health; what to do next",
  positionals: [{ name: "FILE", required: true, variadic: true, isFile: true }],
  options: [
    JSON_OPTION,
    FROM_OPTION,
    ACCEPT_DAMAGE_OPTION,
    ...formatOptions("info"),
  ],
  details:
    "Formats are found by content, never by name; gzip and zstd are taken off first.\nA FILE of - is standard input. With --json each file gives one line.",
  examples: [["info app.nettrace", "what is in a .NET trace"]],
  load: () => import("./info.ts"),
};
