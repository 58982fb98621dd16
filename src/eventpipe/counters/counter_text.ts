import { escapeForTerminal } from "../../base/terminal_text.ts";
import { formatUnixNs } from "../../base/time.ts";
import type { UnixNs } from "../../base/time.ts";
import { formatDotnetNumber } from "../../profile/dotnet_text.ts";
import type { NettraceHeader } from "../nettrace/types.ts";
import type { CounterSample } from "./counter_reader.ts";
import { counterRows, joinTags } from "./counter_rows.ts";
import type { CounterRow, CounterRowsOptions } from "./counter_rows.ts";

/** What the text forms of counters need to know of the trace. */
export interface CounterTextOptions extends CounterRowsOptions {
  /** Difference of the times that are shown to UTC, in minutes. @default {0} */
  readonly utcOffsetMinutes?: number | undefined;
  /** Name of the traced process (JSON). @default {""} */
  readonly processName?: string | undefined;
}

/** First line of the CSV form. */
export const COUNTERS_CSV_HEADER =
  "Timestamp,Provider,Counter Name,Counter Type,Mean/Increment\n";

/**
 * Makes lines of the CSV form of `dotnet-counters collect`. As there, nothing
 * is quoted: a comma in a name cannot be told from one between columns. Control
 * characters are escaped, so that a line break in a name begins no line.
 *
 * @param sample A value of a counter.
 * @param header Header of the trace, for wall time.
 * @param options Which numbers, which time zone.
 * @returns Lines with line breaks.
 */
export function formatCounterCsv(
  sample: CounterSample,
  header: NettraceHeader,
  options: CounterTextOptions = {},
): string {
  const time = csvTime(wallTime(sample, header, options));
  return counterRows(sample, options).map((row) => {
    const tags = joinTags(sample.meterTags, sample.instrumentTags, row.tags);
    const shown = tags === "" ? "" : `[${tags.replaceAll(",", ";")}]`;
    const name = escapeForTerminal(
      `${sample.provider},${row.display}${shown}`,
    );
    return `${time},${name},${row.type},${numberText(row.value)}\n`;
  }).join("");
}

/**
 * Begins the JSON form of `dotnet-counters collect`.
 *
 * @param header Header of the trace.
 * @param options Process, time zone.
 * @returns The text before the first value.
 */
export function formatCountersJsonHead(
  header: Pick<NettraceHeader, "syncTime">,
  options: CounterTextOptions = {},
): string {
  const { processName = "", utcOffsetMinutes = 0 } = options;
  const start = jsonTime(header.syncTime, utcOffsetMinutes);
  return `{ "TargetProcess": ${
    JSON.stringify(processName)
  }, "StartTime": "${start}", "Events": [`;
}

/** What ends the JSON form. */
export const COUNTERS_JSON_TAIL = "]}";

/**
 * Makes members of the JSON form of `dotnet-counters collect`.
 *
 * @param sample A value of a counter.
 * @param header Header of the trace, for wall time.
 * @param options Which numbers, which time zone.
 * @returns One object per number.
 */
export function formatCounterJson(
  sample: CounterSample,
  header: NettraceHeader,
  options: CounterTextOptions = {},
): string[] {
  const { utcOffsetMinutes = 0 } = options;
  const timestamp = jsonTime(
    wallTime(sample, header, { utcOffsetMinutes: 0 }),
    utcOffsetMinutes,
  );
  return counterRows(sample, options).map((row) =>
    jsonObject(sample, row, timestamp)
  );
}

function jsonObject(
  sample: CounterSample,
  row: CounterRow,
  timestamp: string,
): string {
  const members: readonly (readonly [string, string])[] = [
    ["timestamp", timestamp],
    ["provider", sample.provider],
    ["name", row.display],
    ["tags", row.tags],
    ["counterType", row.type],
    ["meterTags", sample.meterTags],
    ["instrumentTags", sample.instrumentTags],
  ];
  const texts = members.map(([name, value]) =>
    `"${name}": ${JSON.stringify(value)}`
  );
  const value = Number.isFinite(row.value)
    ? numberText(row.value)
    : JSON.stringify(String(row.value));
  return `{ ${texts.join(",  ")},  "value": ${value} }`;
}

function wallTime(
  sample: CounterSample,
  { syncTime }: NettraceHeader,
  { utcOffsetMinutes = 0 }: CounterTextOptions,
): UnixNs | undefined {
  if (syncTime === undefined) return undefined;
  return (syncTime + BigInt(sample.ns) +
    BigInt(utcOffsetMinutes) * 60_000_000_000n) as UnixNs;
}

/** `MM/dd/yyyy HH:mm:ss`. */
function csvTime(time: UnixNs | undefined): string {
  if (time === undefined) return "";
  const match = /^(\d+)-(\d\d)-(\d\d)T(.{8})/.exec(formatUnixNs(time, 0));
  if (match === null) return formatUnixNs(time, 0);
  const [, year, month, day, clock] = match;
  return `${month}/${day}/${year} ${clock}`;
}

/** ISO 8601 with seven digits and an offset. */
function jsonTime(time: UnixNs | undefined, utcOffsetMinutes: number): string {
  if (time === undefined) return "";
  if (utcOffsetMinutes === 0) return formatUnixNs(time, 7);
  const local = time + BigInt(utcOffsetMinutes) * 60_000_000_000n;
  const size = Math.abs(utcOffsetMinutes);
  const pad = (value: number) => String(value).padStart(2, "0");
  const offset = `${utcOffsetMinutes < 0 ? "-" : "+"}${
    pad(Math.floor(size / 60))
  }:${pad(size % 60)}`;
  return formatUnixNs(local as UnixNs, 7).replace("Z", offset);
}

function numberText(value: number): string {
  return Number.isFinite(value) ? formatDotnetNumber(value) : String(value);
}
