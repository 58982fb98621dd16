import type { Command } from "../../command.ts";
import { ENDPOINT_OPTION, TRACE_FILTER_OPTIONS } from "./trace_options.ts";

/** `tracedeck tracereplay replay`. */
export const replayCommand: Command = {
  name: "replay",
  summary: "send a trace file to a monitoring process, as a sandbox would",
  positionals: [],
  options: [
    ENDPOINT_OPTION,
    {
      name: "in",
      type: "string",
      valueName: "FILE",
      help: "the trace file; - is standard input",
    },
    {
      name: "timed",
      type: "boolean",
      help: "keep the gaps between messages that have a time",
    },
    {
      name: "speed",
      type: "number",
      integer: false,
      valueName: "FACTOR",
      help: "keep the gaps, divided by this: 10 is ten times as fast",
      conflicts: ["timed"],
    },
    {
      name: "rate",
      type: "number",
      integer: false,
      valueName: "N",
      help: "messages per second and connection",
      conflicts: ["timed", "speed"],
    },
    {
      name: "loop",
      type: "number",
      min: 1,
      default: 1,
      help: "send the file this often over each connection",
    },
    {
      name: "clients",
      type: "number",
      min: 1,
      default: 1,
      help: "connections side by side",
    },
    {
      name: "zero-dropped",
      type: "boolean",
      help: "set the drop counters of the messages to 0",
    },
    {
      name: "like-sink",
      type: "boolean",
      help:
        "drop and count what does not fit, as gVisor's sink does, instead of waiting",
    },
    {
      name: "retries",
      type: "number",
      min: 0,
      default: 0,
      help: "like-sink: further attempts when the socket is full",
    },
    {
      name: "backoff",
      type: "duration",
      help:
        "like-sink: wait before the first further attempt, 25us if not given; doubles each time",
    },
    {
      name: "backoff-max",
      type: "duration",
      help: "like-sink: longest wait, 10ms if not given; 0 means no limit",
    },
    {
      name: "server-version",
      type: "string",
      choices: ["any", "1"],
      default: "any",
      help: "which answers of the server will do: any, or version 1 and up",
    },
    {
      name: "force",
      type: "boolean",
      help: "send a file of version 0, with an empty handshake",
    },
    {
      name: "compat",
      type: "boolean",
      help:
        "a progress line for every message even when the output is no terminal",
    },
    ...TRACE_FILTER_OPTIONS,
  ],
  details:
    `Every message is sent verbatim, one packet each. The whole file is checked before the server sees a connection.
A socket that cannot take the largest message gets a larger send buffer, as far as net.core.wmem_max permits.`,
  examples: [
    [
      "tracereplay replay --endpoint /run/events.sock --in replay/client-0001",
      "the same messages again",
    ],
    [
      "tracereplay replay --endpoint /run/events.sock --in client-0001 --clients 50 --loop 100",
      "load on the monitoring process",
    ],
    [
      "tracereplay replay --endpoint tcp:127.0.0.1:9000 --in -",
      "pass a stream on over TCP",
    ],
  ],
  load: () => import("./replay.ts"),
};
