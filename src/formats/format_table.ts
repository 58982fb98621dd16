import { pprofEntry } from "./pprof/pprof_entry.ts";
import type { FormatEntry } from "./types.ts";

/**
 * Every format that can be read, most specific first: the first one whose
 * `sniff` agrees is taken.
 */
export const FORMATS: readonly FormatEntry[] = [
  // Has no magic number: everything that has one comes first.
  pprofEntry,
];
