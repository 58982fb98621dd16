import { readProcText } from "../platform/proc_file.ts";
import {
  type ProcessTable,
  processTable,
} from "../platform/running_process.ts";
import type { PerfRecord } from "./perf_record_types.ts";
import { parseProcMaps } from "./proc_maps.ts";

const DELETED = " (deleted)";
const PROC = "/proc";

/**
 * @param pid A process.
 * @returns Its threads, empty when it has ended.
 */
export function listThreads(pid: number): readonly number[] {
  try {
    return Array.from(
      Deno.readDirSync(`${PROC}/${pid}/task`),
      ({ name }) => Number(name),
    );
  } catch {
    return [];
  }
}

/**
 * @param pids Processes.
 * @param processes Running processes.
 * @returns The processes and all that descend from them.
 */
export function withDescendants(
  pids: readonly number[],
  processes: ProcessTable = processTable(),
): readonly number[] {
  const children = new Map<number, number[]>();
  for (const pid of processes.list() ?? []) {
    const stat = readProcText(`${PROC}/${pid}/stat`) ?? "";
    // The name, in brackets, may hold anything.
    const parent = Number(
      stat.slice(stat.lastIndexOf(")") + 1).trim().split(" ")[1],
    );
    children.set(parent, [...children.get(parent) ?? [], pid]);
  }
  const found = new Set(pids);
  for (const pid of found) {
    for (const child of children.get(pid) ?? []) found.add(child);
  }
  return [...found];
}

/**
 * Tells what runs already when recording begins, as the kernel would have
 * recorded it.
 *
 * @param pids Processes.
 * @returns Names of their threads and what is mapped in them, of time 0; what
 * has ended meanwhile or may not be looked at is left out.
 */
export function* runningTasks(
  pids: readonly number[],
): Generator<PerfRecord, void, undefined> {
  for (const pid of pids) {
    const commOf = (tid: number) =>
      readProcText(`${PROC}/${pid}/task/${tid}/comm`)?.replace(/\n$/, "");
    const name = commOf(pid);
    if (name === undefined) continue;
    const comm = (tid: number, text: string): PerfRecord => ({
      type: "comm",
      timeNs: 0,
      pid,
      tid,
      comm: text,
      isExec: false,
    });
    yield comm(pid, name);
    for (const tid of listThreads(pid)) {
      const text = tid === pid ? undefined : commOf(tid);
      if (text !== undefined) yield comm(tid, text);
    }
    yield* mappingsOf(pid);
  }
}

/** The program itself comes first: by that its process is known. */
function* mappingsOf(pid: number): Generator<PerfRecord, void, undefined> {
  const text = readProcText(`${PROC}/${pid}/maps`);
  if (text === undefined || text === "") return;
  const executable = processTable(PROC).executable(pid);
  const mappings = parseProcMaps(text).map((range) => ({
    ...range,
    path: range.isDeleted ? range.path + DELETED : range.path,
  }));
  const isMain = ({ path }: { readonly path: string }) => path === executable;
  for (
    const { start, end, offset, path } of [
      ...mappings.filter(isMain),
      ...mappings.filter((range) => !isMain(range)),
    ]
  ) {
    yield {
      type: "mmap",
      timeNs: 0,
      pid,
      tid: pid,
      start,
      length: end - start,
      pageOffset: offset,
      fileName: path === "" ? ANONYMOUS : path,
      buildId: "",
      isData: false,
    };
  }
}

/** What the kernel calls memory without a file. */
const ANONYMOUS = "//anon";
