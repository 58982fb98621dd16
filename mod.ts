/**
 * Captures, reads, converts, replays and shows diagnostic traces.
 *
 * Importing it needs no permission; nothing happens before a function is
 * called.
 *
 * @example Times of captures
 * ```ts
 * import { formatUnixNs, parseUnixNs } from "@tracedeck/tracedeck";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(formatUnixNs(parseUnixNs("2026-01-31"), 3), "2026-01-31T00:00:00.000Z");
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
