import { sniffFolded } from "../../profile/sniff_folded.ts";
import type { FormatEntry } from "../types.ts";

/** Stacks as flame graph scripts read them: frames joined by `;`, then a number. */
export const foldedEntry: FormatEntry = {
  name: "folded",
  title: "folded stacks",
  sniff: sniffFolded,
  options: [],
  converters: [],
  load: async () => (await import("./folded_format.ts")).foldedFormat,
};
