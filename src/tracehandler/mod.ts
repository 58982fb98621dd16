/**
 * Raw stack traces in, profiles out: identities and hashes, raw records, the
 * handler with its caches, sources of stacks, and OTLP transport.
 *
 * @example A profile of raw records
 * ```ts
 * import { profileTraces, readRawTraces } from "@tracedeck/tracedeck/tracehandler";
 * import { assertEquals } from "@std/assert";
 *
 * // A record of October 2024: process 7, one native frame.
 * const record = new Uint8Array(4 + 64 + 24);
 * const view = new DataView(record.buffer);
 * view.setUint32(0, 64 + 24, true);
 * view.setUint32(4, 7, true);
 * view.setUint32(4 + 60, 1, true);
 * view.setBigUint64(4 + 72, 0x1234n, true);
 * view.setUint8(4 + 80, 3);
 * const { profile } = await profileTraces(readRawTraces([record]));
 * assertEquals(profile.threads[0]?.pid, 7);
 * ```
 *
 * @module
 */

export * from "./address_space.ts";
export * from "./cache_hash32.ts";
export * from "./choose_perf_event.ts";
export * from "./coredump_json_decoder.ts";
export * from "./export_queue.ts";
export * from "./file_id.ts";
export * from "./frame_cache.ts";
export * from "./frame_caching_processor.ts";
export * from "./frame_id.ts";
export * from "./gather_traces.ts";
export * from "./grpc_status_table.ts";
export * from "./hash64.ts";
export * from "./kallsyms.ts";
export * from "./kernel_mapping.ts";
export * from "./list_running_tasks.ts";
export * from "./live_perf_source.ts";
export * from "./local_kernel_symbols.ts";
export * from "./local_symbol_source.ts";
export * from "./lru_cache.ts";
export * from "./metric_id_table.ts";
export * from "./metric_table.ts";
export * from "./metrics_buffer.ts";
export * from "./native_frame_converter.ts";
export * from "./open_otlp_transport.ts";
export * from "./open_perf_events.ts";
export * from "./otlp_endpoint.ts";
export * from "./otlp_environment.ts";
export * from "./otlp_exporter.ts";
export * from "./otlp_grpc_client.ts";
export * from "./otlp_http_client.ts";
export * from "./otlp_part_writer.ts";
export * from "./otlp_relay.ts";
export * from "./otlp_response_decoder.ts";
export * from "./otlp_server.ts";
export * from "./otlp_transport.ts";
export * from "./parse_perf_event.ts";
export * from "./perf_attr_decoder.ts";
export * from "./perf_data_clock.ts";
export * from "./perf_data_source.ts";
export * from "./perf_event_table.ts";
export * from "./perf_features_decoder.ts";
export * from "./perf_map.ts";
export * from "./perf_record_reader.ts";
export * from "./perf_record_types.ts";
export * from "./perf_script_decoder.ts";
export * from "./proc_maps.ts";
export * from "./proc_modules.ts";
export * from "./profile_of_coredump.ts";
export * from "./profile_periods.ts";
export * from "./profile_traces.ts";
export * from "./raw_record_converter.ts";
export * from "./raw_trace_2024_decoder.ts";
export * from "./raw_trace_2026_decoder.ts";
export * from "./read_perf_data_features.ts";
export * from "./read_perf_script.ts";
export * from "./read_raw_traces.ts";
export * from "./record_profile.ts";
export * from "./recorded_kernel_symbols.ts";
export * from "./recorded_symbol_source.ts";
export * from "./sniff_coredump_json.ts";
export * from "./sniff_perf_data.ts";
export * from "./sniff_perf_script.ts";
export * from "./sniff_raw_traces.ts";
export * from "./symbol_source.ts";
export * from "./trace_cache_size.ts";
export * from "./trace_clock.ts";
export * from "./trace_handler.ts";
export * from "./trace_processor.ts";
export * from "./unix_time64.ts";
export * from "./unwind_error_table.ts";
