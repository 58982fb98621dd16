import { OptionError } from "../base/errors.ts";
import { VERSION } from "../base/version.ts";
import { nearestWord } from "../base/nearest.ts";
import { escapeForTerminal } from "../base/terminal_text.ts";
import { FilterError } from "../kcap/filter/filter_error.ts";
import type { Command, CommandGroup } from "./command.ts";
import { COMMANDS, GROUPS, loadAllCommands } from "./command_table.ts";
import { GLOBAL_OPTIONS } from "./common_options.ts";
import { Console } from "./console.ts";
import type { ConsoleHost } from "./console.ts";
import { EXIT_CODE } from "./exit_code.ts";
import { renderCommandHelp, renderGroupHelp, renderTopHelp } from "./help.ts";
import { parseCommandLine } from "./parse_command_line.ts";
import { InterruptedError } from "./signals.ts";
import { UsageError } from "./usage_error.ts";

/** Environment variable that makes errors show their stack. */
const STACK_VARIABLE = "TRACEDECK_STACK";

/**
 * Runs one command line.
 *
 * @param args Arguments behind the program's name.
 * @param host The process.
 * @param signal Aborted on Ctrl-C.
 * @returns The exit code.
 */
export async function main(
  args: readonly string[],
  host: ConsoleHost,
  signal: AbortSignal,
): Promise<number> {
  let console = new Console(host);
  try {
    const target = await findTarget(args);
    if (target.type === "help") {
      await console.print(target.text);
      await console.flush();
      return EXIT_CODE.done;
    }
    const { command, group, args: rest } = target;
    if (asksForHelp(rest)) {
      await console.print(renderCommandHelp(command, group));
      await console.flush();
      return EXIT_CODE.done;
    }
    const parsed = parseCommandLine(rest, {
      ...command,
      options: [...command.options, ...GLOBAL_OPTIONS],
    });
    console = console.with({
      quiet: parsed.options["quiet"] === true,
      verbose: parsed.options["verbose"] === true,
      signal,
    });
    const module = await command.load();
    const exitCode = await module.run({ ...parsed, console, signal });
    await console.flush();
    return exitCode;
  } catch (error) {
    return await endWithError(error, console, signal);
  }
}

async function endWithError(
  error: unknown,
  console: Console,
  signal: AbortSignal,
): Promise<number> {
  // Whoever read the data has enough of it.
  if (error instanceof Deno.errors.BrokenPipe) return EXIT_CODE.done;
  try {
    await console.flush();
  } catch (flushError) {
    if (flushError instanceof Deno.errors.BrokenPipe) return EXIT_CODE.done;
    throw flushError;
  }
  if (
    error instanceof InterruptedError ||
    (signal.aborted && error === signal.reason)
  ) {
    console.note("interrupted");
    return EXIT_CODE.interrupted;
  }
  if (error instanceof UsageError) {
    console.error(error.message, error.hint);
    return EXIT_CODE.usage;
  }
  if (error instanceof OptionError) {
    console.error(error.message);
    return EXIT_CODE.usage;
  }
  if (error instanceof FilterError) {
    console.explain(renderFilterError(error));
    return EXIT_CODE.usage;
  }
  const { message, hint } = describeError(error);
  console.error(message, hint);
  if (console.verbose) {
    for (
      let cause = causeOf(error);
      cause !== undefined;
      cause = causeOf(cause)
    ) {
      console.explain(`cause: ${describeError(cause).message}`);
    }
  }
  if (console.env(STACK_VARIABLE) && error instanceof Error) {
    console.explain(error.stack ?? "");
  }
  return EXIT_CODE.failed;
}

/** The caret needs its lines. */
function renderFilterError({ message, hint }: FilterError): string {
  const lines = message.split("\n").map(escapeForTerminal);
  const tail = hint === undefined ? [] : [`hint: ${escapeForTerminal(hint)}`];
  return ["error: bad filter:", ...lines, ...tail].join("\n");
}

function causeOf(error: unknown): unknown {
  return error instanceof Error ? error.cause : undefined;
}

function describeError(error: unknown): { message: string; hint?: string } {
  if (!(error instanceof Error)) return { message: String(error) };
  if (error instanceof Deno.errors.NotCapable) {
    return {
      message: error.message,
      hint: "run deno with the permission that is named",
    };
  }
  return { message: error.message };
}

function asksForHelp(args: readonly string[]): boolean {
  const end = args.indexOf("--");
  return (end < 0 ? args : args.slice(0, end)).some((word) =>
    word === "--help" || word === "-h"
  );
}

type Target =
  | { readonly type: "help"; readonly text: string }
  | {
    readonly type: "command";
    readonly command: Command;
    readonly group: string | undefined;
    readonly args: readonly string[];
  };

async function findTarget(args: readonly string[]): Promise<Target> {
  const [first, ...rest] = args;
  if (first === undefined) {
    throw new UsageError(
      "Command is missing",
      `run "tracedeck --help" for a list`,
    );
  }
  if (
    first === "--help" || first === "-h" ||
    (first === "help" && rest.length === 0)
  ) {
    const { commands, groups } = await loadAllCommands();
    return { type: "help", text: renderTopHelp(commands, groups) };
  }
  if (first === "--version" || first === "-V") {
    return { type: "help", text: `tracedeck ${VERSION}` };
  }
  if (first === "help") return await findTarget([...rest, "--help"]);

  const command = COMMANDS.find(({ name }) => name === first);
  if (command !== undefined) {
    return {
      type: "command",
      command: await command.load(),
      group: undefined,
      args: rest,
    };
  }
  const group = GROUPS.find(({ name }) => name === first);
  if (group !== undefined) return findInGroup(await group.load(), rest);

  const near = nearestWord(
    first,
    [...COMMANDS, ...GROUPS].map(({ name }) => name),
  );
  throw new UsageError(
    `Command "${first}" is unknown`,
    near === undefined
      ? `run "tracedeck --help" for a list`
      : `did you mean ${near}?`,
  );
}

function findInGroup(group: CommandGroup, args: readonly string[]): Target {
  const [name, ...rest] = args;
  const isHelp = name === "--help" || name === "-h" || name === "help";
  if (isHelp && rest.length === 0) {
    return { type: "help", text: renderGroupHelp(group) };
  }
  if (name === "help") return findInGroup(group, [...rest, "--help"]);
  const command = group.commands.find((candidate) => candidate.name === name);
  if (command !== undefined) {
    return { type: "command", command, group: group.name, args: rest };
  }
  const list = `run "tracedeck ${group.name} --help" for a list`;
  if (name === undefined) {
    throw new UsageError(`Command of ${group.name} is missing`, list);
  }
  const near = nearestWord(
    name,
    group.commands.map((candidate) => candidate.name),
  );
  throw new UsageError(
    `Command "${group.name} ${name}" is unknown`,
    near === undefined ? list : `did you mean ${group.name} ${near}?`,
  );
}
