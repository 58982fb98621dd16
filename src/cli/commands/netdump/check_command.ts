import type { Command } from "../../command.ts";
import { JSON_OPTION } from "../../common_options.ts";
import { LIMIT_OPTION } from "./archive_options.ts";

/** `tracedeck netdump check`. */
export const checkCommand: Command = {
  name: "check",
  summary: "says what was wrong, with evidence, the cause first",
  positionals: [{
    name: "ARCHIVE",
    required: true,
    variadic: true,
    isFile: true,
  }],
  options: [JSON_OPTION, LIMIT_OPTION],
  details:
    "Archives of EVE and of tracedeck are checked alike; the more is in one, the more can be found.\nThe exit code is 1 when problems or warnings are found, 0 when there are notes at most.",
  examples: [
    ["netdump check nim-fail.tgz", "what was wrong"],
    ["netdump check --json *.tgz | jq .id", "for scripts, a line per finding"],
  ],
  load: () => import("./check.ts"),
};
