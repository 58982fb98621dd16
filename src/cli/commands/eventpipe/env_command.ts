import type { Command } from "../../command.ts";
import { JSON_OPTION } from "../../common_options.ts";
import { TARGET_OPTIONS } from "./target_options.ts";

/** `tracedeck eventpipe env`. */
export const envCommand: Command = {
  name: "env",
  summary: "the environment of a process",
  positionals: [],
  options: [...TARGET_OPTIONS, JSON_OPTION],
  details: "Values are shown as they are: they may be secrets.",
  examples: [["eventpipe env -p 1234", "NAME=VALUE, sorted by name"]],
  load: () => import("./env.ts"),
};

/** `tracedeck eventpipe set-env`. */
export const setEnvCommand: Command = {
  name: "set-env",
  summary: "set or delete environment variables of a process",
  positionals: [{ name: "NAME[=VALUE]", required: true, variadic: true }],
  options: TARGET_OPTIONS,
  details:
    "A name without = deletes the variable. Managed code that has read its environment before does not see the change: reliable only while the runtime is suspended at its start.",
  examples: [
    ["eventpipe set-env -p 1234 LEVEL=debug", "sets LEVEL"],
    ["eventpipe set-env -p 1234 LEVEL", "deletes it"],
  ],
  load: () => import("./set_env.ts"),
};
