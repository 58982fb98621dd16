import type { Command } from "../../command.ts";
import { ACCEPT_DAMAGE_OPTION, JSON_OPTION } from "../../common_options.ts";
import { AT_OPTION, CAPTURE_OPTIONS } from "./capture_options.ts";

/** `tracedeck kcap ps`. */
export const psCommand: Command = {
  name: "ps",
  summary: "the tree of processes at the end of a capture or at an event",
  positionals: [{ name: "FILE", required: true, isFile: true }],
  options: [
    AT_OPTION,
    {
      name: "pid",
      type: "number",
      min: 0,
      valueName: "PID",
      help: "only this process, its ancestors and what it started",
    },
    {
      name: "long",
      short: "l",
      type: "boolean",
      help: "also user, session, start, threads and modules",
    },
    JSON_OPTION,
    ...CAPTURE_OPTIONS,
    ACCEPT_DAMAGE_OPTION,
  ],
  details:
    `A capture lists the processes that ran when it began, then every one that starts and ends.
Processes whose parent is not known stand at the margin. - reads standard input.`,
  examples: [
    ["kcap ps events.cap", "what ran at the end"],
    ["kcap ps events.cap --at 20009 --long", "what ran at an event"],
    ["kcap ps events.cap --json", "one process per line, for jq"],
  ],
  load: () => import("./ps.ts"),
};
