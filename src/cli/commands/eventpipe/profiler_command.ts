import type { Command } from "../../command.ts";
import { TARGET_OPTIONS } from "./target_options.ts";

/** `tracedeck eventpipe profiler`. */
export const profilerCommand: Command = {
  name: "profiler",
  summary: "load a profiler into a process",
  positionals: [
    { name: "attach|startup", required: true },
    { name: "GUID", required: true },
    { name: "LIBRARY", required: true, isFile: true },
  ],
  options: [
    ...TARGET_OPTIONS,
    {
      name: "attach-timeout",
      type: "duration",
      default: 10e9,
      valueName: "TIME",
      help: "how long the runtime waits for the profiler",
    },
    {
      name: "client-data",
      type: "string",
      valueName: "FILE",
      help: "give the profiler the content of this file",
    },
  ],
  details:
    "attach loads it into a running process, startup chooses the one that a suspended runtime starts with. The library is a path of the process's file system.",
  examples: [
    [
      "eventpipe profiler attach -p 1234 cf0d821e-299b-5307-a3d8-b283c03916dd /opt/libprofiler.so",
      "loads a profiler",
    ],
  ],
  load: () => import("./profiler.ts"),
};
