import type { Command } from "../../command.ts";
import { JSON_OPTION } from "../../common_options.ts";
import { ENDPOINT_OPTION } from "./trace_options.ts";

/** `tracedeck tracereplay bench`. */
export const benchCommand: Command = {
  name: "bench",
  summary: "load a monitoring process with synthetic sandboxes",
  positionals: [],
  options: [
    ENDPOINT_OPTION,
    {
      name: "clients",
      type: "number",
      min: 1,
      max: 1000,
      default: 1,
      help: "synthetic sandboxes side by side",
    },
    {
      name: "messages",
      type: "number",
      min: 1,
      help: "events per sandbox; 100000 if neither this nor --time is given",
    },
    {
      name: "time",
      type: "duration",
      min: 1e6,
      help: "emit events for this long",
    },
    {
      name: "size",
      type: "size",
      min: 8,
      max: 1024 * 1024,
      valueName: "BYTES",
      help: "size of a message; small ones are openat events, 100 if not given",
    },
    {
      name: "rate",
      type: "number",
      integer: false,
      help: "events per second and sandbox; as fast as possible if not given",
    },
    {
      name: "retries",
      type: "number",
      min: 0,
      default: 0,
      help: "further attempts when the socket is full",
    },
    {
      name: "backoff",
      type: "duration",
      help:
        "wait before the first further attempt, 25us if not given; doubles each time",
    },
    {
      name: "backoff-max",
      type: "duration",
      help: "longest wait, 10ms if not given; 0 means no limit",
    },
    {
      name: "wait",
      type: "boolean",
      help:
        "wait for room instead of dropping: measures the server, not the loss",
    },
    JSON_OPTION,
  ],
  details:
    `Sends as gVisor's sink does: what does not fit is tried again as often as --retries says, sleeping in between, then dropped and counted.
Events are openat calls with container, thread and time. Exit code 3 when events were dropped.`,
  examples: [
    [
      "tracereplay bench --endpoint /run/events.sock --time 5s",
      "how many events a monitoring process takes",
    ],
    [
      "tracereplay bench --endpoint /run/events.sock --clients 20 --rate 5000 --retries 3 --time 10s",
      "whether it keeps up with 20 sandboxes",
    ],
  ],
  load: () => import("./bench.ts"),
};
