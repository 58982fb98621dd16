import type { CommandGroup } from "../../command.ts";
import { collectCommand } from "./collect_command.ts";
import { countersCommand } from "./counters_command.ts";
import { dumpCommand } from "./dump_command.ts";
import { envCommand, setEnvCommand } from "./env_command.ts";
import { gcdumpCommand } from "./gcdump_command.ts";
import { perfmapCommand } from "./perfmap_command.ts";
import { processCommand } from "./process_command.ts";
import { profilerCommand } from "./profiler_command.ts";
import { psCommand } from "./ps_command.ts";
import { resumeCommand } from "./resume_command.ts";
import { stackCommand } from "./stack_command.ts";
import { startupHookCommand } from "./startup_hook_command.ts";
import { topCommand } from "./top_command.ts";

/** `tracedeck eventpipe`. */
export const eventpipeGroup: CommandGroup = {
  name: "eventpipe",
  summary: "trace, count and look into running .NET processes",
  commands: [
    psCommand,
    collectCommand,
    countersCommand,
    stackCommand,
    topCommand,
    dumpCommand,
    gcdumpCommand,
    processCommand,
    envCommand,
    setEnvCommand,
    resumeCommand,
    perfmapCommand,
    startupHookCommand,
    profilerCommand,
  ],
};
