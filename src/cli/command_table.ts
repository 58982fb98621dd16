import type { Command, CommandGroup } from "./command.ts";
import { completionsCommand } from "./commands/completions_command.ts";
import { convertCommand } from "./commands/convert_command.ts";
import { diffCommand } from "./commands/diff_command.ts";
import { eventsCommand } from "./commands/events_command.ts";
import { infoCommand } from "./commands/info_command.ts";
import { kcapGroup } from "./commands/kcap/kcap_group.ts";
import { netdumpGroup } from "./commands/netdump/netdump_group.ts";
import { reportCommand } from "./commands/report_command.ts";
import { tracereplayGroup } from "./commands/tracereplay/tracereplay_group.ts";
import { versionCommand } from "./commands/version_command.ts";

/** Commands without a system, in the order of help. */
export const COMMANDS: readonly Command[] = [
  infoCommand,
  eventsCommand,
  reportCommand,
  diffCommand,
  convertCommand,
  completionsCommand,
  versionCommand,
];

/** Commands of the systems, in the order of help. */
export const GROUPS: readonly CommandGroup[] = [
  netdumpGroup,
  kcapGroup,
  tracereplayGroup,
];
