import type { FormatEntry } from "./types.ts";

/**
 * Every format that can be read, most specific first: the first one whose
 * `sniff` agrees is taken.
 */
export const FORMATS: readonly FormatEntry[] = [];
