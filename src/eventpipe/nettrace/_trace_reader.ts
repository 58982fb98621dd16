import { FormatError, LimitError } from "../../base/errors.ts";
import { type QpcTicks, type UnixNs, unixNsFromMs } from "../../base/time.ts";
import type { DecodeStats } from "../../base/decode_stats.ts";
import { ByteReader } from "../../codec/byte_reader.ts";
import { NETTRACE_FORMAT } from "./_block_damage.ts";
import type { ByteWindow } from "./_byte_window.ts";
import { readString6 } from "./_string6.ts";
import type { NettraceHeader, NettraceVersion } from "./types.ts";

// Trace payload:
//
// | at | type       | field                                                   |
// | -- | ---------- | ------------------------------------------------------- |
// | 0  | 8 x u16    | SYSTEMTIME: year, month, day of week, day, hour, minute, |
// |    |            | second, millisecond; UTC                                |
// | 16 | i64        | tick value at that time                                 |
// | 24 | i64        | ticks per second                                        |
// | 32 | i32        | pointer size                    (not in versions 1, 2)  |
// | 36 | i32        | process id; version 6: number of pairs                  |
// | 40 | i32        | processors; version 6: pairs of texts                   |
// | 44 | i32        | sampling interval in ns                                 |

/** Bytes of the payload before version 6. */
export const TRACE_PAYLOAD_BYTES: Readonly<Record<1 | 2 | 3 | 4, number>> = {
  1: 32,
  2: 32,
  3: 48,
  4: 48,
};

/** What versions 1 and 2 leave out. */
const EARLY_DEFAULTS = {
  pointerSize: 8,
  processId: 0,
  processorCount: 1,
  samplingIntervalNs: 0,
} as const;

/**
 * Reads what the stream says about the trace.
 *
 * @throws {FormatError} When the pointer size or the frequency make no sense, or the bytes end.
 */
export function readTrace(
  window: ByteWindow,
  version: NettraceVersion,
  minorVersion: number,
  stats: DecodeStats,
  maxProperties: number,
): NettraceHeader {
  const offset = window.base + window.start;
  const reader = new ByteReader(
    window.bytes.subarray(window.start, window.end),
    { littleEndian: true, format: NETTRACE_FORMAT, baseOffset: offset },
  );
  const systemTime = Array.from({ length: 8 }, () => reader.u16());
  const syncTime = unixNsFromSystemTime(systemTime);
  if (syncTime === undefined) {
    stats.count("nettrace_start_time_invalid", "notice", {
      offset,
      detail: `date and time are ${systemTime.join(" ")}`,
    });
  }
  const syncTicks = reader.i64() as QpcTicks;
  const frequency = reader.i64();
  if (frequency <= 0n) {
    throw fault(offset, `frequency is ${frequency} ticks per second`);
  }
  const common = {
    version,
    minorVersion,
    systemTime,
    syncTime,
    syncTicks,
    frequency,
  };
  if (version === 1 || version === 2) {
    return { ...common, ...EARLY_DEFAULTS, properties: [] };
  }
  const pointerSize = reader.i32();
  if (pointerSize !== 4 && pointerSize !== 8) {
    throw fault(offset, `pointer size is ${pointerSize}, expected 4 or 8`);
  }
  if (version !== 6) {
    return {
      ...common,
      pointerSize,
      processId: reader.i32() >>> 0,
      processorCount: reader.i32(),
      samplingIntervalNs: reader.i32(),
      properties: [],
    };
  }
  const count = reader.i32();
  // Both texts of a pair have at least their length.
  if (count < 0 || count * 2 > reader.remaining) {
    throw fault(offset, `${count} properties in ${reader.remaining} bytes`);
  }
  if (count > maxProperties) {
    throw new LimitError(
      `Cannot read nettrace Trace at byte ${offset}: it has ${count} properties, limit is ${maxProperties}`,
      { limit: "maxTableEntries", value: count, offset },
    );
  }
  const properties: [string, string][] = [];
  for (let index = 0; index < count; index++) {
    properties.push([readString6(reader), readString6(reader)]);
  }
  return {
    ...common,
    pointerSize,
    processId: numberProperty(properties, "ProcessId"),
    processorCount: numberProperty(properties, "HardwareThreadCount"),
    samplingIntervalNs: numberProperty(properties, "ExpectedCPUSamplingRate"),
    properties,
  };
}

function numberProperty(
  properties: readonly (readonly [key: string, value: string])[],
  name: string,
): number | undefined {
  const text = properties.find(([key]) => key === name)?.[1];
  return text !== undefined && /^\d{1,15}$/.test(text)
    ? Number(text)
    : undefined;
}

function unixNsFromSystemTime(words: readonly number[]): UnixNs | undefined {
  const [year, month, , day, hour, minute, second, ms] = words as [
    number,
    number,
    number,
    number,
    number,
    number,
    number,
    number,
  ];
  if (year < 1601 || month < 1) return undefined;
  const date = new Date(
    Date.UTC(year, month - 1, day, hour, minute, second, ms),
  );
  // Dates that do not exist roll over to one that does.
  const isReal = date.getUTCFullYear() === year &&
    date.getUTCMonth() === month - 1 && date.getUTCDate() === day &&
    date.getUTCHours() === hour && date.getUTCMinutes() === minute &&
    date.getUTCSeconds() === second && date.getUTCMilliseconds() === ms;
  return isReal ? unixNsFromMs(date.getTime()) : undefined;
}

function fault(offset: number, found: string): FormatError {
  return new FormatError(
    `Cannot read nettrace Trace at byte ${offset}: ${found}`,
    { format: NETTRACE_FORMAT, offset, record: "Trace" },
  );
}
