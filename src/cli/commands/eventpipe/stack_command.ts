import type { Command } from "../../command.ts";
import { JSON_OPTION } from "../../common_options.ts";
import { TARGET_OPTIONS } from "./target_options.ts";

/** `tracedeck eventpipe stack`. */
export const stackCommand: Command = {
  name: "stack",
  summary: "what every managed thread is doing right now",
  positionals: [],
  options: [
    ...TARGET_OPTIONS,
    JSON_OPTION,
    {
      name: "duration",
      type: "duration",
      default: 10e6,
      min: 1e6,
      help:
        "for how long threads are sampled; the first sample of each is shown",
    },
  ],
  details:
    "Stacks have the innermost method first; [Native Frames] stands for code outside of managed code. A thread without managed frames is not seen.",
  examples: [["eventpipe stack -p 1234", "one stack per thread"]],
  load: () => import("./stack.ts"),
};
