import type { Command } from "../../command.ts";
import { JSON_OPTION } from "../../common_options.ts";
import { CAPTURE_OPTIONS } from "./capture_options.ts";

/** `tracedeck kcap check`. */
export const checkCommand: Command = {
  name: "check",
  summary: "read captures to the end and tell what is wrong with them",
  positionals: [{ name: "FILE", required: true, variadic: true, isFile: true }],
  options: [
    JSON_OPTION,
    ...CAPTURE_OPTIONS.filter(({ name }) => name !== "errors"),
  ],
  details:
    `Looks at the envelope, the header, every record and the recovered state. - reads standard input.
Exit codes: 0 all is well, 3 records are damaged or missing, 1 a file is no capture.`,
  examples: [
    ["kcap check events.cap", "one capture"],
    ["kcap check --json *.cap", "one line per capture, for another program"],
  ],
  load: () => import("./check.ts"),
};
