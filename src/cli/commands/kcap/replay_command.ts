import {
  DEFAULT_KV_DELIMITER,
  DEFAULT_TEMPLATE,
} from "../../../kcap/render_pretty.ts";
import type { Command } from "../../command.ts";
import { ACCEPT_DAMAGE_OPTION, OUTPUT_OPTION } from "../../common_options.ts";
import { CAPTURE_OPTIONS } from "./capture_options.ts";

/** `tracedeck kcap replay`. */
export const replayCommand: Command = {
  name: "replay",
  summary: "print the events of a capture that pass a filter",
  positionals: [{ name: "FILTER", required: false, variadic: true }],
  options: [
    {
      name: "capture",
      aliases: ["cap.file"],
      short: "k",
      type: "string",
      valueName: "FILE",
      help: "the capture; - is standard input",
    },
    {
      name: "count",
      type: "boolean",
      help: "print only how many events pass",
    },
    {
      name: "format",
      aliases: ["output.console.format"],
      type: "string",
      choices: ["pretty", "json", "jsonl"],
      default: "pretty",
      help: "form of the lines; json and jsonl are one object per line",
    },
    {
      name: "template",
      aliases: ["output.console.template"],
      type: "string",
      default: DEFAULT_TEMPLATE,
      help: "what pretty lines say",
    },
    {
      name: "kv-delimiter",
      aliases: ["output.console.kv-delimiter"],
      type: "string",
      default: DEFAULT_KV_DELIMITER,
      help: "between name and value of parameters in pretty lines",
    },
    {
      name: "colorize",
      aliases: ["output.console.colorize"],
      type: "boolean",
      default: true,
      help: "colours on a terminal",
    },
    {
      name: "enabled",
      aliases: ["output.console.enabled"],
      type: "boolean",
      default: true,
      help: "print at all; otherwise the capture is only read",
    },
    ...[
      ["threads", "threads of the process"],
      ["modules", "modules of the process"],
      ["handles", "handles of the process"],
      ["pe", "what is known of the executable"],
      ["envs", "environment of the process"],
    ].map(([name, what]) => ({
      name: `serialize-${name}`,
      aliases: [`event.serialize-${name}`, `kevent.serialize-${name}`],
      type: "boolean" as const,
      help: `in JSON also ${what}`,
    })),
    {
      name: "json-bigint",
      type: "string",
      choices: ["number", "string"],
      default: "number",
      help: "integers beyond 2^53 as numbers or as texts",
    },
    {
      name: "limit",
      type: "number",
      min: 1,
      valueName: "N",
      help: "stop after so many events",
    },
    {
      name: "since",
      type: "string",
      valueName: "TIME",
      help:
        "only events from this moment on: ISO 8601, or an offset from the first event such as 1.5s",
    },
    {
      name: "until",
      type: "string",
      valueName: "TIME",
      help:
        "only events before this moment: ISO 8601, or an offset from the first event such as 2m",
    },
    {
      name: "compat",
      type: "boolean",
      help: "evaluate the filter with Fibratus' defects",
    },
    {
      name: "allow-local",
      type: "boolean",
      help: "let glob, is_minidump and symlink look at files of this machine",
    },
    OUTPUT_OPTION,
    ...CAPTURE_OPTIONS,
    ACCEPT_DAMAGE_OPTION,
  ],
  details:
    `All words that are no options make up the filter. "tracedeck kcap fields" lists what it can ask for.
Events that only carry state are not printed; they take effect on the processes that the others belong to.
Without a file of the given name, NAME.cap and NAME.kcap are tried.
Tags of a template: .Seq .Timestamp .Pid .Tid .CPU .Type .Category .Description .Host .Process .Ppid .Cwd .Exe .Cmd .Sid .Pname .Pexe .Pcmd .Params .Params.Name .Meta .PE .Callstack
Exit codes: 3 when records were damaged or the capture was not closed, 2 for a bad filter.`,
  examples: [
    [
      "kcap replay -k events.cap \"ps.name = 'svchost.exe' and evt.category = 'registry'\"",
      "what one program did to the registry",
    ],
    ["kcap replay -k events.cap --count net.dport = 443", "how many"],
    ["kcap replay -k events.cap --format jsonl", "everything, for jq"],
    [
      "kcap replay -k events.cap --template '{{ .Seq }} {{ .Params.File_path }}' evt.name = \"'CreateFile'\"",
      "lines of one's own",
    ],
  ],
  load: () => import("./replay.ts"),
};
