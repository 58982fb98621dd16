import type { CommandGroup } from "../../command.ts";
import { exportCommand } from "./export_command.ts";
import { listenCommand } from "./listen_command.ts";
import { recordCommand } from "./record_command.ts";
import { validateCommand } from "./validate_command.ts";

/** `tracedeck profile`. */
export const profileGroup: CommandGroup = {
  name: "profile",
  summary: "sample stacks of anything that runs, and pass profiles on",
  commands: [recordCommand, exportCommand, listenCommand, validateCommand],
};
