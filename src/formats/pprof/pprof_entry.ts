import { sniffPprof } from "../../profile/sniff_pprof.ts";
import type { FormatEntry } from "../types.ts";

/** Profiles as pprof writes them. */
export const pprofEntry: FormatEntry = {
  name: "pprof",
  title: "pprof profile",
  sniff: sniffPprof,
  options: [],
  converters: [],
  load: async () => (await import("./pprof_format.ts")).pprofFormat,
};
