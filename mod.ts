/**
 * Captures, reads, converts, replays and shows diagnostic traces.
 *
 * Importing it needs no permission; nothing happens before a function is
 * called.
 *
 * The parts that most programs need are here; each system has all of its own
 * under a name such as `@tracedeck/tracedeck/eventpipe`.
 *
 * @example A .NET trace becomes a pprof file
 * ```ts
 * import {
 *   readNettraceProfile,
 *   readPprof,
 *   sumFunctions,
 *   writePprof,
 * } from "@tracedeck/tracedeck";
 * import { assertEquals } from "@std/assert";
 *
 * using trace = await Deno.open("tests/fixtures/nettrace/workload.nettrace");
 * const { profile, result } = await readNettraceProfile(trace.readable);
 * assertEquals(result.outcome.type, "complete");
 *
 * // `await Deno.writeFile("app.pb.gz", pprof)` saves it.
 * const pprof = ReadableStream.from(writePprof(profile));
 * const again = await readPprof(pprof);
 * const [hottest] = sumFunctions(again).functions
 *   .toSorted((a, b) => b.exclusive - a.exclusive);
 * assertEquals(hottest?.name.includes("WaitHandle.WaitOneNoCheck("), true);
 * ```
 *
 * @module
 */

export { DecodeStats } from "./src/base/decode_stats.ts";
export type {
  Severity,
  StatDetail,
  StatEntry,
} from "./src/base/decode_stats.ts";
export {
  FormatError,
  LimitError,
  OptionError,
  OsError,
  ProtocolError,
  TruncatedError,
} from "./src/base/errors.ts";
export type {
  FormatErrorOptions,
  LimitErrorOptions,
  OsErrorOptions,
  ProtocolErrorOptions,
  TruncatedErrorOptions,
} from "./src/base/errors.ts";
export { DEFAULT_LIMITS, resolveLimits } from "./src/base/limits.ts";
export type { Limits } from "./src/base/limits.ts";
export type {
  Report,
  ReportCell,
  ReportColumn,
  ReportFacts,
  ReportSection,
  ReportTable,
  ReportText,
} from "./src/base/report.ts";
export {
  filetimeFromUnixNs,
  formatUnixNs,
  parseUnixNs,
  unixMsFromNs,
  unixNsFromFiletime,
  unixNsFromMs,
  unixNsFromTicks,
} from "./src/base/time.ts";
export type {
  Filetime,
  FractionDigits,
  KTime,
  MonotonicNs,
  QpcTicks,
  TickClock,
  UnixNs,
} from "./src/base/time.ts";
export { VERSION } from "./src/base/version.ts";
export type { CollectNettraceResult } from "./src/eventpipe/collect_nettrace.ts";
export type {
  CollectorSink,
  EventCollector,
  EventHandler,
} from "./src/eventpipe/event_collector.ts";
export { readNettraceTimeline } from "./src/eventpipe/events/read_nettrace_timeline.ts";
export type {
  ReadNettraceTimelineOptions,
  TimelineSource,
} from "./src/eventpipe/events/read_nettrace_timeline.ts";
export { displayName } from "./src/eventpipe/nettrace/display_name.ts";
export type { NettraceDecodeOptions } from "./src/eventpipe/nettrace/nettrace_decode_options.ts";
export {
  PayloadReader,
  PayloadReaders,
} from "./src/eventpipe/nettrace/payload_reader.ts";
export type { ReadPayloadOptions } from "./src/eventpipe/nettrace/payload_reader.ts";
export {
  readNettrace,
  readNettraceEvents,
} from "./src/eventpipe/nettrace/read_nettrace.ts";
export type { ReadNettraceOptions } from "./src/eventpipe/nettrace/read_nettrace.ts";
export { sniffNettrace } from "./src/eventpipe/nettrace/sniff_nettrace.ts";
export type {
  NettraceBlock,
  NettraceBlockKind,
  NettraceEvent,
  NettraceEventRecord,
  NettraceField,
  NettraceFieldType,
  NettraceHeader,
  NettraceLabels,
  NettraceLoss,
  NettraceMetadata,
  NettraceOutcome,
  NettraceSequencePoint,
  NettraceSink,
  NettraceStack,
  NettraceThread,
  NettraceVersion,
} from "./src/eventpipe/nettrace/types.ts";
export {
  NettraceReport,
  readNettraceReport,
} from "./src/eventpipe/reports/read_nettrace_report.ts";
export type {
  NettraceReportResult,
  ReadNettraceReportOptions,
} from "./src/eventpipe/reports/read_nettrace_report.ts";
export { readNettraceProfile } from "./src/eventpipe/samples/read_nettrace_profile.ts";
export type {
  NettraceProfile,
  NettraceProfileKind,
  NettraceProfileMethod,
  ReadNettraceProfileOptions,
} from "./src/eventpipe/samples/read_nettrace_profile.ts";
export { buildCallTree } from "./src/profile/call_tree.ts";
export type {
  BuildCallTreeOptions,
  CallTree,
  CallTreeNode,
} from "./src/profile/call_tree.ts";
export { compareProfiles } from "./src/profile/compare_profiles.ts";
export type {
  CompareProfilesOptions,
  FunctionChange,
  ProfileComparison,
} from "./src/profile/compare_profiles.ts";
export { filterProfile } from "./src/profile/filter_profile.ts";
export type { FilterProfileOptions } from "./src/profile/filter_profile.ts";
export { writeFlameGraphSvg } from "./src/profile/flame_graph_svg.ts";
export type { WriteFlameGraphSvgOptions } from "./src/profile/flame_graph_svg.ts";
export { sumFunctions } from "./src/profile/function_totals.ts";
export type {
  FunctionTotal,
  FunctionTotals,
  SumFunctionsOptions,
} from "./src/profile/function_totals.ts";
export { mergeProfiles } from "./src/profile/merge_profiles.ts";
export { ProfileBuilder } from "./src/profile/profile_builder.ts";
export type {
  FrameInput,
  FunctionInput,
  ProfileBuilderOptions,
  ProfileFacts,
  SampleOptions,
} from "./src/profile/profile_builder.ts";
export { readFolded } from "./src/profile/read_folded.ts";
export type { ReadFoldedOptions } from "./src/profile/read_folded.ts";
export { readPprof } from "./src/profile/read_pprof.ts";
export type { ReadPprofOptions } from "./src/profile/read_pprof.ts";
export { readSpeedscope } from "./src/profile/read_speedscope.ts";
export type { ReadSpeedscopeOptions } from "./src/profile/read_speedscope.ts";
export type {
  FrameTable,
  FunctionTable,
  Label,
  Mapping,
  Profile,
  ProfileThread,
  SampleTable,
  StackTable,
  ValueType,
} from "./src/profile/types.ts";
export { writeChromiumProfile } from "./src/profile/write_chromium_profile.ts";
export type { WriteChromiumProfileOptions } from "./src/profile/write_chromium_profile.ts";
export { writeFolded } from "./src/profile/write_folded.ts";
export type { WriteFoldedOptions } from "./src/profile/write_folded.ts";
export { writePprof } from "./src/profile/write_pprof.ts";
export type { WritePprofOptions } from "./src/profile/write_pprof.ts";
export { writeSpeedscope } from "./src/profile/write_speedscope.ts";
export type { WriteSpeedscopeOptions } from "./src/profile/write_speedscope.ts";
export { writeCsvEvents } from "./src/timeline/csv_writer.ts";
export type { WriteCsvEventsOptions } from "./src/timeline/csv_writer.ts";
export { writeJsonLines } from "./src/timeline/json_lines_writer.ts";
export { mergeTimelines } from "./src/timeline/merge_timelines.ts";
export { writeParquet } from "./src/timeline/parquet_writer.ts";
export { selectEvents } from "./src/timeline/select_events.ts";
export type { SelectEventsOptions } from "./src/timeline/select_events.ts";
export { writeTextEvents } from "./src/timeline/text_writer.ts";
export type {
  TimelineCounter,
  TimelineEvent,
  TimelineInstant,
  TimelineRecord,
  TimelineSpan,
} from "./src/timeline/types.ts";
