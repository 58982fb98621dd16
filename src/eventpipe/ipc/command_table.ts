/** Command sets, the high byte of a command's code. */
export const COMMAND_SET = {
  dump: 0x01,
  eventPipe: 0x02,
  profiler: 0x03,
  process: 0x04,
  server: 0xff,
} as const;

/** Codes of all commands: the set in the high byte, the id in the low one. */
export const COMMAND = {
  generateCoreDump: 0x0101,
  generateCoreDump2: 0x0102,
  generateCoreDump3: 0x0103,
  stopTracing: 0x0201,
  collectTracing: 0x0202,
  collectTracing2: 0x0203,
  collectTracing3: 0x0204,
  collectTracing4: 0x0205,
  collectTracing5: 0x0206,
  collectTracing6: 0x0207,
  attachProfiler: 0x0301,
  startupProfiler: 0x0302,
  processInfo: 0x0400,
  resumeRuntime: 0x0401,
  processEnvironment: 0x0402,
  setEnvironmentVariable: 0x0403,
  processInfo2: 0x0404,
  enablePerfMap: 0x0405,
  disablePerfMap: 0x0406,
  applyStartupHook: 0x0407,
  processInfo3: 0x0408,
} as const;

/** Name of a command. */
export type CommandName = keyof typeof COMMAND;

/** Codes of answers. */
export const REPLY = { ok: 0xff00, error: 0xffff } as const;

/** First version of the runtime that knows a command: `8` stands for .NET 8. */
export const COMMAND_SINCE: Readonly<Record<CommandName, string>> = {
  generateCoreDump: "3.0",
  generateCoreDump2: "6",
  generateCoreDump3: "7",
  stopTracing: "3.0",
  collectTracing: "3.0",
  collectTracing2: "3.0",
  collectTracing3: "9",
  collectTracing4: "9",
  collectTracing5: "10",
  collectTracing6: "11",
  attachProfiler: "3.1",
  startupProfiler: "6",
  processInfo: "5",
  resumeRuntime: "5",
  processEnvironment: "5",
  setEnvironmentVariable: "6",
  processInfo2: "6",
  enablePerfMap: "8",
  disablePerfMap: "8",
  applyStartupHook: "8",
  processInfo3: "8",
};

const NAMES: ReadonlyMap<number, CommandName> = new Map(
  (Object.keys(COMMAND) as CommandName[]).map((name) => [COMMAND[name], name]),
);

/**
 * @param code Code of a command.
 * @returns Its name, `undefined` when there is no such command.
 */
export function commandName(code: number): CommandName | undefined {
  return NAMES.get(code);
}
