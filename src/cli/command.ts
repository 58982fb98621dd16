import type { OptionSpec, OptionValues } from "../formats/option_spec.ts";
import type { Console } from "./console.ts";

/** A positional argument of a command. */
export interface PositionalSpec {
  /** Word for it in help, for example `FILE`. */
  readonly name: string;
  /** Whether it must be given. */
  readonly required: boolean;
  /** Whether it takes all that follows; only the last one may. */
  readonly variadic?: boolean | undefined;
  /** Whether its value is a file, for shell completion. @default {false} */
  readonly isFile?: boolean | undefined;
}

/** What a running command sees of the outside. */
export interface CommandContext {
  /** Values of the options by long name. */
  readonly options: OptionValues;
  /** Positional arguments in order. */
  readonly positionals: readonly string[];
  /** Arguments behind `--`, for commands that start another program. */
  readonly passthrough: readonly string[];
  /** Terminal, streams, progress. */
  readonly console: Console;
  /** Aborted by the first Ctrl-C or SIGTERM: finish what is being written, then stop. */
  readonly signal: AbortSignal;
}

/** The code of a command, loaded when it is run. */
export interface CommandModule {
  /**
   * Runs the command.
   *
   * @param context Arguments and the outside.
   * @returns The exit code.
   */
  run(context: CommandContext): Promise<number>;
}

/** One command: parser, help, completions and README tables come from it. */
export interface Command {
  /** Name as typed. */
  readonly name: string;
  /** One line for lists of commands. */
  readonly summary: string;
  /** Positional arguments. */
  readonly positionals: readonly PositionalSpec[];
  /** Options. */
  readonly options: readonly OptionSpec[];
  /** Paragraphs for the command's own help. */
  readonly details: string;
  /** Command lines without the program's name, each with what it does. */
  readonly examples:
    readonly (readonly [commandLine: string, meaning: string])[];
  /** Whether arguments behind `--` are allowed. @default {false} */
  readonly passthrough?: boolean | undefined;
  /** Loads the code. */
  readonly load: () => Promise<CommandModule>;
}

/** Commands of one system under its name. */
export interface CommandGroup {
  /** Name as typed. */
  readonly name: string;
  /** One line for lists of commands. */
  readonly summary: string;
  /** Commands in the order of help. */
  readonly commands: readonly Command[];
}
