import type { Command } from "../../command.ts";
import { JSON_OPTION } from "../../common_options.ts";
import { OTLP_LAYOUT_OPTION } from "../../../formats/otlp/otlp_entry.ts";

/** `tracedeck profile validate`. */
export const validateCommand: Command = {
  name: "validate",
  summary: "check OTLP profiles against the rules of OpenTelemetry",
  positionals: [{ name: "FILE", required: true, variadic: true, isFile: true }],
  options: [
    JSON_OPTION,
    {
      name: "strict",
      type: "boolean",
      help: "advice that is not followed counts as a breach",
    },
    {
      name: "max-findings",
      type: "number",
      min: 0,
      default: 100,
      help: "findings that are listed per file; all are counted",
    },
    {
      ...OTLP_LAYOUT_OPTION,
      help:
        "layout of the samples: up to OTLP 1.9, or from 1.10 on; auto recognises either",
    },
  ],
  details:
    `Looks at required parts, all indexes, the zero entries of the tables, duplicates, keys, shapes and times of samples. Each finding names its place: the message by its first byte, or its line in JSON, and the field with its row in each table.
Exit codes: 0 all is well, 3 rules are broken or messages are damaged, 1 a file cannot be read.`,
  examples: [
    ["profile validate profiles.otlp", "one file"],
    [
      "profile validate --json --strict *.otlp",
      "a line per file, for another program",
    ],
  ],
  load: () => import("./validate.ts"),
};
