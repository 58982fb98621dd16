import type { Command } from "../command.ts";
import { JSON_OPTION } from "../common_options.ts";

/** `tracedeck version`. */
export const versionCommand: Command = {
  name: "version",
  summary: "version of tracedeck and of what it runs on",
  positionals: [],
  options: [JSON_OPTION],
  details: "",
  examples: [["version --json", "for scripts and bug reports"]],
  load: () => import("./version.ts"),
};
