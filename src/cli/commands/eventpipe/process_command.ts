import type { Command } from "../../command.ts";
import { JSON_OPTION } from "../../common_options.ts";
import { TARGET_OPTIONS } from "./target_options.ts";

/** `tracedeck eventpipe process`. */
export const processCommand: Command = {
  name: "process",
  summary: "what a runtime tells of its process",
  positionals: [],
  options: [...TARGET_OPTIONS, JSON_OPTION],
  details: "",
  examples: [["eventpipe process -p 1234", "runtime, system, command line"]],
  load: () => import("./process.ts"),
};
