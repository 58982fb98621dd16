import type { CommandGroup } from "../../command.ts";
import { checkCommand } from "./check_command.ts";
import { collectCommand } from "./collect_command.ts";
import { extractCommand } from "./extract_command.ts";
import { lsCommand } from "./ls_command.ts";
import { pcapCommand } from "./pcap_command.ts";
import { pruneCommand } from "./prune_command.ts";
import { redactCommand } from "./redact_command.ts";
import { showCommand } from "./show_command.ts";
import { traceCommand } from "./trace_command.ts";
import { watchCommand } from "./watch_command.ts";

/** `tracedeck netdump`. */
export const netdumpGroup: CommandGroup = {
  name: "netdump",
  summary: "find out why a device lost its network, afterwards",
  commands: [
    collectCommand,
    traceCommand,
    watchCommand,
    lsCommand,
    showCommand,
    checkCommand,
    redactCommand,
    pcapCommand,
    extractCommand,
    pruneCommand,
  ],
};
