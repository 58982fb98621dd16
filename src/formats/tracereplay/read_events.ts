import type { TraceEvent } from "../../tracereplay/types.ts";
import type { FormatInput } from "../types.ts";

/** What {@linkcode ReadEvents} is told. */
export interface ReadEventsOptions {
  /** Told the version of the wire format, where the form has one. */
  readonly onVersion?: ((version: number) => void) | undefined;
}

/** Reads the events of a session, whatever form it has. */
export type ReadEvents = (
  input: FormatInput,
  options?: ReadEventsOptions,
) => AsyncIterable<TraceEvent>;
