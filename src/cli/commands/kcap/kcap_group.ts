import type { CommandGroup } from "../../command.ts";
import { checkCommand } from "./check_command.ts";
import { fieldsCommand } from "./fields_command.ts";
import { handlesCommand } from "./handles_command.ts";
import { psCommand } from "./ps_command.ts";
import { replayCommand } from "./replay_command.ts";

/** `tracedeck kcap`. */
export const kcapGroup: CommandGroup = {
  name: "kcap",
  summary: "read and search Fibratus captures of the Windows kernel",
  commands: [
    replayCommand,
    psCommand,
    handlesCommand,
    checkCommand,
    fieldsCommand,
  ],
};
