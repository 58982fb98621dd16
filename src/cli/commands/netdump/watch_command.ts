import type { Command } from "../../command.ts";
import { JSON_OPTION } from "../../common_options.ts";
import { GATHER_OPTIONS, REQUEST_OPTIONS } from "./collect_options.ts";

/** `tracedeck netdump watch`. */
export const watchCommand: Command = {
  name: "watch",
  summary: "tries targets for ever and collects when they fail",
  positionals: [],
  options: [
    ...REQUEST_OPTIONS,
    {
      name: "probe",
      type: "list",
      valueName: "URL",
      help: "tried too when a target fails",
    },
    {
      name: "every",
      type: "duration",
      valueName: "TIME",
      min: 1e9,
      help: "time between checks; 60s without",
    },
    {
      name: "interval",
      type: "duration",
      valueName: "TIME",
      min: 0,
      help: "time between dumps while all is well; 24h without, 0 makes none",
    },
    {
      name: "backoff",
      type: "duration",
      valueName: "TIME",
      min: 0,
      help:
        "time between the first two dumps of a failure, doubled with each; 60s without",
    },
    {
      name: "max-backoff",
      type: "duration",
      valueName: "TIME",
      min: 0,
      help: "longest time between two dumps of a failure; 1h without",
    },
    {
      name: "recovery",
      type: "boolean",
      default: true,
      help: "a dump when a failure ends as well",
    },
    {
      name: "topic",
      type: "string",
      valueName: "BASE",
      default: "watch",
      help: "series BASE-ok and BASE-fail",
    },
    {
      name: "max-bytes",
      type: "size",
      min: 1,
      valueName: "SIZE",
      help: "room for the dumps of both series; the newest of each stays",
    },
    {
      name: "history",
      type: "list",
      valueName: "IF",
      help:
        "keep the packets on this interface since the check before last, for the dump of a failure",
    },
    {
      name: "history-limit",
      type: "size",
      default: 4 * 1024 * 1024,
      min: 1,
      valueName: "SIZE",
      help: "bytes of packets kept per interface between two checks",
    },
    {
      name: "checks",
      type: "number",
      min: 1,
      valueName: "N",
      help: "end after so many checks",
    },
    ...GATHER_OPTIONS,
    JSON_OPTION,
  ],
  details:
    "A target fails when it gives no answer or one with a status of 500 or more. Each dump has the traces of the requests that made it.\nEvery check is a line on standard error, every dump its path on standard output. What was published before is taken into account, so that a restart makes no flood.",
  examples: [
    [
      "netdump watch --url https://controller.example.net/ping",
      "for ever, once a minute",
    ],
    [
      "netdump watch --url https://example.net/ --every 10s --history eth0",
      "with the packets before a failure",
    ],
  ],
  load: () => import("./watch.ts"),
};
