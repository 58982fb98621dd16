import type { Command } from "../../command.ts";
import { EVENT_FORMS, PRINT_OPTIONS } from "./event_printer.ts";
import {
  ENDPOINT_OPTION,
  REDACT_OPTION,
  SERVER_OPTIONS,
} from "./trace_options.ts";

/** `tracedeck tracereplay save`. */
export const saveCommand: Command = {
  name: "save",
  summary: "save what sandboxes send, one file per sandbox",
  positionals: [],
  options: [
    ENDPOINT_OPTION,
    {
      name: "out",
      type: "string",
      valueName: "DIR",
      help: "folder of the files, ./replay if not given",
    },
    {
      name: "prefix",
      type: "string",
      default: "client-",
      help: "start of the files' names",
    },
    {
      name: "to",
      type: "string",
      valueName: "ENDPOINT",
      help:
        "send each session on, or all of them to standard output with -; files are saved only with --out",
    },
    {
      name: "keep-existing",
      aliases: ["no-clobber"],
      type: "boolean",
      help: "pass over names that exist, instead of writing over the files",
    },
    {
      name: "gzip",
      type: "boolean",
      help: "pack the files; at most a second of messages is not yet in them",
    },
    {
      name: "rotate-size",
      type: "size",
      min: 1,
      help: "go on in a further file from this size on",
    },
    {
      name: "rotate-time",
      type: "duration",
      min: 1e6,
      help: "go on in a further file after this time",
    },
    REDACT_OPTION,
    {
      name: "max-messages",
      type: "number",
      min: 1,
      help: "close a client after this many messages",
    },
    {
      name: "max-size",
      type: "size",
      min: 1,
      help: "close a client after this many bytes of messages",
    },
    {
      name: "max-total-size",
      type: "size",
      min: 1,
      help: "stop after this many bytes of messages of all clients",
    },
    {
      name: "max-time",
      type: "duration",
      min: 1e6,
      help: "stop after this time",
    },
    {
      name: "print",
      type: "string",
      choices: [...EVENT_FORMS],
      help:
        "print events too; the lines about clients go to standard error then",
    },
    {
      name: "stats",
      type: "boolean",
      help: "tell drops and sizes of every client when it ends",
    },
    {
      name: "metrics",
      type: "string",
      valueName: "HOST:PORT",
      help: "serve counts for Prometheus",
    },
    ...SERVER_OPTIONS,
    ...PRINT_OPTIONS,
  ],
  details:
    `Files are byte for byte those of gVisor's tracereplay save, and complete at every moment.
Ctrl-C and SIGTERM store what clients have sent already, finish the files and remove the socket; that ends with exit code 0, or with 3 when messages were lost.
A client that is silent, slow or hostile does not keep the others from being saved.`,
  examples: [
    [
      "tracereplay save --endpoint /tmp/gvisor_events.sock --out /tmp/trace",
      "one file per sandbox",
    ],
    [
      "tracereplay save --endpoint /run/events.sock --print pretty",
      "save, and watch",
    ],
    [
      "tracereplay save --endpoint /run/events.sock --to tcp:127.0.0.1:9000",
      "send sessions on to another process",
    ],
  ],
  load: () => import("./save.ts"),
};
