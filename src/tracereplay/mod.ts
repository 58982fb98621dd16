/**
 * gVisor trace sessions: saving, replaying, decoding.
 *
 * @module
 */

export * from "./architecture.ts";
export * from "./check_config.ts";
export * from "./config_findings.ts";
export * from "./derive_event.ts";
export * from "./drop_counter.ts";
export * from "./endpoint.ts";
export * from "./event_fields.ts";
export * from "./event_filter.ts";
export * from "./flags_table.ts";
export * from "./generate_config.ts";
export * from "./go_duration.ts";
export * from "./go_quote.ts";
export * from "./handshake.ts";
export * from "./merged_sender.ts";
export * from "./message_decoder.ts";
export * from "./message_encoder.ts";
export * from "./message_fields_table.ts";
export * from "./message_meter.ts";
export * from "./message_schema.ts";
export * from "./message_type_table.ts";
export * from "./parse_event_json.ts";
export * from "./points.ts";
export * from "./process_tracker.ts";
export * from "./process_view.ts";
export * from "./procfs_dump.ts";
export * from "./read_trace_events.ts";
export * from "./read_trace_file.ts";
export * from "./record_batch.ts";
export * from "./redact_message.ts";
export * from "./remote_sink.ts";
export * from "./render_json.ts";
export * from "./render_metrics.ts";
export * from "./render_pretty.ts";
export * from "./render_text.ts";
export * from "./replay_pacer.ts";
export * from "./replay_trace.ts";
export * from "./save_server.ts";
export * from "./schematized_syscall_table.ts";
export * from "./sink_config.ts";
export * from "./sockaddr_decoder.ts";
export * from "./syscall_amd64_table.ts";
export * from "./syscall_arm64_table.ts";
export * from "./syscall_pairing.ts";
export * from "./syscalls.ts";
export * from "./trace_connection.ts";
export * from "./trace_file_decoder.ts";
export * from "./trace_file_encoder.ts";
export * from "./trace_file_writer.ts";
export * from "./trace_sender.ts";
export * from "./trace_server.ts";
export * from "./trace_summary.ts";
export * from "./types.ts";
