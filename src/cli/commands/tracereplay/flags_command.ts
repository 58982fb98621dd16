import type { Command } from "../../command.ts";

/** `tracedeck tracereplay flags`. */
export const flagsCommand: Command = {
  name: "flags",
  summary: "list the options of a command, or of all of them",
  positionals: [{ name: "COMMAND", required: false }],
  options: [],
  details:
    "As gVisor's tool has it; --help of a command tells the same and more.",
  examples: [["tracereplay flags save", "the options of save"]],
  load: () => import("./flags.ts"),
};
