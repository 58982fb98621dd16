import type { Command } from "../../command.ts";
import { TARGET_OPTIONS } from "./target_options.ts";

/** `tracedeck eventpipe perfmap`. */
export const perfmapCommand: Command = {
  name: "perfmap",
  summary: "make a runtime tell perf the names of compiled methods",
  positionals: [{ name: "all|jitdump|perfmap|none|off", required: true }],
  options: TARGET_OPTIONS,
  details:
    "The files perf-PID.map and jit-PID.dump appear in the process's /tmp, or where its DOTNET_PerfMapJitDumpPath says, with the process id that the process itself sees. Needs .NET 8.",
  examples: [
    ["eventpipe perfmap -p 1234 perfmap", "begins to write perf-1234.map"],
    ["eventpipe perfmap -p 1234 off", "ends it"],
  ],
  load: () => import("./perfmap.ts"),
};
