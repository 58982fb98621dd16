import type { Command } from "../../command.ts";
import { JSON_OPTION } from "../../common_options.ts";

/** `tracedeck tracereplay syscalls`. */
export const syscallsCommand: Command = {
  name: "syscalls",
  summary:
    "list system calls with their numbers, and which gVisor traces by name",
  positionals: [{ name: "PATTERN", required: false }],
  options: [
    {
      name: "arch",
      type: "string",
      choices: ["amd64", "arm64"],
      default: "amd64",
      help: "architecture of the sandbox",
    },
    JSON_OPTION,
  ],
  details:
    "Columns: number, name, whether gVisor has the call, message with its arguments.\nIn PATTERN * stands for any text; a number stands for itself.",
  examples: [
    ["tracereplay syscalls 'open*'", "numbers of a family of calls"],
    ["tracereplay syscalls --arch arm64 56", "name of a number"],
  ],
  load: () => import("./syscalls.ts"),
};
