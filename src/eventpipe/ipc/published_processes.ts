import { processTable } from "../../platform/running_process.ts";
import type { ProcessTable } from "../../platform/running_process.ts";
import { listPorts, ownTempFolder, searchPorts } from "./default_port.ts";
import type { FindPortOptions } from "./default_port.ts";
import { listPipeNames, pipePath, pipePorts } from "./pipe_ports.ts";

/** A process that waits for diagnostic tools. */
export interface PublishedProcess {
  /** Process id as seen from here. */
  readonly pid: number;
  /** Process id as the process itself sees it. */
  readonly innerPid: number;
  /** Path of its socket; name of its pipe on Windows. */
  readonly address: string;
  /** User of the process, where known. */
  readonly uid: number | undefined;
  /** Path of the program, where known. */
  readonly executable: string | undefined;
  /** The command line, without the program where it is named by its path; where known. */
  readonly args: readonly string[] | undefined;
}

/** Which processes are published. */
export interface PublishedProcesses {
  /** The processes in order of their ids. */
  readonly processes: readonly PublishedProcess[];
  /** Whether other processes could be looked into; otherwise only our own folder was. */
  readonly isComplete: boolean;
  /** Folders that could not be read. */
  readonly problems: readonly string[];
}

/**
 * Lists processes that wait for diagnostic tools: those whose socket is in our
 * folder for temporary files, and on Linux those of other folders, containers
 * and namespaces.
 *
 * @param options Where to look.
 * @returns The processes; ourselves are left out.
 */
export function publishedProcesses(
  options: FindPortOptions = {},
): PublishedProcesses {
  const { processes = processTable(), tempFolder = ownTempFolder() } = options;
  if (Deno.build.os === "windows") return publishedPipes(processes);
  const pids = processes.list();
  const listed = new Map<string, ReturnType<typeof listPorts>>();
  const list = (folder: string) => {
    const known = listed.get(folder) ?? listPorts(folder);
    listed.set(folder, known);
    return known;
  };
  const own = list(tempFolder);
  // Processes elsewhere share our folder only when they share our namespace.
  const wanted = new Set([
    ...(pids ?? []),
    ...own.ports.map(({ pid }) => pid).filter((pid) => processes.exists(pid)),
  ]);
  wanted.delete(Deno.pid);
  const found: PublishedProcess[] = [];
  for (const pid of [...wanted].sort((a, b) => a - b)) {
    const { candidates, innerPid } = searchPorts(
      pid,
      { processes, tempFolder },
      list,
    );
    const [best] = candidates;
    if (best === undefined) continue;
    found.push(describe(pid, innerPid, best.path, processes));
  }
  return {
    processes: found,
    isComplete: pids !== undefined,
    problems: own.problem === undefined ? [] : [own.problem],
  };
}

/** @throws {Error} When pipes cannot be listed. */
function publishedPipes(processes: ProcessTable): PublishedProcesses {
  return {
    processes: pipePorts(listPipeNames())
      .filter(({ pid }) => pid !== Deno.pid)
      .map(({ pid, name }) => describe(pid, pid, pipePath(name), processes)),
    isComplete: true,
    problems: [],
  };
}

function describe(
  pid: number,
  innerPid: number,
  address: string,
  processes: ProcessTable,
): PublishedProcess {
  const executable = processes.executable(pid);
  const line = processes.commandLine(pid);
  return {
    pid,
    innerPid,
    address,
    uid: processes.uid(pid),
    executable,
    args: line?.[0] === executable ? line?.slice(1) : line,
  };
}
