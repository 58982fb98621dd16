import { TARGETS } from "../../formats/target_table.ts";
import type { Command } from "../command.ts";
import {
  ACCEPT_DAMAGE_OPTION,
  FROM_OPTION,
  OUTPUT_OPTION,
} from "../common_options.ts";
import { EVENT_FILTER_OPTIONS } from "../verbs/event_filter.ts";
import { FUNCTION_FILTER_OPTIONS } from "../verbs/profile_filter.ts";
import { formatOptions } from "../verbs/format_options.ts";

/** `tracedeck convert`. */
export const convertCommand: Command = {
  name: "convert",
  summary: "to any format that can hold it; several inputs merge by time",
  positionals: [{ name: "IN", required: true, variadic: true, isFile: true }],
  options: [
    OUTPUT_OPTION,
    {
      name: "to",
      type: "string",
      valueName: "NAME",
      choices: TARGETS.map(({ name }) => name),
      help: "what to write; without it the ending of the output's name decides",
    },
    {
      name: "keep-partial",
      type: "boolean",
      help:
        "when the work fails or is interrupted, leave what was written as FILE.part",
    },
    FROM_OPTION,
    ACCEPT_DAMAGE_OPTION,
    ...EVENT_FILTER_OPTIONS,
    ...FUNCTION_FILTER_OPTIONS,
    ...formatOptions("convert"),
  ],
  details:
    "The output appears under its name when it is complete; without -o it goes to standard output.\nInterrupted, nothing is left behind unless --keep-partial is given.",
  examples: [
    ["convert app.nettrace -o app.pb.gz", "for pprof, Pyroscope, Parca"],
    ["convert app.nettrace --to folded", "for flame graph scripts"],
    ["convert app.nettrace -o app.speedscope.json", "for speedscope"],
  ],
  load: () => import("./convert.ts"),
};
