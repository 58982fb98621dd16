import type { Format, FormatEntry, FormatInput } from "./types.ts";

/** One input with what was found out about it. */
export interface OpenedInput {
  readonly input: FormatInput;
  readonly entry: FormatEntry;
  readonly format: Format;
}
