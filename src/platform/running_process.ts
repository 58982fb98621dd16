import { readProcText } from "./proc_file.ts";

/** What the system tells of running processes; tests give a fake. */
export interface ProcessTable {
  /** @returns Ids of all processes, `undefined` when the system does not tell. */
  list(): number[] | undefined;
  /** @returns Whether the process runs; a process of which nothing can be told runs. */
  exists(pid: number): boolean;
  /**
   * @param pid A process.
   * @param name Name of an environment variable.
   * @returns Its value when the process was started, `null` when it has none,
   * `undefined` when the environment cannot be read.
   */
  environmentVariable(pid: number, name: string): string | null | undefined;
  /** @returns Ids of the process in all namespaces, outermost first; empty when unknown. */
  namespacePids(pid: number): number[];
  /** @returns Start in clock ticks since boot, `undefined` when unknown. */
  startTicks(pid: number): string | undefined;
  /** @returns The folder that is the process's root, as seen from here. */
  rootPath(pid: number): string;
  /** @returns Path of the program, `undefined` when it cannot be read. */
  executable(pid: number): string | undefined;
  /** @returns The arguments, the program's name first; `undefined` when they cannot be read. */
  commandLine(pid: number): string[] | undefined;
  /** @returns User of the process, `undefined` when unknown. */
  uid(pid: number): number | undefined;
  /** @returns Working folder of the process, `undefined` when it cannot be read. */
  workingFolder(pid: number): string | undefined;
}

/**
 * Opens the table of processes of this system. Linux tells all; elsewhere only
 * whether a process runs is known.
 *
 * @param proc Folder of the process file system. @default {"/proc"}
 * @returns The table.
 */
export function processTable(proc = "/proc"): ProcessTable {
  const isLinux = Deno.build.os === "linux" || Deno.build.os === "android";
  const read = (pid: number, name: string) =>
    isLinux ? readProcText(`${proc}/${pid}/${name}`) : undefined;
  const link = (pid: number, name: string) => {
    if (!isLinux) return undefined;
    try {
      return Deno.readLinkSync(`${proc}/${pid}/${name}`);
    } catch {
      return undefined;
    }
  };
  return {
    list() {
      if (!isLinux) return undefined;
      try {
        return Array.from(Deno.readDirSync(proc), ({ name }) => name)
          .filter((name) => /^\d+$/.test(name)).map(Number);
      } catch {
        return undefined;
      }
    },
    exists(pid) {
      if (isLinux && readProcText(`${proc}/self/stat`) !== undefined) {
        const stat = read(pid, "stat");
        return stat !== undefined && !/\) [ZX] /.test(stat);
      }
      return answersSignal(pid);
    },
    environmentVariable(pid, name) {
      // Gone between two reads, of another user, or a kernel thread.
      const text = read(pid, "environ");
      if (text === undefined || text === "") return undefined;
      const entry = text.split("\0").find((each) =>
        each.startsWith(`${name}=`)
      );
      return entry === undefined ? null : entry.slice(name.length + 1);
    },
    namespacePids(pid) {
      const line = /^NSpid:\s*(.*)$/m.exec(read(pid, "status") ?? "")?.[1];
      const pids = line?.trim().split(/\s+/).map(Number) ?? [];
      return pids.every((each) => Number.isInteger(each) && each > 0)
        ? pids
        : [];
    },
    startTicks(pid) {
      const stat = read(pid, "stat");
      if (stat === undefined) return undefined;
      // The name of the program, in brackets, may hold anything.
      return stat.slice(stat.lastIndexOf(")") + 1).trim().split(" ")[19];
    },
    rootPath: (pid) => `${proc}/${pid}/root`,
    executable: (pid) => link(pid, "exe"),
    commandLine(pid) {
      const text = read(pid, "cmdline");
      return text === undefined
        ? undefined
        : text.replace(/\0$/, "").split("\0");
    },
    uid(pid) {
      const line = /^Uid:\s*(\d+)/m.exec(read(pid, "status") ?? "")?.[1];
      return line === undefined ? undefined : Number(line);
    },
    workingFolder: (pid) => link(pid, "cwd"),
  };
}

function answersSignal(pid: number): boolean {
  try {
    // Signal 0 asks only; the types know names alone.
    Deno.kill(pid, 0 as unknown as Deno.Signal);
    return true;
  } catch (error) {
    return !(error instanceof Deno.errors.NotFound);
  }
}
