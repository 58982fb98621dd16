import type { Command, CommandGroup } from "./command.ts";

/** A line of the table of commands: cheap, so that a program start loads one command only. */
export interface CommandEntry {
  /** Name as typed. */
  readonly name: string;
  /** Loads what the command accepts. */
  readonly load: () => Promise<Command>;
}

/** A line of the table of systems. */
export interface CommandGroupEntry {
  /** Name as typed. */
  readonly name: string;
  /** Loads the commands. */
  readonly load: () => Promise<CommandGroup>;
}

/** Commands without a system, in the order of help. */
export const COMMANDS: readonly CommandEntry[] = [
  {
    name: "info",
    load: async () => (await import("./commands/info_command.ts")).infoCommand,
  },
  {
    name: "events",
    load: async () =>
      (await import("./commands/events_command.ts")).eventsCommand,
  },
  {
    name: "report",
    load: async () =>
      (await import("./commands/report_command.ts")).reportCommand,
  },
  {
    name: "diff",
    load: async () => (await import("./commands/diff_command.ts")).diffCommand,
  },
  {
    name: "convert",
    load: async () =>
      (await import("./commands/convert_command.ts")).convertCommand,
  },
  {
    name: "completions",
    load: async () =>
      (await import("./commands/completions_command.ts")).completionsCommand,
  },
  {
    name: "version",
    load: async () =>
      (await import("./commands/version_command.ts")).versionCommand,
  },
];

/** Commands of the systems, in the order of help. */
export const GROUPS: readonly CommandGroupEntry[] = [
  {
    name: "netdump",
    load: async () =>
      (await import("./commands/netdump/netdump_group.ts")).netdumpGroup,
  },
  {
    name: "eventpipe",
    load: async () =>
      (await import("./commands/eventpipe/eventpipe_group.ts")).eventpipeGroup,
  },
  {
    name: "kcap",
    load: async () => (await import("./commands/kcap/kcap_group.ts")).kcapGroup,
  },
  {
    name: "tracereplay",
    load: async () =>
      (await import("./commands/tracereplay/tracereplay_group.ts"))
        .tracereplayGroup,
  },
  {
    name: "profile",
    load: async () =>
      (await import("./commands/profile/profile_group.ts")).profileGroup,
  },
];

/** Everything that can be typed. */
export interface AllCommands {
  /** Commands without a system, in the order of help. */
  readonly commands: readonly Command[];
  /** Systems with their commands, in the order of help. */
  readonly groups: readonly CommandGroup[];
}

/** @returns All commands, for help and completions. */
export async function loadAllCommands(): Promise<AllCommands> {
  const [commands, groups] = await Promise.all([
    Promise.all(COMMANDS.map(({ load }) => load())),
    Promise.all(GROUPS.map(({ load }) => load())),
  ]);
  return { commands, groups };
}
