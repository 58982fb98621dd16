import type { Command } from "../../command.ts";
import { ACCEPT_DAMAGE_OPTION, JSON_OPTION } from "../../common_options.ts";
import { AT_OPTION, CAPTURE_OPTIONS } from "./capture_options.ts";

/** `tracedeck kcap handles`. */
export const handlesCommand: Command = {
  name: "handles",
  summary:
    "kernel objects that are open at the end of a capture or at an event",
  positionals: [{ name: "FILE", required: true, isFile: true }],
  options: [
    AT_OPTION,
    {
      name: "snapshot",
      type: "boolean",
      help:
        "every handle of the snapshot at the start, in the order of the file",
      conflicts: ["at"],
    },
    {
      name: "pid",
      type: "list",
      valueName: "PID",
      help: "only handles of these processes",
    },
    {
      name: "kind",
      type: "list",
      valueName: "PATTERN",
      help: "only such kinds: File, Key, Event; * stands for any text",
    },
    {
      name: "name",
      type: "list",
      valueName: "PATTERN",
      help: "only objects of such names; * stands for any text",
    },
    JSON_OPTION,
    ...CAPTURE_OPTIONS,
    ACCEPT_DAMAGE_OPTION,
  ],
  details:
    `Of several handles to one object the last one is shown, unless --snapshot is given.
Captures have a snapshot only if they were made with handle.init-snapshot. - reads standard input.`,
  examples: [
    ["kcap handles events.cap --kind File --name '*.log'", "open log files"],
    [
      "kcap handles events.cap --snapshot --pid 732",
      "one process at the start",
    ],
  ],
  load: () => import("./handles.ts"),
};
