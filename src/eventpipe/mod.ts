/**
 * .NET EventPipe traces: decoding, profiles, reports.
 *
 * @module
 */

export * from "./collect_nettrace.ts";
export * from "./event_collector.ts";
export * from "./event_payload.ts";
export * from "./process_facts.ts";
export * from "./process_spaces.ts";
export * from "./provider_name_table.ts";
