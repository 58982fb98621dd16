import type { Command } from "../../command.ts";
import { ACCEPT_DAMAGE_OPTION } from "../../common_options.ts";
import { EVENT_FORMS, PRINT_OPTIONS } from "./event_printer.ts";
import { TRACE_FILTER_OPTIONS } from "./trace_options.ts";

/** `tracedeck tracereplay decode`. */
export const decodeCommand: Command = {
  name: "decode",
  summary: "print the events of trace files",
  positionals: [{ name: "FILE", required: true, variadic: true, isFile: true }],
  options: [
    {
      name: "format",
      type: "string",
      choices: [...EVENT_FORMS],
      default: "text",
      help:
        "text as gVisor's example server, json one object per line, pretty as strace, table in columns",
    },
    {
      name: "follow",
      type: "boolean",
      help: "wait for more at the end of the file, until Ctrl-C",
    },
    {
      name: "stats",
      type: "boolean",
      help: "tell on standard error what was in the files",
    },
    ...PRINT_OPTIONS,
    ...TRACE_FILTER_OPTIONS,
    ACCEPT_DAMAGE_OPTION,
  ],
  details: `- reads standard input; gzip and zstd are taken off.
A bad message never ends the output: it is printed with its bytes.
The architecture is found out from the first system call that tells it; in a file all of it is looked at before the first line.
Exit codes: 3 when a file is damaged, 1 when it is no trace file.`,
  examples: [
    ["tracereplay decode replay/client-0001", "as gVisor's example server"],
    [
      "tracereplay decode --format json --derive client-0001",
      "for jq and log collectors",
    ],
    [
      "tracereplay decode --format pretty --errno any client-0001",
      "calls that failed",
    ],
    [
      "tracereplay decode --format pretty --follow replay/client-0001",
      "watch a session that is being saved",
    ],
  ],
  load: () => import("./decode.ts"),
};

/** `tracedeck tracereplay cat`: the same by another name. */
export const catCommand: Command = {
  ...decodeCommand,
  name: "cat",
  summary: "the same as decode",
};
