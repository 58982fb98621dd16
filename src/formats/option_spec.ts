/** Kind of an option's value. `list` may be given several times. */
export type OptionType =
  | "boolean"
  | "string"
  | "number"
  | "duration"
  | "size"
  | "list";

/** One option of a command, a format or a target: parser, help and completions come from it. */
export interface OptionSpec {
  /** Long name without dashes, in kebab case. */
  readonly name: string;
  /** Further long names, such as those that another program has for it. */
  readonly aliases?: readonly string[] | undefined;
  /** One-letter name without dash. */
  readonly short?: string | undefined;
  /** Kind of value; `duration` gives nanoseconds, `size` bytes. */
  readonly type: OptionType;
  /** Word for the value in help, for example `FILE`. */
  readonly valueName?: string | undefined;
  /** One line of help. */
  readonly help: string;
  /** Value when it is not given. */
  readonly default?: string | number | boolean | undefined;
  /** The only values allowed. */
  readonly choices?: readonly string[] | undefined;
  /** Names of options that cannot be given with it. */
  readonly conflicts?: readonly string[] | undefined;
  /** Smallest number allowed. */
  readonly min?: number | undefined;
  /** Largest number allowed. */
  readonly max?: number | undefined;
  /** Whether a number must be an integer. @default {true} */
  readonly integer?: boolean | undefined;
}

/** Value of an option after parsing. */
export type OptionValue =
  | string
  | number
  | boolean
  | readonly string[]
  | undefined;

/** Values by long name; what was not given and has no default is absent. */
export type OptionValues = Readonly<Record<string, OptionValue>>;
