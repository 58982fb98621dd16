import type { CommandGroup } from "../../command.ts";
import { benchCommand } from "./bench_command.ts";
import { checkCommand } from "./check_command.ts";
import { configCommand } from "./config_command.ts";
import { catCommand, decodeCommand } from "./decode_command.ts";
import { flagsCommand } from "./flags_command.ts";
import { pointsCommand } from "./points_command.ts";
import { replayCommand } from "./replay_command.ts";
import { saveCommand } from "./save_command.ts";
import { serveCommand } from "./serve_command.ts";
import { syscallsCommand } from "./syscalls_command.ts";

/** `tracedeck tracereplay`. */
export const tracereplayGroup: CommandGroup = {
  name: "tracereplay",
  summary: "save, replay and read runtime events of gVisor",
  commands: [
    saveCommand,
    replayCommand,
    decodeCommand,
    catCommand,
    serveCommand,
    checkCommand,
    configCommand,
    pointsCommand,
    syscallsCommand,
    benchCommand,
    flagsCommand,
  ],
};
