/**
 * Network diagnostics archives: publishing, reading, checking, and the network tracer.
 *
 * @module
 */

export * from "./default_publish_directory.ts";
export * from "./dump_entry.ts";
export * from "./dump_name.ts";
export * from "./dump_store.ts";
export * from "./entry_path.ts";
export * from "./extract_netdump.ts";
export * from "./host_facts.ts";
export * from "./json_number.ts";
export * from "./manifest.ts";
export * from "./merge_captures.ts";
export * from "./net_dumper.ts";
export * from "./netdump_archive.ts";
export * from "./netdump_limits.ts";
export * from "./nettrace_decoder.ts";
export * from "./nettrace_encoder.ts";
export * from "./nettrace_enum_table.ts";
export * from "./nettrace_field_table.ts";
export * from "./nettrace_redact_url.ts";
export * from "./nettrace_time.ts";
export * from "./nettrace_types.ts";
export * from "./packet_decoder.ts";
export * from "./prepare_publish_directory.ts";
export * from "./read_netdump.ts";
export * from "./search_netdump.ts";
export * from "./traced_net_request.ts";
