/**
 * Timed events, spans and counters of any origin, and writers of them.
 *
 * @example One event as a line of JSON
 * ```ts
 * import { type TimelineEvent, writeJsonLines } from "@tracedeck/tracedeck/timeline";
 * import { assertEquals } from "@std/assert";
 *
 * async function* events(): AsyncGenerator<readonly TimelineEvent[]> {
 *   yield [{
 *     type: "event",
 *     timestamp: undefined,
 *     relativeNs: 1500,
 *     provider: "app",
 *     name: "started",
 *     fields: { port: 8080 },
 *   }];
 * }
 * const [line] = await Array.fromAsync(writeJsonLines(events()));
 * assertEquals(
 *   new TextDecoder().decode(line),
 *   '{"relativeNs":1500,"type":"event","provider":"app","name":"started","fields":{"port":8080}}\n',
 * );
 * ```
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
