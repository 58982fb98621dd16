/**
 * Raw stacks in, enriched traces out to a reporter.
 *
 * @module
 */

export * from "./cache_hash32.ts";
export * from "./file_id.ts";
export * from "./frame_cache.ts";
export * from "./frame_caching_processor.ts";
export * from "./frame_id.ts";
export * from "./hash64.ts";
export * from "./kernel_mapping.ts";
export * from "./lru_cache.ts";
export * from "./metric_id_table.ts";
export * from "./metric_table.ts";
export * from "./metrics_buffer.ts";
export * from "./raw_record_converter.ts";
export * from "./raw_trace_2024_decoder.ts";
export * from "./raw_trace_2026_decoder.ts";
export * from "./read_raw_traces.ts";
export * from "./trace_clock.ts";
export * from "./trace_handler.ts";
export * from "./trace_processor.ts";
export * from "./unix_time64.ts";
export * from "./unwind_error_table.ts";
