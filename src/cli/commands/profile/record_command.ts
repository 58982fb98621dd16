import { OTLP_LAYOUT_OPTION } from "../../../formats/otlp/otlp_entry.ts";
import { TARGETS } from "../../../formats/target_table.ts";
import type { Command } from "../../command.ts";
import { OUTPUT_OPTION } from "../../common_options.ts";
import { ROOT_OPTION } from "../../verbs/profile_filter.ts";

/** `tracedeck profile record`. */
export const recordCommand: Command = {
  name: "record",
  summary: "sample the stacks of running programs and of the kernel",
  positionals: [],
  passthrough: true,
  options: [
    {
      name: "pid",
      short: "p",
      type: "list",
      valueName: "PID,…",
      help: "processes, with all their threads and what they start",
    },
    {
      name: "tid",
      short: "t",
      type: "list",
      valueName: "TID,…",
      help: "single threads",
      conflicts: ["pid", "all", "cgroup"],
    },
    {
      name: "all",
      aliases: ["all-cpus"],
      short: "a",
      type: "boolean",
      help: "all processes of the machine",
      conflicts: ["pid", "cgroup"],
    },
    {
      name: "cgroup",
      short: "G",
      type: "string",
      valueName: "PATH",
      help: "processes of a control group, below /sys/fs/cgroup",
      conflicts: ["pid"],
    },
    {
      name: "children",
      type: "boolean",
      help: "with --pid: also the processes that they started before",
    },
    {
      name: "comm",
      type: "list",
      valueName: "NAME,…",
      help: "keep only threads of these names",
    },
    {
      name: "cpu",
      short: "C",
      type: "string",
      valueName: "LIST",
      help: "processors, such as 0-3,5; all without",
    },
    {
      name: "event",
      short: "e",
      type: "string",
      default: "cpu-clock",
      valueName: "NAME",
      help:
        "what is counted: cpu-clock, task-clock, cycles, page-faults, context-switches …; :u and :k keep to programs or the kernel",
    },
    {
      name: "freq",
      short: "F",
      type: "string",
      default: "999",
      valueName: "HZ",
      help: "samples a second on each processor, or max",
    },
    {
      name: "period",
      aliases: ["count"],
      short: "c",
      type: "number",
      min: 1,
      max: 2 ** 53 - 1,
      valueName: "N",
      help: "a sample after so many events, in place of --freq",
    },
    {
      name: "duration",
      short: "d",
      type: "duration",
      min: 1,
      help: "end after this time",
    },
    {
      name: "output",
      short: "o",
      type: "string",
      valueName: "FILE",
      help: `${OUTPUT_OPTION.help}; a speedscope file without`,
    },
    {
      name: "to",
      type: "string",
      valueName: "NAME",
      choices: TARGETS.map(({ name }) => name),
      help: "what to write; without it the ending of the output's name decides",
    },
    {
      name: "user-only",
      type: "boolean",
      help: "only programs, not the kernel",
      conflicts: ["kernel-only"],
    },
    { name: "kernel-only", type: "boolean", help: "only the kernel" },
    {
      name: "stacks",
      aliases: ["call-graph"],
      short: "g",
      type: "boolean",
      default: true,
      help: "record whole stacks; without, the place alone",
    },
    {
      name: "max-stack",
      type: "number",
      min: 1,
      max: 65535,
      valueName: "N",
      help: "most frames of a stack; the system's limit without",
    },
    {
      name: "ring-pages",
      aliases: ["mmap-pages"],
      short: "m",
      type: "number",
      min: 1,
      max: 1 << 18,
      valueName: "N",
      help:
        "pages of memory for each processor, a power of two; enough for some seconds without",
    },
    {
      name: "idle",
      type: "boolean",
      help: "sample processors that have nothing to do, too",
    },
    {
      name: "per-cpu",
      type: "boolean",
      help: "tell samples of different processors apart",
    },
    {
      ...ROOT_OPTION,
      choices: [...ROOT_OPTION.choices!, "none"],
      help:
        "put the name of the process or thread below each stack; process without, where several are recorded into folded stacks or a flame graph",
    },
    {
      name: "times",
      type: "boolean",
      default: true,
      help:
        "keep the time of each sample where the output has times; without, long recordings take no more memory than short ones",
    },
    {
      name: "top",
      type: "boolean",
      help: "show the hottest functions while recording",
    },
    {
      name: "top-interval",
      type: "duration",
      min: 1e8,
      default: 1e9,
      help: "how often --top shows them",
    },
    {
      name: "stats",
      type: "string",
      choices: ["json", "prometheus"],
      help: "print the recorder's own metrics",
    },
    {
      ...OTLP_LAYOUT_OPTION,
      help: "layout of the samples in OTLP profiles; auto writes 1.10",
    },
  ],
  details:
    `Records until Ctrl-C, the duration, or the end of the processes, or of the program behind --, which is sampled from its first instruction. With --all, --pid, --tid or --cgroup the program behind -- only says how long.
Stacks are followed by frame pointers. Names come from the programs' symbols, from separate debug files with the same build id, from the kernel, and from /tmp/perf-PID.map for code compiled at run time: node --perf-basic-prof, DOTNET_PerfMapEnabled=1, agents for Java.
Root, or CAP_PERFMON, sees all processes and the kernel. Others see their own processes, without the kernel unless kernel.perf_event_paranoid is at most 1.
Samples for which there was no room are counted; the exit code is 3 then.`,
  examples: [
    ["profile record -- ./app --fast", "a program from start to end"],
    [
      "profile record -p 1234 -d 10s -o app.pb.gz",
      "a running process, for pprof",
    ],
    ["profile record -a -d 30s -o all.svg", "the machine as a flame graph"],
    ["profile record -a --top", "watch, until Ctrl-C"],
  ],
  load: () => import("./record.ts"),
};
