import { sniffSpeedscope } from "../../profile/sniff_speedscope.ts";
import type { FormatEntry } from "../types.ts";

/** Profiles of speedscope, evented and sampled. */
export const speedscopeEntry: FormatEntry = {
  name: "speedscope",
  title: "speedscope profile",
  sniff: sniffSpeedscope,
  options: [],
  converters: [],
  load: async () => (await import("./speedscope_format.ts")).speedscopeFormat,
};
