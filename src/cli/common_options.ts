import type { OptionSpec } from "../formats/option_spec.ts";

/** Options that every command has. */
export const GLOBAL_OPTIONS: readonly OptionSpec[] = [
  { name: "help", short: "h", type: "boolean", help: "show help" },
  {
    name: "quiet",
    type: "boolean",
    help: "no progress and no remarks on standard error",
  },
  {
    name: "verbose",
    type: "boolean",
    help: "more detail: causes of errors, every fault counted",
  },
];

/** `--json` of listing commands. */
export const JSON_OPTION: OptionSpec = {
  name: "json",
  type: "boolean",
  help: "machine-readable output",
};

/** `-o FILE` of commands that make one file. */
export const OUTPUT_OPTION: OptionSpec = {
  name: "output",
  short: "o",
  type: "string",
  valueName: "FILE",
  help: "where to write; - is standard output",
};

/** `--from` of the verbs for any file. */
export const FROM_OPTION: OptionSpec = {
  name: "from",
  type: "string",
  valueName: "FORMAT",
  help: "format of the input instead of the one found by its content",
};

/** `--accept-damage` of the verbs for any file. */
export const ACCEPT_DAMAGE_OPTION: OptionSpec = {
  name: "accept-damage",
  type: "boolean",
  help: "exit with 0 instead of 3 when the input is damaged",
};
