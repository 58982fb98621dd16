import { sniffKcap } from "../../kcap/sniff_kcap.ts";
import type { FormatEntry, FormatOption } from "../types.ts";

const OPTIONS: readonly FormatOption[] = [
  {
    name: "filter",
    type: "string",
    valueName: "EXPRESSION",
    help: `Fibratus' filter; "tracedeck kcap fields" lists what it can ask for`,
    verbs: ["events", "convert"],
  },
  {
    name: "raw-names",
    type: "boolean",
    help: "keep names that earlier releases of Fibratus used",
    verbs: ["info", "events", "convert"],
  },
  {
    name: "strict",
    type: "boolean",
    help: "refuse captures of Fibratus 1.x, as Fibratus does",
    verbs: ["info", "events", "convert"],
  },
  {
    name: "force",
    type: "boolean",
    help: "read captures of a version that is not known yet as the newest one",
    verbs: ["info", "events", "convert"],
  },
  {
    name: "include-state",
    type: "boolean",
    help: "also events that only carry state",
    verbs: ["events"],
  },
  {
    name: "state",
    type: "boolean",
    default: true,
    help:
      "keep what the state of processes needs; without it the same filter finds less in the copy",
    verbs: ["convert"],
  },
  {
    name: "drop-envs",
    type: "boolean",
    help: "leave out the environments of processes",
    verbs: ["convert"],
  },
  {
    name: "capture-version",
    type: "string",
    choices: ["2.2", "2.3"],
    default: "2.3",
    help: "release of Fibratus whose layout is written, or a later one",
    verbs: ["convert"],
  },
];

/** Captures of the Windows kernel by Fibratus. */
export const kcapEntry: FormatEntry = {
  name: "kcap",
  title: "Fibratus capture",
  sniff: sniffKcap,
  options: OPTIONS,
  converters: ["kcap"],
  load: async () => (await import("./kcap_format.ts")).kcapFormat,
};
