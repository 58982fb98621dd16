import type { Command } from "../../command.ts";
import { TARGET_OPTIONS } from "./target_options.ts";

/** `tracedeck eventpipe startup-hook`. */
export const startupHookCommand: Command = {
  name: "startup-hook",
  summary: "run an assembly before Main of a suspended process",
  positionals: [{ name: "ASSEMBLY", required: true, isFile: true }],
  options: TARGET_OPTIONS,
  details:
    "The path is one of the process's file system. Needs .NET 8 and a runtime that waits at its start; one that runs already calls the hook at once. A hook that cannot be loaded ends the process.",
  examples: [["eventpipe startup-hook -p 1234 /srv/hook.dll", "adds a hook"]],
  load: () => import("./startup_hook.ts"),
};
