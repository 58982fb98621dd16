import { processTable } from "../../platform/running_process.ts";
import type { ProcessTable } from "../../platform/running_process.ts";
import type { DiagnosticAddress } from "./endpoint_text.ts";
import { ServerNotAvailableError } from "./diagnostic_error.ts";
import { listPipeNames, pipeNameOf, pipePath } from "./pipe_ports.ts";

const PORT_REGEXP = /^dotnet-diagnostic-(dsrouter-)?(\d+)-(\d+)-socket$/;

/** How the port of a process is looked for. */
export interface FindPortOptions {
  /** Our own folder for temporary files. @default {TMPDIR, else /tmp} */
  readonly tempFolder?: string | undefined;
  /** What the system tells of processes. */
  readonly processes?: ProcessTable | undefined;
  /** Folder in which sandboxed programs have theirs. @default {that of the user on macOS, else none} */
  readonly groupContainers?: string | undefined;
}

/** A socket file that may be the port of a process. */
export interface PortCandidate {
  /** Path of the socket, as seen from here. */
  readonly path: string;
  /** Process id in the file's name. */
  readonly pid: number;
  /** Start of the process as the file's name tells it. */
  readonly key: string;
  /** Whether it is a router's. */
  readonly isRouter: boolean;
  /** When it was made, ms since 1970. */
  readonly modifiedMs: number;
  /** Owner. */
  readonly uid: number | undefined;
}

/** Where the port of a process was looked for, and what was found. */
export interface PortSearch {
  /** Candidates, best first. */
  readonly candidates: readonly PortCandidate[];
  /** Folders that were searched. */
  readonly folders: readonly string[];
  /** Whether the folder is that which the process uses, rather than a guess. */
  readonly isCertain: boolean;
  /** Process id as the process itself sees it. */
  readonly innerPid: number;
  /** Folder that could not be read, with the reason and what to do. */
  readonly problem: string | undefined;
}

/**
 * Tells the address at which a process waits for diagnostic tools.
 *
 * @param pid The process.
 * @param options Where to look.
 * @returns Path of the newest socket of the process (Linux, macOS), or name of
 * its pipe (Windows); an empty text when there is none.
 *
 * @example No such process
 * ```ts
 * import { defaultServerAddress } from "@tracedeck/tracedeck/eventpipe";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(defaultServerAddress(999_999_999), "");
 * ```
 */
export function defaultServerAddress(
  pid: number,
  options: FindPortOptions = {},
): string {
  if (Deno.build.os === "windows") return pipePath(findPipe(pid));
  return findPorts(pid, options).candidates[0]?.path ?? "";
}

/**
 * Finds where to connect to for a process.
 *
 * @param pid The process, as seen from here.
 * @param options Where to look.
 * @returns Addresses, best first: files of processes that died stay behind.
 * @throws {ServerNotAvailableError} When there is none; says what was searched.
 */
export function resolvePort(
  pid: number,
  options: FindPortOptions = {},
): DiagnosticAddress[] {
  if (Deno.build.os === "windows") {
    return [{ type: "pipe", name: findPipe(pid) }];
  }
  const { processes = processTable() } = options;
  if (!processes.exists(pid)) {
    throw new ServerNotAvailableError({
      operation: "find the diagnostic port",
      pid,
    }, `process ${pid} is not running`);
  }
  const search = findPorts(pid, { ...options, processes });
  if (search.candidates.length === 0) {
    throw new ServerNotAvailableError({
      operation: "find the diagnostic port",
      pid,
    }, explain(search, pid, processes));
  }
  return search.candidates.map(({ path }) => ({ type: "unix", path }));
}

function findPipe(pid: number): string {
  let names: string[] = [];
  try {
    names = listPipeNames();
  } catch {
    // The name is known without; only a router would be missed.
  }
  return pipeNameOf(pid, names);
}

/**
 * Searches for sockets of a process.
 *
 * @param pid The process, as seen from here.
 * @param options Where to look.
 * @returns What was found, and where.
 */
export function findPorts(
  pid: number,
  options: FindPortOptions = {},
): PortSearch {
  return searchPorts(pid, options, listPorts);
}

/**
 * Does what {@linkcode findPorts} does for one process among many.
 *
 * @param pid The process, as seen from here.
 * @param options Where to look.
 * @param list Lists the sockets of a folder, which may be remembered.
 * @returns What was found, and where.
 */
export function searchPorts(
  pid: number,
  options: FindPortOptions,
  list: typeof listPorts,
): PortSearch {
  const { processes = processTable(), tempFolder = ownTempFolder() } = options;
  const pids = processes.namespacePids(pid);
  const innerPid = pids.at(-1) ?? pid;
  const { folders: inside, isCertain } = tempFoldersOf(
    pid,
    processes,
    tempFolder,
    options.groupContainers ?? ownGroupContainers(),
  );
  const beyond = inside.map((folder) => `${processes.rootPath(pid)}${folder}`)
    .filter((folder, at) =>
      pids.length > 1 || !isSameFolder(folder, inside[at]!)
    );
  // Another namespace of processes has its own files; with the same one the
  // files may be elsewhere all the same.
  const rounds = pids.length > 1 ? [beyond] : [inside, beyond];
  const folders: string[] = [];
  let problem: string | undefined;
  for (const round of rounds) {
    const candidates: PortCandidate[] = [];
    for (const folder of round) {
      folders.push(folder);
      const listed = list(folder);
      problem ??= round === beyond && listed.problem !== undefined
        ? `${listed.problem}; a process in a container needs CAP_SYS_PTRACE to be looked into`
        : listed.problem;
      candidates.push(...listed.ports.filter((each) => each.pid === innerPid));
    }
    const usable = usablePorts(candidates, pid, processes);
    if (usable.length > 0) {
      return { candidates: usable, folders, isCertain, innerPid, problem };
    }
  }
  return { candidates: [], folders, isCertain, innerPid, problem };
}

function isSameFolder(a: string, b: string): boolean {
  try {
    const [one, other] = [Deno.statSync(a), Deno.statSync(b)];
    return one.ino !== null && one.ino === other.ino && one.dev === other.dev;
  } catch {
    // What cannot be looked at is listed, which says why.
    return false;
  }
}

/** Drops what another process or user left or put there, and sorts. */
function usablePorts(
  candidates: readonly PortCandidate[],
  pid: number,
  processes: ProcessTable,
): PortCandidate[] {
  const key = processes.startTicks(pid);
  const uid = processes.uid(pid);
  const rank = (each: PortCandidate) => each.key === key ? 0 : 1;
  return candidates
    .filter((each) =>
      uid === undefined || each.uid === undefined || each.uid === uid ||
      each.uid === 0
    )
    // A key of 0 could not be determined; a router's is in seconds.
    .filter((each) =>
      each.isRouter || key === undefined || each.key === key || each.key === "0"
    )
    .sort((a, b) =>
      a.isRouter !== b.isRouter
        ? b.modifiedMs - a.modifiedMs || (a.isRouter ? -1 : 1)
        : rank(a) - rank(b) || b.modifiedMs - a.modifiedMs
    );
}

function tempFoldersOf(
  pid: number,
  processes: ProcessTable,
  own: string,
  groupContainers: string | undefined,
): { folders: string[]; isCertain: boolean } {
  const value = processes.environmentVariable(pid, "TMPDIR");
  if (value === undefined) {
    const folders = [...new Set([own, "/tmp"]), ...foldersIn(groupContainers)];
    return { folders, isCertain: false };
  }
  if (value === null || value === "") {
    return { folders: ["/tmp"], isCertain: true };
  }
  if (value.startsWith("/")) {
    return { folders: [value.replace(/(?<=.)\/+$/, "")], isCertain: true };
  }
  const cwd = processes.workingFolder(pid);
  return cwd === undefined
    ? { folders: [...new Set([own, "/tmp"])], isCertain: false }
    : { folders: [`${cwd}/${value}`], isCertain: true };
}

/** Sandboxed programs of macOS have a folder for each group of them. */
function ownGroupContainers(): string | undefined {
  if (Deno.build.os !== "darwin") return undefined;
  try {
    return `${Deno.env.get("HOME")}/Library/Group Containers`;
  } catch {
    return undefined; // not permitted to look
  }
}

function foldersIn(parent: string | undefined): string[] {
  if (parent === undefined) return [];
  try {
    return Array.from(
      Deno.readDirSync(parent),
      ({ name }) => `${parent}/${name}`,
    );
  } catch {
    return [];
  }
}

/**
 * Tells how long the path of a socket may be: where the folder for temporary
 * files has a longer one, a runtime has no port.
 *
 * @param os The system.
 * @returns Most bytes, without the zero at its end.
 */
export function maxPortPathBytes(
  os: typeof Deno.build.os = Deno.build.os,
): number {
  return os === "linux" || os === "android" ? 107 : 103;
}

/**
 * @returns Our own folder for temporary files, without a slash at its end.
 */
export function ownTempFolder(): string {
  let value: string | undefined;
  try {
    value = Deno.env.get("TMPDIR");
  } catch {
    // Not permitted to look; the default will do.
  }
  return (value || "/tmp").replace(/(?<=.)\/+$/, "");
}

/**
 * Lists the diagnostic sockets of a folder.
 *
 * @param folder The folder.
 * @returns The sockets, and why the folder could not be read.
 */
export function listPorts(
  folder: string,
): { ports: PortCandidate[]; problem: string | undefined } {
  const ports: PortCandidate[] = [];
  let names: string[];
  try {
    names = Array.from(Deno.readDirSync(folder), ({ name }) => name);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) {
      return { ports, problem: undefined };
    }
    return {
      ports,
      problem: `${folder}: ${
        error instanceof Deno.errors.PermissionDenied
          ? "permission is denied"
          : error instanceof Error
          ? error.message
          : error
      }`,
    };
  }
  for (const name of names) {
    const match = PORT_REGEXP.exec(name);
    if (match === null) continue;
    const path = `${folder}/${name}`;
    try {
      const info = Deno.lstatSync(path);
      if (info.isSocket !== true) continue;
      ports.push({
        path,
        pid: Number(match[2]),
        key: match[3]!,
        isRouter: match[1] !== undefined,
        modifiedMs: info.mtime?.getTime() ?? 0,
        uid: info.uid ?? undefined,
      });
    } catch {
      // Gone since the folder was listed.
    }
  }
  return { ports, problem: undefined };
}

function explain(
  { folders, isCertain, innerPid, problem }: PortSearch,
  pid: number,
  processes: ProcessTable,
): string {
  const hints: string[] = [];
  if (problem !== undefined) {
    hints.push(problem);
  }
  const longest = `${
    folders[0]
  }/dotnet-diagnostic-${innerPid}-##########-socket`;
  if (new TextEncoder().encode(longest).length > maxPortPathBytes()) {
    hints.push(`the path ${longest} exceeds ${maxPortPathBytes()} bytes`);
  }
  const uid = processes.uid(pid);
  const ownUid = currentUid();
  if (
    uid !== undefined && ownUid !== undefined && ownUid !== 0 && uid !== ownUid
  ) {
    hints.push(`it belongs to user ${uid}: run as that user or as root`);
  }
  for (const name of ["EnableDiagnostics", "EnableDiagnostics_IPC"]) {
    for (const prefix of ["DOTNET", "COMPlus"]) {
      if (processes.environmentVariable(pid, `${prefix}_${name}`) === "0") {
        hints.push(`its environment has ${prefix}_${name}=0`);
      }
    }
  }
  if (hints.length === 0) {
    hints.push(
      "it is no .NET process, is compiled ahead of time without event support, or has not started its runtime yet",
    );
  }
  return `no socket dotnet-diagnostic-${innerPid}-* in ${folders.join(", ")} (${
    isCertain ? "as its TMPDIR says" : "its TMPDIR cannot be read"
  }); ${hints.join("; ")}`;
}

function currentUid(): number | undefined {
  try {
    return Deno.uid() ?? undefined;
  } catch {
    return undefined;
  }
}
