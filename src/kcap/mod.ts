/**
 * Fibratus capture files (`.cap`, formerly `.kcap`): captures of the Windows
 * kernel, read, filtered and written on any system.
 *
 * @example What a process did
 * ```ts
 * import {
 *   compileFilter,
 *   makeEvent,
 *   openKcap,
 *   renderEventJson,
 *   writeKcap,
 * } from "@tracedeck/tracedeck/kcap";
 * import { assertEquals } from "@std/assert";
 *
 * const file = writeKcap([
 *   makeEvent({
 *     guid: "90cbdc39-4a3e-11d1-84f4-0000f80464e3",
 *     hookId: 64, // CreateFile
 *     pid: 859,
 *     params: [{ name: "file_path", type: "UnicodeString", value: "C:\\a.txt" }],
 *   }),
 * ]);
 *
 * await using reader = await openKcap(file);
 * reader.setFilter(compileFilter("file.extension = '.txt'")?.test);
 * const lines = [];
 * for await (const item of reader.read()) {
 *   if (item.type === "event") lines.push(renderEventJson(item));
 * }
 * assertEquals(lines.length, 1);
 * ```
 *
 * @module
 */

export { ancestorsOf } from "./ancestors.ts";
export { callStackOf, type KcapFrame } from "./call_stack.ts";
export {
  DIALECTS,
  type KcapDialect,
  type KcapDialectName,
} from "./dialect_table.ts";
export {
  type EventTypeInfo,
  eventTypeOf,
  type KcapEventType,
  PROVIDERS,
  type StateEffect,
} from "./event_type_table.ts";
export type { DecodedEvent } from "./event_decoder.ts";
export { findParam } from "./find_param.ts";
export {
  compileFilter,
  type CompileFilterOptions,
  type KcapFilter,
} from "./filter/compile_filter.ts";
export {
  type DeclaredType,
  type FieldArgument,
  type FieldDeprecation,
  FIELDS,
  type FieldSpec,
  PSEUDO_FIELDS,
} from "./filter/field_table.ts";
export { FilterError, type FilterErrorOptions } from "./filter/filter_error.ts";
export {
  type ArgumentKind,
  type ArgumentSpec,
  FUNCTIONS,
  type FunctionSpec,
} from "./filter/function_table.ts";
export type { LocalFiles } from "./filter/local_files.ts";
export type * from "./filter/types.ts";
export type { WordOperator } from "./filter/word_operator_table.ts";
export { KcapDecoder, type KcapDecoderOptions } from "./kcap_decoder.ts";
export {
  KcapEncoder,
  type KcapEncoderOptions,
  type KcapWriteStats,
} from "./kcap_encoder.ts";
export {
  type KcapEventTest,
  KcapReader,
  type KcapReaderCounters,
  openKcap,
  type OpenKcapOptions,
} from "./kcap_reader.ts";
export { KcapState, type KcapStateOptions } from "./kcap_state.ts";
export {
  createKcap,
  type CreateKcapOptions,
  KcapWriter,
} from "./kcap_writer.ts";
export {
  makeEvent,
  type MakeEventOptions,
  type MakeParam,
} from "./make_event.ts";
export { openKcapFile, type OpenKcapFileOptions } from "./open_kcap_file.ts";
export type { KcapParamType, ParamLayout } from "./param_type_table.ts";
export { type ParamOwner, paramText } from "./param_text.ts";
export { renderEventJson, type RenderJsonOptions } from "./render_json.ts";
export {
  compileTemplate,
  type CompileTemplateOptions,
  DEFAULT_KV_DELIMITER,
  DEFAULT_TEMPLATE,
} from "./render_pretty.ts";
export {
  renderStatistics,
  type RenderStatisticsOptions,
} from "./render_statistics.ts";
export { rewriteKcap, type RewriteKcapOptions } from "./rewrite_kcap.ts";
export { sniffKcap } from "./sniff_kcap.ts";
export type * from "./types.ts";
export { writeKcap, type WriteKcapOptions } from "./write_kcap.ts";
