import type { Command } from "../../command.ts";
import { JSON_OPTION } from "../../common_options.ts";

/** `tracedeck tracereplay points`. */
export const pointsCommand: Command = {
  name: "points",
  summary: "list the trace points of gVisor, as runsc trace metadata does",
  positionals: [{ name: "PATTERN", required: false }],
  options: [
    {
      name: "arch",
      type: "string",
      choices: ["amd64", "arm64"],
      default: "amd64",
      help: "architecture of the sandbox",
    },
    {
      name: "release",
      type: "boolean",
      help: "add the first weekly release that has the type of message",
    },
    JSON_OPTION,
  ],
  details: `Without a runsc; of the release of August 2026.
In PATTERN * stands for any text: "sentry/*", "syscall/open*/exit".`,
  examples: [["tracereplay points 'sentry/*'", "points of tasks"]],
  load: () => import("./points.ts"),
};
