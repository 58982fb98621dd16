import type { Report, ReportSection } from "../../base/report.ts";
import { decodeWaitStatus, errnoText } from "../../tracereplay/derive_event.ts";
import { exitOf, payloadOf, sysnoOf } from "../../tracereplay/event_fields.ts";
import { ProcessTracker } from "../../tracereplay/process_tracker.ts";
import type { TrackedProcess } from "../../tracereplay/process_tracker.ts";
import { SyscallPairing } from "../../tracereplay/syscall_pairing.ts";
import { syscallName } from "../../tracereplay/syscalls.ts";
import type { Architecture, TraceEvent } from "../../tracereplay/types.ts";
import type { OptionValues } from "../option_spec.ts";
import type { FormatInput } from "../types.ts";
import { findArchitecture } from "./trace_timeline.ts";
import type { ReadEvents } from "./read_events.ts";

/** Distinct calls, paths and processes that are kept; the rest is left out. */
const MAX_KEPT = 10_000;

/**
 * Tells what happened in a session: which calls were made, how long they took,
 * how they failed, which files were named, which processes ran.
 *
 * @param input The session.
 * @param readEvents Reads its events.
 * @param options Values of the options; `top` bounds the rows.
 * @returns The report.
 */
export async function reportTrace(
  input: FormatInput,
  readEvents: ReadEvents,
  options: OptionValues,
): Promise<Report> {
  const top = (options["top"] as number | undefined) ?? 20;
  const calls = new CallTable(
    await findArchitecture(input, readEvents, options),
  );
  const processes = new ProcessTable();
  for await (const event of readEvents(input)) {
    calls.add(event);
    processes.add(event);
  }
  return {
    title: input.name,
    sections: [...calls.sections(top), ...processes.sections(top)],
  };
}

interface CallRow {
  begun: number;
  ended: number;
  failed: number;
  timed: number;
  totalNs: number;
  maxNs: number;
}

class CallTable {
  readonly #architecture: Architecture | undefined;
  readonly #pairing = new SyscallPairing();
  readonly #calls = new Map<string, CallRow>();
  readonly #errors = new Map<string, number>();
  readonly #paths = new Map<string, number>();

  constructor(architecture: Architecture | undefined) {
    this.#architecture = architecture;
  }

  add(event: TraceEvent): void {
    const sysno = sysnoOf(event);
    if (sysno === undefined) return;
    const name = this.#architecture === undefined
      ? `sys_${sysno}`
      : syscallName(this.#architecture, sysno) ?? `sys_${sysno}`;
    const row = this.#row(name);
    const durationNs = this.#pairing.add(event);
    const exit = exitOf(event);
    const path = payloadOf(event)?.["pathname"];
    if (typeof path === "string" && exit === undefined) {
      count(this.#paths, path);
    }
    if (row === undefined) return;
    if (exit === undefined) {
      row.begun++;
      return;
    }
    row.ended++;
    if (exit.errorno !== undefined) {
      row.failed++;
      count(this.#errors, `${name} ${errnoText(exit.errorno)}`);
    }
    if (durationNs === undefined) return;
    row.timed++;
    row.totalNs += Number(durationNs);
    row.maxNs = Math.max(row.maxNs, Number(durationNs));
  }

  sections(top: number): ReportSection[] {
    const calls = [...this.#calls].sort(([, a], [, b]) =>
      b.totalNs - a.totalNs ||
      Math.max(b.begun, b.ended) - Math.max(a.begun, a.ended)
    );
    const sections: ReportSection[] = [];
    if (calls.length > 0) {
      sections.push({
        type: "table",
        key: "syscalls",
        title: "System calls",
        columns: [
          { key: "syscall", title: "call" },
          { key: "begun", title: "begun", unit: "count" },
          { key: "ended", title: "ended", unit: "count" },
          { key: "failed", title: "failed", unit: "count" },
          { key: "totalTime", title: "total time", unit: "ns" },
          { key: "meanTime", title: "mean", unit: "ns" },
          { key: "maxTime", title: "max", unit: "ns" },
        ],
        rows: calls.slice(0, top).map(([name, row]) => [
          name,
          row.begun,
          row.ended,
          row.failed,
          ...(row.timed === 0
            ? [undefined, undefined, undefined]
            : [row.totalNs, row.totalNs / row.timed, row.maxNs]),
        ]),
        omittedRows: omitted(calls.length, top),
      });
    }
    sections.push(
      ...countSection("errors", "Errors", "call and error", this.#errors, top),
      ...countSection("paths", "Paths", "path", this.#paths, top),
    );
    return sections;
  }

  #row(name: string): CallRow | undefined {
    let row = this.#calls.get(name);
    if (row === undefined && this.#calls.size < MAX_KEPT) {
      row = {
        begun: 0,
        ended: 0,
        failed: 0,
        timed: 0,
        totalNs: 0,
        maxNs: 0,
      };
      this.#calls.set(name, row);
    }
    return row;
  }
}

class ProcessTable {
  readonly #tracker = new ProcessTracker();
  readonly #seen = new Map<string, { process: TrackedProcess; end: string }>();
  #omitted = 0;

  add(event: TraceEvent): void {
    const process = this.#tracker.add(event);
    if (process === undefined || event.type !== "decoded") return;
    const key = `${process.pid} ${process.startTimeNs}`;
    if (event.message === "TaskExit") {
      const row = this.#seen.get(key);
      if (row !== undefined) row.end = endText(event.payload.exit_status ?? 0);
    } else if (this.#seen.has(key) || this.#seen.size < MAX_KEPT) {
      this.#seen.set(key, { process, end: "" });
    } else this.#omitted++;
  }

  sections(top: number): ReportSection[] {
    const rows = [...this.#seen.values()];
    if (rows.length === 0) return [];
    return [{
      type: "table",
      key: "processes",
      title: "Processes",
      columns: [
        { key: "pid", title: "pid" },
        { key: "parentPid", title: "parent" },
        { key: "container", title: "container" },
        { key: "binary", title: "program" },
        { key: "arguments", title: "arguments" },
        { key: "end", title: "end" },
      ],
      rows: rows.slice(0, top).map(({ process, end }) => [
        process.pid,
        process.parentPid || undefined,
        process.containerId.slice(0, 12),
        process.binaryPath || process.processName,
        process.argv.join(" "),
        end,
      ]),
      omittedRows: omitted(rows.length + this.#omitted, top),
    }];
  }
}

function endText(status: number): string {
  const end = decodeWaitStatus(status);
  return "code" in end ? `exit ${end.code}` : end.name;
}

function countSection(
  key: string,
  title: string,
  column: string,
  counts: ReadonlyMap<string, number>,
  top: number,
): ReportSection[] {
  if (counts.size === 0) return [];
  const rows = [...counts].sort(([, a], [, b]) => b - a);
  return [{
    type: "table",
    key,
    title,
    columns: [
      { key: "what", title: column },
      { key: "count", title: "count", unit: "count" },
    ],
    rows: rows.slice(0, top),
    omittedRows: omitted(rows.length, top),
  }];
}

function count(counts: Map<string, number>, key: string): void {
  const before = counts.get(key);
  if (before === undefined && counts.size >= MAX_KEPT) return;
  counts.set(key, (before ?? 0) + 1);
}

function omitted(total: number, shown: number): number | undefined {
  return total > shown ? total - shown : undefined;
}
