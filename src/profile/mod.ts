/**
 * Sampled stacks of any origin: the neutral model, readers, writers and views of it.
 *
 * @example Folded stacks become a pprof file
 * ```ts
 * import { readFolded, readPprof, writePprof } from "@tracedeck/tracedeck/profile";
 * import { assertEquals } from "@std/assert";
 *
 * const text = new Blob(["main;parse 3\nmain;render 5\n"]);
 * const profile = await readFolded(text.stream());
 * const again = await readPprof(writePprof(profile));
 * assertEquals([...again.samples.values[0]!], [3, 5]);
 * ```
 *
 * @module
 */

export * from "./aggregate_samples.ts";
export * from "./call_tree.ts";
export * from "./check_otlp.ts";
export * from "./check_profile.ts";
export * from "./compare_profiles.ts";
export * from "./dotnet_text.ts";
export * from "./dotnet_top.ts";
export * from "./filter_profile.ts";
export * from "./flame_graph_svg.ts";
export * from "./frame_name.ts";
export * from "./frame_type_table.ts";
export * from "./function_neighbours.ts";
export * from "./function_totals.ts";
export * from "./merge_profiles.ts";
export * from "./otlp_decoder.ts";
export * from "./otlp_encoder.ts";
export * from "./otlp_from_profile.ts";
export * from "./otlp_json_decoder.ts";
export * from "./otlp_json_encoder.ts";
export * from "./otlp_key_table.ts";
export * from "./otlp_types.ts";
export * from "./pprof_decoder.ts";
export * from "./pprof_encoder.ts";
export * from "./profile_builder.ts";
export * from "./profile_from_otlp.ts";
export * from "./profile_reporter.ts";
export * from "./raw_frames.ts";
export * from "./raw_trace.ts";
export * from "./read_folded.ts";
export * from "./read_otlp.ts";
export * from "./read_pprof.ts";
export * from "./read_speedscope.ts";
export * from "./render_call_tree.ts";
export * from "./render_flame_graph.ts";
export * from "./root_profile.ts";
export * from "./scale_profile.ts";
export * from "./select_samples.ts";
export * from "./sniff_folded.ts";
export * from "./sniff_otlp.ts";
export * from "./sniff_pprof.ts";
export * from "./sniff_speedscope.ts";
export * from "./split_profile.ts";
export * from "./subtract_profiles.ts";
export * from "./trace.ts";
export * from "./trace_hash.ts";
export * from "./trace_reporter.ts";
export * from "./tuple_table.ts";
export * from "./types.ts";
export * from "./write_chromium_profile.ts";
export * from "./write_dotnet_chromium.ts";
export * from "./write_folded.ts";
export * from "./write_folded_difference.ts";
export * from "./write_pprof.ts";
export * from "./write_speedscope.ts";
export * from "./write_speedscope_evented.ts";
