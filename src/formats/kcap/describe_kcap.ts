import { ZERO_TIME_NS } from "../../kcap/capture_time.ts";
import type { KcapReader } from "../../kcap/kcap_reader.ts";
import type { KcapEvent } from "../../kcap/types.ts";
import type { FormatInfo, FormatInput } from "../types.ts";

/** Kinds of events that are listed. */
const MAX_KINDS = 60;
/** Names that are told one by one, such as those of hosts. */
const MAX_HOSTS = 5;

/** Why names are missing, in captures that were taken with a filter for example. */
const NO_RUNDOWN = "no events list the running processes";

interface KindCount {
  readonly name: string;
  readonly category: string;
  readonly isState: boolean;
  count: number;
}

/**
 * Reads a capture to the end and tells what is in it.
 *
 * @param reader An open capture that delivers state-only events too.
 * @param input Where it comes from; remarks are counted there.
 * @returns What `info` tells.
 */
export async function describeKcap(
  reader: KcapReader,
  input: FormatInput,
): Promise<FormatInfo> {
  const kinds = new Map<string, KindCount>();
  const hosts = new Set<string>();
  let startTime: bigint | undefined;
  let endTime: bigint | undefined;
  let rundowns = 0;
  await reader.forEach((item) => {
    if (item.type !== "event") return;
    countKind(kinds, item);
    if (hosts.size < 1000) hosts.add(item.host);
    if (item.timeNs !== ZERO_TIME_NS) {
      if (startTime === undefined || item.timeNs < startTime) {
        startTime = item.timeNs;
      }
      if (endTime === undefined || item.timeNs > endTime) endTime = item.timeNs;
    }
    if (item.name === "ProcessRundown") rundowns++;
  });
  const { header, dialect, state, handles, counters } = reader;
  const lacksNames = rundowns === 0 && counters.events > 0;
  if (lacksNames) {
    input.stats.count("kcap_without_rundown", "notice", {
      detail: `${NO_RUNDOWN}: names of processes will be missing`,
    });
  }
  const sorted = [...kinds.values()].sort((a, b) => b.count - a.count);
  return {
    version: `${header.major}.${header.minor}${
      dialect === undefined ? "" : `, dialect ${dialect.name}`
    }${header.littleEndian ? "" : ", big-endian"}`,
    writer: dialect?.writers,
    startTime,
    endTime,
    sections: [
      {
        type: "facts",
        key: "capture",
        title: "Capture",
        facts: [
          { key: "hosts", title: "host", value: hostText(hosts) },
          {
            key: "events",
            title: "events",
            unit: "count",
            value: counters.events,
          },
          {
            key: "stateEvents",
            title: "state events",
            unit: "count",
            value: counters.stateEvents,
          },
          {
            key: "handles",
            title: "handles in the snapshot",
            unit: "count",
            value: handles.length,
          },
          {
            key: "processes",
            title: "processes at the end",
            unit: "count",
            value: state.processes.size,
          },
          ...(lacksNames
            ? [{
              key: "processNames",
              title: "process names",
              value: `missing: ${NO_RUNDOWN}`,
            }]
            : []),
          {
            key: "eventBytes",
            title: "event bytes",
            unit: "bytes",
            value: counters.bytes,
          },
          {
            key: "streamBytes",
            title: "unpacked size",
            unit: "bytes",
            value: reader.offset,
          },
        ],
      },
      {
        type: "table",
        key: "kinds",
        title: "Events",
        columns: [
          { key: "name", title: "name" },
          { key: "category", title: "category" },
          { key: "kind", title: "kind" },
          { key: "count", title: "count", unit: "count" },
        ],
        rows: sorted.slice(0, MAX_KINDS).map((
          { name, category, isState, count },
        ) => [name, category, isState ? "state" : "event", count]),
        omittedRows: Math.max(0, sorted.length - MAX_KINDS),
      },
    ],
    next: [
      "kcap ps FILE",
      `kcap replay -k FILE --limit 20`,
      "events FILE --limit 20",
      ...(header.major < 2 ? ["convert FILE -o new.cap"] : []),
    ],
  };
}

function countKind(kinds: Map<string, KindCount>, event: KcapEvent): void {
  const { name, category, eventType } = event;
  const isState = eventType.known?.isState === true;
  const key = `${isState} ${category} ${name}`;
  const known = kinds.get(key);
  if (known !== undefined) known.count++;
  // Damaged input can hold any number of names.
  else if (kinds.size < 10_000) {
    kinds.set(key, { name, category, isState, count: 1 });
  }
}

function hostText(hosts: ReadonlySet<string>): string | undefined {
  if (hosts.size === 0) return undefined;
  const shown = [...hosts].slice(0, MAX_HOSTS).join(", ");
  return hosts.size > MAX_HOSTS
    ? `${shown} and ${hosts.size - MAX_HOSTS} more`
    : shown;
}
