import type { OptionSpec } from "../../../formats/option_spec.ts";

/** Options of every command that reads a capture. */
export const CAPTURE_OPTIONS: readonly OptionSpec[] = [
  {
    name: "strict",
    type: "boolean",
    help: "refuse captures of Fibratus 1.x, as Fibratus does",
    conflicts: ["force"],
  },
  {
    name: "force",
    type: "boolean",
    help: "read captures of a version that is not known yet as the newest one",
  },
  {
    name: "raw-names",
    type: "boolean",
    help: "keep names that earlier releases used instead of today's",
  },
  {
    name: "errors",
    type: "string",
    choices: ["report", "fail", "ignore"],
    default: "report",
    help:
      "what to do about damaged records: tell them, stop at the first, or leave them out silently",
  },
];

/** `--at` of commands that show state. */
export const AT_OPTION: OptionSpec = {
  name: "at",
  type: "string",
  valueName: "SEQ",
  help: "state behind the event of this sequence number instead of the end",
};
