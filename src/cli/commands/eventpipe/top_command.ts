import type { Command } from "../../command.ts";
import { TARGET_OPTIONS } from "./target_options.ts";

/** `tracedeck eventpipe top`. */
export const topCommand: Command = {
  name: "top",
  summary: "the methods in which threads are, again and again",
  positionals: [],
  options: [
    ...TARGET_OPTIONS,
    {
      name: "interval",
      type: "duration",
      min: 1e8,
      default: 2e9,
      help: "for how long each round samples",
    },
    {
      name: "rounds",
      type: "number",
      min: 1,
      valueName: "N",
      help: "end after so many rounds",
    },
    {
      name: "top",
      type: "number",
      min: 1,
      default: 20,
      help: "most methods that are shown",
    },
    {
      name: "sort",
      type: "string",
      choices: ["exclusive", "inclusive"],
      default: "exclusive",
      help: "order: time in the method itself, or with what it calls",
    },
  ],
  details:
    "Each round is a session of its own, so methods that are compiled meanwhile have names. Times are of the clock, not of processors: a thread that waits counts too.",
  examples: [["eventpipe top -p 1234", "a table every two seconds"]],
  load: () => import("./top.ts"),
};
