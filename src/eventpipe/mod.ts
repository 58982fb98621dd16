/**
 * .NET EventPipe traces: decoding, writing, profiles, reports.
 *
 * @example Events of a trace, in order of time
 * ```ts
 * import {
 *   displayName,
 *   PayloadReaders,
 *   readNettrace,
 * } from "@tracedeck/tracedeck/eventpipe";
 * import { assertEquals } from "@std/assert";
 *
 * // The smallest trace there is: a header and no event.
 * const trace = Uint8Array.fromHex(
 *   "4e657474726163650000000006000000" + "0000000028000001e907020001000300" +
 *     "040005000600000000000000000000" + "00e8030000000000000800000000000000" +
 *     "00000000",
 * );
 * const lines: string[] = [];
 * let readers = new PayloadReaders(8);
 * const outcome = await readNettrace(ReadableStream.from([trace]), {
 *   onHeader: ({ pointerSize }) => {
 *     readers = new PayloadReaders(pointerSize);
 *   },
 *   onEvent: (event) => {
 *     const { fields } = readers.of(event).read(event);
 *     lines.push(`${displayName(event.metadata)} ${Object.keys(fields)}`);
 *   },
 * }, { order: "time" });
 * assertEquals([outcome.type, lines], ["complete", []]);
 * ```
 *
 * @example Where a program spends its time
 * ```ts
 * import { readNettraceProfile } from "@tracedeck/tracedeck/eventpipe";
 * import { writeFolded } from "@tracedeck/tracedeck/profile";
 * import { assertEquals } from "@std/assert";
 *
 * using file = await Deno.open("tests/fixtures/nettrace/workload.nettrace");
 * const { profile } = await readNettraceProfile(file.readable, {
 *   managedOnly: true,
 *   withModule: false,
 * });
 * const lines = await Array.fromAsync(
 *   ReadableStream.from(writeFolded(profile))
 *     .pipeThrough(new TextDecoderStream()),
 * );
 * const hottest = lines.join("").split("\n")
 *   .filter((line) => line.includes("CpuWork.Run"))
 *   .sort((a, b) => Number(b.split(" ").at(-1)) - Number(a.split(" ").at(-1)));
 * assertEquals(hottest[0]?.match(/CpuWork\.Inner/)?.[0], "CpuWork.Inner");
 * ```
 *
 * @example What is on the heap of a process
 * ```ts
 * import {
 *   findDominators,
 *   readHeapDump,
 *   summarizeHeap,
 * } from "@tracedeck/tracedeck/eventpipe";
 * import { assertEquals } from "@std/assert";
 *
 * using file = await Deno.open("tests/fixtures/nettrace/heap.nettrace");
 * const dump = await readHeapDump(file.readable);
 * const { objects, types } = summarizeHeap(dump, findDominators(dump.graph));
 * assertEquals(objects, 517);
 * assertEquals(types[0]?.name, "System.Byte[] (Bytes > 1K)");
 * ```
 *
 * @module
 */

export * from "./collect_nettrace.ts";
export * from "./counters/counter_reader.ts";
export type { CounterRowsOptions } from "./counters/counter_rows.ts";
export * from "./counters/counter_text.ts";
export * from "./event_collector.ts";
export * from "./event_payload.ts";
export * from "./event_stop.ts";
export * from "./events/read_nettrace_timeline.ts";
export * from "./gcdump/compare_heaps.ts";
export * from "./gcdump/dominators.ts";
export * from "./gcdump/generation_of.ts";
export * from "./gcdump/heap_collector.ts";
export * from "./gcdump/heap_dump_decoder.ts";
export * from "./gcdump/heap_dump_encoder.ts";
export * from "./gcdump/heap_profile.ts";
export * from "./gcdump/heap_report.ts";
export * from "./gcdump/read_heap_dump.ts";
export * from "./gcdump/render_dotnet_heap.ts";
export * from "./gcdump/retained_by_type.ts";
export * from "./gcdump/shortest_paths.ts";
export * from "./gcdump/sniff_heap_dump.ts";
export * from "./gcdump/summarize_heap.ts";
export * from "./gcdump/types.ts";
export {
  addressConnector,
  type DiagnosticConnector,
  processConnector,
} from "./ipc/connector.ts";
export {
  defaultServerAddress,
  type FindPortOptions,
  findPorts,
  type PortCandidate,
  type PortSearch,
} from "./ipc/default_port.ts";
export * from "./ipc/advertise_decoder.ts";
export * from "./ipc/advertise_encoder.ts";
export * from "./ipc/command_table.ts";
export * from "./ipc/diagnostic_client.ts";
export * from "./ipc/diagnostic_error.ts";
export * from "./ipc/endpoint_text.ts";
export * from "./ipc/hresult_table.ts";
export * from "./ipc/launched_target.ts";
export * from "./ipc/message_decoder.ts";
export * from "./ipc/message_encoder.ts";
export * from "./ipc/provider_text.ts";
export * from "./ipc/published_processes.ts";
export * from "./ipc/request_decoder.ts";
export * from "./ipc/request_encoder.ts";
export * from "./ipc/response_decoder.ts";
export * from "./ipc/response_encoder.ts";
export * from "./ipc/reversed_server.ts";
export * from "./ipc/session.ts";
export * from "./ipc/trace_plan.ts";
export * from "./ipc/trace_profile_table.ts";
export * from "./ipc/types.ts";
export * from "./ipc/user_events_session.ts";
export * from "./ipc/wait_for_port.ts";
export * from "./nettrace/activity_path.ts";
export * from "./nettrace/clr_event_catalog.ts";
export * from "./nettrace/decode_nettrace.ts";
export * from "./nettrace/display_name.ts";
export * from "./nettrace/event_counter.ts";
export * from "./nettrace/field_type_table.ts";
export * from "./nettrace/metrics_event.ts";
export * from "./nettrace/nettrace_decode_options.ts";
export * from "./nettrace/nettrace_decoder.ts";
export * from "./nettrace/nettrace_encoder.ts";
export * from "./nettrace/nettrace_time.ts";
export * from "./nettrace/payload_reader.ts";
export * from "./nettrace/payload_schema.ts";
export type {
  NettracePayload,
  PayloadFault,
  PayloadField,
  PayloadSchema,
  PayloadType,
  ValueMap,
} from "./nettrace/payload_types.ts";
export * from "./nettrace/provider_guid.ts";
export * from "./nettrace/read_nettrace.ts";
export * from "./nettrace/sniff_nettrace.ts";
export * from "./nettrace/types.ts";
export * from "./nettrace/write_nettrace.ts";
export * from "./process_facts.ts";
export * from "./process_spaces.ts";
export * from "./provider_name_table.ts";
export * from "./reports/event_counts.ts";
export * from "./reports/losses_part.ts";
export * from "./reports/read_nettrace_report.ts";
export * from "./reports/report_part.ts";
export * from "./samples/nettrace_trace_source.ts";
export * from "./samples/read_nettrace_profile.ts";
export type { SampleFilter } from "./samples/sample_filter.ts";
export type { TraceEventProfile } from "./samples/traceevent_samples.ts";
export type { FrameNameOptions } from "./symbols/name_method.ts";
export type { UnresolvedReason } from "./symbols/resolve_addresses.ts";
export * from "./ipc/counter_request.ts";
export * from "./record_trace.ts";
export * from "./sample_stacks.ts";
export * from "./start_trace.ts";
export * from "./take_heap_dump.ts";
export * from "./live/stack_watcher.ts";
export * from "./watch_counters.ts";
