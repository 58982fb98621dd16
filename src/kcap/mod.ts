/**
 * Fibratus kernel captures: reading, filtering, writing.
 *
 * @module
 */

export * from "./ancestors.ts";
export * from "./call_stack.ts";
export * from "./capture_time.ts";
export * from "./command_line.ts";
export * from "./compare_utf8.ts";
export * from "./dialect_table.ts";
export * from "./enum_table.ts";
export * from "./event_decoder.ts";
export * from "./event_encoder.ts";
export * from "./event_type_table.ts";
export * from "./find_param.ts";
export * from "./flag_table.ts";
export * from "./handle_decoder.ts";
export * from "./handle_encoder.ts";
export * from "./ip_text.ts";
export * from "./kcap_decoder.ts";
export * from "./kcap_encoder.ts";
export * from "./kcap_reader.ts";
export * from "./kcap_state.ts";
export * from "./kcap_writer.ts";
export * from "./legacy_name_table.ts";
export * from "./make_event.ts";
export * from "./param_text.ts";
export * from "./param_type_table.ts";
export * from "./pe_decoder.ts";
export * from "./pe_encoder.ts";
export * from "./process_state_decoder.ts";
export * from "./process_state_encoder.ts";
export * from "./render_json.ts";
export * from "./render_pretty.ts";
export * from "./section_header.ts";
export * from "./sid_text.ts";
export * from "./sniff_kcap.ts";
export * from "./status_table.ts";
export * from "./text_bytes.ts";
export * from "./types.ts";
export * from "./windows_path.ts";
export * from "./write_kcap.ts";
