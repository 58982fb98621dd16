import type { Command } from "../../command.ts";
import { EVENT_FORMS, PRINT_OPTIONS } from "./event_printer.ts";
import {
  ENDPOINT_OPTION,
  SERVER_OPTIONS,
  TRACE_FILTER_OPTIONS,
} from "./trace_options.ts";

/** `tracedeck tracereplay serve`. */
export const serveCommand: Command = {
  name: "serve",
  summary: "print what sandboxes send, as it comes",
  positionals: [],
  options: [
    ENDPOINT_OPTION,
    {
      name: "format",
      type: "string",
      choices: [...EVENT_FORMS],
      default: "text",
      help:
        "text as gVisor's example server, json one object per line, pretty as strace, table in columns",
    },
    {
      name: "client-prefix",
      type: "boolean",
      help:
        "put the number of the client in front of every line; in json it is always there",
    },
    {
      name: "omit-events",
      short: "q",
      type: "boolean",
      help: "only lines about connections and bad messages",
    },
    ...SERVER_OPTIONS,
    ...PRINT_OPTIONS,
    ...TRACE_FILTER_OPTIONS,
  ],
  details:
    `Lines are those of gVisor's example server; with --format json the ones about connections go to standard error.
Nothing is stored. A reader of the output that is slow makes sandboxes drop events.`,
  examples: [
    ["tracereplay serve --endpoint /tmp/gvisor_events.sock", "watch sandboxes"],
    [
      "tracereplay serve --endpoint /run/events.sock --format json | jq .syscall",
      "feed another program",
    ],
  ],
  load: () => import("./serve.ts"),
};
