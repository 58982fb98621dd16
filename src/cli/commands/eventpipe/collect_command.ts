import type { OptionSpec } from "../../../formats/option_spec.ts";
import type { Command } from "../../command.ts";
import { JSON_OPTION } from "../../common_options.ts";
import { OTLP_OPTIONS } from "../profile/otlp_options.ts";
import { START_OPTIONS, TARGET_OPTIONS } from "./target_options.ts";

/** Options that choose what is traced. */
export const PLAN_OPTIONS: readonly OptionSpec[] = [
  {
    name: "providers",
    type: "list",
    valueName: "NAME[:KEYWORDS[:LEVEL[:ARGUMENTS]]],…",
    help: "providers to turn on; @FILE takes them from a file",
  },
  {
    name: "profile",
    type: "list",
    valueName: "NAME,…",
    help:
      "presets: dotnet-common, dotnet-sampled-thread-time, gc-verbose, gc-collect, database",
  },
  {
    name: "clrevents",
    type: "string",
    valueName: "NAME+NAME",
    help: "keywords of the runtime's provider, such as gc+exception",
  },
  {
    name: "clreventlevel",
    type: "string",
    valueName: "LEVEL",
    help: "level for --clrevents, 0 to 5 or a name; informational without",
  },
  {
    name: "buffersize",
    type: "number",
    min: 1,
    max: 0xffff_ffff,
    default: 256,
    valueName: "MB",
    help: "buffer within the process",
  },
  {
    name: "rundown",
    type: "string",
    choices: ["true", "false"],
    help:
      "whether the end of the trace names methods; as the presets need it without",
  },
  {
    name: "stacks",
    type: "boolean",
    default: true,
    help: "record the stack of every event; without needs .NET 9",
  },
  {
    name: "buffering-mode",
    type: "string",
    choices: ["drop", "block", "Drop", "Block", "0", "1"],
    default: "drop",
    help: "when the buffer is full: drop events, or hold the process (.NET 11)",
  },
];

/** How often `--live` sends. */
export const LIVE_PERIOD: OptionSpec = {
  name: "live-period",
  type: "duration",
  min: 1e8,
  default: 10e9,
  help: "time from one profile to the next of --live",
};

/** Options that mean something only where a trace is written. */
const FILE_OPTIONS: readonly string[] = [
  "output",
  "format",
  "split-size",
  "split-time",
  "stopping-event-provider-name",
  "stopping-event-event-name",
  "stopping-event-payload-filter",
];

/** `tracedeck eventpipe collect`. */
export const collectCommand: Command = {
  name: "collect",
  summary: "record a trace of a .NET process",
  positionals: [],
  passthrough: true,
  options: [
    ...TARGET_OPTIONS,
    ...PLAN_OPTIONS,
    {
      name: "list-profiles",
      type: "boolean",
      help: "print the presets of --profile and end",
    },
    { ...JSON_OPTION, help: "print --list-profiles as JSON" },
    {
      name: "output",
      short: "o",
      type: "string",
      valueName: "FILE",
      help: "where to write; - is standard output",
    },
    {
      name: "format",
      type: "list",
      valueName: "FORMAT",
      help:
        "convert the trace as well: speedscope, chromium, pprof …; with -o - nothing else is written",
    },
    {
      name: "live",
      type: "string",
      valueName: "otlp[=URL]",
      help:
        "write no file but keep sending profiles to a collector: http://HOST:4318, grpc://HOST:4317; without URL where OTEL_EXPORTER_OTLP_ENDPOINT says",
      conflicts: [
        ...PLAN_OPTIONS.map(({ name }) => name)
          .filter((name) => name !== "buffersize"),
        ...FILE_OPTIONS,
      ],
    },
    LIVE_PERIOD,
    ...OTLP_OPTIONS,
    {
      name: "user-events",
      type: "string",
      valueName: "NAME",
      help:
        "write no file but let the runtime write to the tracepoint user_events:NAME of the kernel (Linux, .NET 10, root)",
      conflicts: [
        "live",
        "buffersize",
        "stacks",
        "buffering-mode",
        ...FILE_OPTIONS,
      ],
    },
    {
      name: "duration",
      type: "string",
      valueName: "TIME",
      help: "end after this time: 90s, or dd:hh:mm:ss",
    },
    {
      name: "split-size",
      type: "size",
      min: 1,
      help: "go on in a further file from this size on",
    },
    {
      name: "split-time",
      type: "duration",
      min: 1e8,
      help: "go on in a further file after this time",
    },
    {
      name: "stopping-event-provider-name",
      type: "string",
      valueName: "NAME",
      help: "end at the first event of this provider",
    },
    {
      name: "stopping-event-event-name",
      type: "string",
      valueName: "NAME",
      help: "end at the first event of this name",
    },
    {
      name: "stopping-event-payload-filter",
      type: "string",
      valueName: "FIELD:VALUE,…",
      help: "end at the first such event with these values",
    },
    ...START_OPTIONS,
  ],
  details:
    `Records until Enter or Ctrl-C, the duration, the stopping event or the end of the process, or of the program behind --, which is traced from its first instruction.
The file is what the runtime sends, byte for byte, and can be read at any moment; a second Ctrl-C leaves at once and keeps what there is.
With --live the stacks of all managed threads are sampled every millisecond and sent as OTLP profiles of wall time, named as the runtime names its code; thread.state tells managed code from waiting and native code. What a collector does not take waits in a queue of bounded size and is sent again; what the options on sending do not say the OTEL_ variables say.
With --user-events the events go to the kernel, to be recorded by perf or another tool as long as this runs.
With --split-size or --split-time each file has a session of its own and can be read by itself; events of the moment in which two overlap are in both.`,
  examples: [
    [
      "eventpipe collect -p 1234 --duration 30s",
      "runtime events and stacks of all threads",
    ],
    [
      "eventpipe collect -n app --profile gc-collect -o gc.nettrace",
      "garbage collections only",
    ],
    [
      "eventpipe collect --format speedscope -- dotnet app.dll",
      "from the first instruction, converted",
    ],
    ["eventpipe collect --list-profiles", "the presets"],
    [
      "eventpipe collect -p 1234 --live otlp=http://localhost:4318",
      "keep profiling",
    ],
    [
      "eventpipe collect -p 1234 --duration 10s --format pprof -o - > cpu.pb.gz",
      "a profile and nothing else",
    ],
    [
      "eventpipe collect -p 1234 -o - | tracedeck events -",
      "watch events",
    ],
  ],
  load: () => import("./collect.ts"),
};
