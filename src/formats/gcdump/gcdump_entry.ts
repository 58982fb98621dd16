import { sniffHeapDump } from "../../eventpipe/gcdump/sniff_heap_dump.ts";
import type { FormatEntry } from "../types.ts";

/** Heaps of .NET processes as dotnet-gcdump and PerfView write them. */
export const gcdumpEntry: FormatEntry = {
  name: "gcdump",
  title: ".NET heap dump (gcdump)",
  sniff: sniffHeapDump,
  options: [
    {
      name: "paths-to",
      type: "string",
      valueName: "PATTERN",
      help:
        "show what keeps objects of a .NET heap alive: of these types, or at this address (0x…); * stands for any text",
      verbs: ["report"],
    },
    {
      name: "layout",
      type: "string",
      choices: ["own", "dotnet-gcdump"],
      default: "own",
      help: "layout of the report on a .NET heap",
      verbs: ["report"],
    },
  ],
  converters: [],
  load: async () => (await import("./gcdump_format.ts")).gcdumpFormat,
};
