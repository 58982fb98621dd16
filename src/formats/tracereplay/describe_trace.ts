import type { ReportSection } from "../../base/report.ts";
import { TraceSummary } from "../../tracereplay/trace_summary.ts";
import type { FormatInfo, FormatInput } from "../types.ts";
import type { ReadEvents } from "./read_events.ts";

/** Containers that are listed. */
const MAX_ROWS = 30;

/**
 * Tells what a session is: version, counts, containers, time, drops, health.
 *
 * @param input The session.
 * @param readEvents Reads its events.
 * @returns What `info` shows.
 */
export async function describeTrace(
  input: FormatInput,
  readEvents: ReadEvents,
): Promise<FormatInfo> {
  const summary = new TraceSummary();
  let version: number | undefined;
  const onVersion = (found: number) => version = found;
  for await (const event of readEvents(input, { onVersion })) {
    summary.add(event);
  }
  return {
    version: version === undefined ? undefined : String(version),
    writer: undefined,
    startTime: summary.firstTimeNs,
    endTime: summary.lastTimeNs,
    sections: [facts(summary), ...tables(summary)],
    next: nextCommands(summary),
  };
}

function facts(summary: TraceSummary): ReportSection {
  const { largest } = summary;
  const count = (key: string, title: string, value: number) => ({
    key,
    title,
    unit: "count" as const,
    value: value === 0 ? undefined : value,
  });
  return {
    type: "facts",
    key: "session",
    title: "Session",
    facts: [
      {
        key: "messages",
        title: "messages",
        unit: "count",
        value: summary.messages,
      },
      {
        key: "bytes",
        title: "bytes of messages",
        unit: "bytes",
        value: summary.bytes,
      },
      {
        key: "largestMessage",
        title: "largest message",
        value: largest === undefined
          ? undefined
          : `${largest.sizeBytes} bytes, number ${largest.seq}`,
      },
      {
        key: "architecture",
        title: "architecture",
        value: summary.isMixed ? "both" : summary.architecture ?? "unknown",
      },
      count("containers", "containers", summary.containers.size),
      {
        key: "dropped",
        title: "events dropped by the sandbox",
        unit: "count",
        value: summary.dropped,
      },
      count("dropResets", "resets of the drop counter", summary.dropResets),
      count("malformed", "messages without a header", summary.malformed),
      count("damaged", "messages with a damaged payload", summary.undecodable),
      count("unknownTypes", "messages of unknown type", summary.unknownTypes),
      count("unknownFields", "unknown fields", summary.unknownFields),
      count("oddText", "messages with odd text", summary.warnings),
    ],
  };
}

function tables(summary: TraceSummary): ReportSection[] {
  const sections: ReportSection[] = [];
  const types = [...summary.types].sort(([, a], [, b]) => b - a);
  if (types.length > 0) {
    sections.push({
      type: "table",
      key: "types",
      title: "Types of messages",
      columns: [
        { key: "type", title: "type" },
        { key: "messages", title: "messages", unit: "count" },
      ],
      rows: types,
    });
  }
  const containers = [...summary.containers].sort(([, a], [, b]) => b - a);
  if (containers.length > 0) {
    sections.push({
      type: "table",
      key: "containers",
      title: "Containers",
      columns: [
        { key: "container", title: "container" },
        { key: "messages", title: "messages", unit: "count" },
      ],
      rows: containers.slice(0, MAX_ROWS),
      omittedRows: Math.max(0, containers.length - MAX_ROWS) || undefined,
    });
  }
  return sections;
}

function nextCommands(summary: TraceSummary): string[] {
  if (summary.messages === 0) return [];
  return [
    "tracereplay decode FILE --format pretty",
    "report FILE",
    "convert FILE -o events.ndjson",
    "tracereplay replay --endpoint SOCKET --in FILE",
  ];
}
