import type { Command } from "../../command.ts";
import { JSON_OPTION } from "../../common_options.ts";

/** `tracedeck tracereplay check`. */
export const checkCommand: Command = {
  name: "check",
  summary: "find the faults of session configurations before gVisor does",
  positionals: [
    { name: "CONFIG", required: true, variadic: true, isFile: true },
  ],
  options: [
    {
      name: "arch",
      type: "string",
      choices: ["amd64", "arm64", "both"],
      default: "both",
      help: "architectures for which points must exist",
    },
    {
      name: "release",
      type: "string",
      valueName: "YYYYMMDD",
      help: "release of the runsc that is to run it: newer points are faults",
    },
    JSON_OPTION,
  ],
  details:
    `Takes the file of --pod-init-config and the one of runsc trace create; - is standard input.
With a faulty file gVisor often runs the container untraced and says so in a log only.
Exit codes: 1 when there are errors, 0 when there are none or only warnings.`,
  examples: [
    [
      "tracereplay check pod_init.json",
      "all faults of a file, with their places",
    ],
    [
      "tracereplay check --arch arm64 --json falco.json",
      "for one architecture, for programs",
    ],
  ],
  load: () => import("./check.ts"),
};
