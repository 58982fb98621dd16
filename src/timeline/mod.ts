/**
 * Timed events, spans and counters of any origin, and writers of them.
 *
 * @module
 */

export * from "./chromium_writer.ts";
export * from "./csv_writer.ts";
export * from "./json_lines_writer.ts";
export * from "./merge_timelines.ts";
export * from "./parquet_writer.ts";
export * from "./select_events.ts";
export * from "./text_writer.ts";
export * from "./types.ts";
