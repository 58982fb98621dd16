/**
 * gVisor trace sessions: what sandboxes send to a monitoring process, saved,
 * replayed, decoded, checked and made up.
 *
 * Decoding needs no permission. `SaveServer`, `replayTrace` and whatever else
 * speaks to gVisor itself need `--allow-ffi`, since Deno has no sockets of type
 * `SOCK_SEQPACKET`, and Linux.
 *
 * | gVisor's `tracereplay` | here |
 * | --- | --- |
 * | `Save`, `NewSave`, `Save.Start` | `SaveServer`, its `start` |
 * | `Save.NewClient` | `SaveServer.newClient` |
 * | `Replay`, `Replay.Execute` | `replayTrace` |
 * | `Config` | `TraceFileConfig` |
 *
 * @example Reading what a sandbox did
 * ```ts
 * import {
 *   encodeMessage,
 *   encodeTraceFileHeader,
 *   encodeTraceRecord,
 *   readTraceEvents,
 *   renderPretty,
 * } from "@tracedeck/tracedeck/tracereplay";
 * import { assertEquals } from "@std/assert";
 *
 * async function* session() {
 *   yield encodeTraceFileHeader();
 *   yield encodeTraceRecord(encodeMessage("Connect", {
 *     context_data: { thread_id: 7, process_name: "curl" },
 *     exit: { errorno: 111n },
 *     sysno: 42n,
 *     fd: 3n,
 *     address: Uint8Array.fromHex("020001bbc0000207"),
 *   }));
 * }
 *
 * const lines = [];
 * for await (const event of readTraceEvents(session())) {
 *   lines.push(renderPretty(event));
 * }
 * assertEquals(lines, [
 *   "[7] curl connect(fd=3, address=192.0.2.7:443) = -1 ECONNREFUSED",
 * ]);
 * ```
 *
 * @module
 */

export { PacketBatch } from "../platform/packet_batch.ts";
export type { PacketBatchOptions } from "../platform/packet_batch.ts";
export { Poller } from "../platform/poller.ts";
export type { WaitOptions } from "../platform/poller.ts";
export { SeqpacketConn } from "../platform/seqpacket_conn.ts";
export type {
  PeerCredentials,
  ReceiveEnd,
  ReceiveOptions,
  SeqpacketConnectOptions,
} from "../platform/seqpacket_conn.ts";
export { SeqpacketListener } from "../platform/seqpacket_listener.ts";
export type {
  AcceptOptions,
  SeqpacketListenOptions,
} from "../platform/seqpacket_listener.ts";
export { architectureOf, ARCHITECTURES } from "./architecture.ts";
export { checkConfig } from "./check_config.ts";
export type { CheckConfigOptions, ConfigReport } from "./check_config.ts";
export type { ConfigFinding, ConfigSeverity } from "./config_findings.ts";
export { decodeWaitStatus, deriveEvent, errnoText } from "./derive_event.ts";
export type { DerivedValues, WaitStatus } from "./derive_event.ts";
export { DropCounter } from "./drop_counter.ts";
export { parseEndpoint } from "./endpoint.ts";
export type { Endpoint } from "./endpoint.ts";
export {
  containerIdOf,
  contextOf,
  exitOf,
  payloadOf,
  sysnoOf,
  timeNsOf,
} from "./event_fields.ts";
export { compileEventFilter } from "./event_filter.ts";
export type { EventFilter, EventPredicate } from "./event_filter.ts";
export { CONFIG_PRESETS, generateConfig } from "./generate_config.ts";
export type { ConfigPreset, GenerateConfigOptions } from "./generate_config.ts";
export { parseGoDuration } from "./go_duration.ts";
export { decodeHandshake, encodeHandshake } from "./handshake.ts";
export { importConfig } from "./import_config.ts";
export type { ImportConfigOptions } from "./import_config.ts";
export {
  decodeMessage,
  decodeMessageHeader,
  decodePayload,
} from "./message_decoder.ts";
export type {
  DecodedPayload,
  DecodeMessageOptions,
} from "./message_decoder.ts";
export {
  encodeMessage,
  encodePacket,
  encodePayload,
  typeIdOf,
} from "./message_encoder.ts";
export type { EncodeMessageOptions } from "./message_encoder.ts";
export {
  fieldsOf,
  messageType,
  messageTypeName,
  messageTypes,
} from "./message_schema.ts";
export type {
  FieldKind,
  FieldSpec,
  MessageTypeEntry,
} from "./message_schema.ts";
export { parseEventJson } from "./parse_event_json.ts";
export { CONTEXT_FIELDS, listPoints, renderPoint } from "./points.ts";
export type { TracePoint } from "./points.ts";
export { ProcessTracker } from "./process_tracker.ts";
export type {
  ProcessTrackerOptions,
  TrackedProcess,
} from "./process_tracker.ts";
export { parseProcfsDump } from "./procfs_dump.ts";
export type { ProcfsIds, ProcfsProcess } from "./procfs_dump.ts";
export { readTraceEvents } from "./read_trace_events.ts";
export { readTraceFile } from "./read_trace_file.ts";
export type { ReadTraceFileOptions } from "./read_trace_file.ts";
export { readTraceNdjson } from "./read_trace_ndjson.ts";
export type { ReadTraceNdjsonOptions } from "./read_trace_ndjson.ts";
export { makeRecordBatch } from "./record_batch.ts";
export type { RecordBatch } from "./record_batch.ts";
export { redactMessage } from "./redact_message.ts";
export type { RedactKind } from "./redact_message.ts";
export { RemoteSink } from "./remote_sink.ts";
export type { RemoteSinkConnectOptions } from "./remote_sink.ts";
export { renderJson, toJsonObject } from "./render_json.ts";
export type { RenderJsonOptions } from "./render_json.ts";
export {
  renderPretty,
  renderTableHeading,
  renderTableRow,
} from "./render_pretty.ts";
export type { RenderPrettyOptions } from "./render_pretty.ts";
export { renderText } from "./render_text.ts";
export type { RenderTextOptions } from "./render_text.ts";
export type { ReplayPace } from "./replay_pacer.ts";
export { measureTrace, replayTrace } from "./replay_trace.ts";
export type {
  ReplayResult,
  ReplaySource,
  ReplayTraceOptions,
  TraceExtent,
} from "./replay_trace.ts";
export { runLoad } from "./run_load.ts";
export type { LoadResult, RunLoadOptions } from "./run_load.ts";
export { SaveServer } from "./save_server.ts";
export type { SavedClient, SaveServerOptions } from "./save_server.ts";
export { parseRemoteSinkConfig } from "./sink_config.ts";
export type {
  ParsedRemoteSinkConfig,
  RemoteSinkConfig,
  SinkConfigFault,
} from "./sink_config.ts";
export { sniffTrace } from "./sniff_trace.ts";
export { decodeSockaddr, formatSockaddr } from "./sockaddr_decoder.ts";
export type { Sockaddr } from "./sockaddr_decoder.ts";
export { SyscallPairing } from "./syscall_pairing.ts";
export type { SyscallPairingOptions } from "./syscall_pairing.ts";
export { listSyscalls, syscallName } from "./syscalls.ts";
export type { SyscallEntry } from "./syscalls.ts";
export type {
  RecordReceiver,
  TraceConnection,
  TraceListener,
} from "./trace_connection.ts";
export {
  MAX_MESSAGE_BYTES,
  TRACE_FILE_SIGNATURE,
  TraceFileDecoder,
} from "./trace_file_decoder.ts";
export type {
  TraceFileConfig,
  TraceFileSink,
  TraceRecord,
} from "./trace_file_decoder.ts";
export {
  encodeTraceFileHeader,
  encodeTraceRecord,
  WIRE_VERSION,
} from "./trace_file_encoder.ts";
export { TraceFileWriter } from "./trace_file_writer.ts";
export type { TraceFileWriterOptions } from "./trace_file_writer.ts";
export { openTraceSender } from "./trace_sender.ts";
export type { OpenTraceSenderOptions, TraceSender } from "./trace_sender.ts";
export { TraceServer } from "./trace_server.ts";
export type {
  TraceClient,
  TraceClientEnd,
  TraceClientHandler,
  TraceServerOptions,
} from "./trace_server.ts";
export { TraceSummary } from "./trace_summary.ts";
export type { LargestMessage } from "./trace_summary.ts";
export type {
  AnyMessage,
  Architecture,
  DecodedEvent,
  DecodedEventOf,
  EventWithHeader,
  FieldValue,
  FieldValueOf,
  MalformedEvent,
  Message,
  MessageHeader,
  MessageName,
  OpaqueEvent,
  PayloadName,
  Phase,
  TraceEvent,
  UnknownField,
} from "./types.ts";
