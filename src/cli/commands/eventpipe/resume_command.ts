import type { Command } from "../../command.ts";
import { TARGET_OPTIONS } from "./target_options.ts";

/** `tracedeck eventpipe resume`. */
export const resumeCommand: Command = {
  name: "resume",
  summary: "let a runtime go on that waits at its start",
  positionals: [],
  options: TARGET_OPTIONS,
  details:
    "A runtime that waits at several ports goes on when each was resumed. Nothing happens when it does not wait.",
  examples: [["eventpipe resume -p 1234", "lets it go on"]],
  load: () => import("./resume.ts"),
};
