import { ZERO_TIME } from "./capture_time.ts";
import type {
  KcapHandle,
  KcapMapping,
  KcapModule,
  KcapPair,
  KcapPe,
  KcapProcess,
  KcapProcessState,
  KcapThread,
} from "./types.ts";

/** A process whose state is kept up to date. */
export interface LiveProcess extends KcapProcess {
  exe: string;
  integrityLevel: string;
  elevationType: string;
  isElevated: boolean;
  parent: LiveProcess | undefined;
  readonly threads: Map<number, KcapThread>;
  readonly modules: Map<bigint, KcapModule>;
  readonly mappings: Map<bigint, KcapMapping>;
}

/** What a process is made from; what is left out is empty. */
export interface ProcessFacts {
  readonly pid: number;
  readonly ppid: number;
  readonly name?: string | undefined;
  readonly cmdline?: string | undefined;
  readonly exe?: string | undefined;
  readonly cwd?: string | undefined;
  readonly sid?: string | undefined;
  readonly args?: readonly string[] | undefined;
  readonly sessionId?: number | undefined;
  readonly envs?: readonly KcapPair[] | undefined;
  readonly handles?: readonly KcapHandle[] | undefined;
  readonly pe?: KcapPe | undefined;
  readonly startTime?: string | undefined;
  readonly uuid?: bigint | undefined;
  readonly username?: string | undefined;
  readonly domain?: string | undefined;
  readonly isWow64?: boolean | undefined;
  readonly isPackaged?: boolean | undefined;
  readonly isProtected?: boolean | undefined;
}

/**
 * @param facts What is known; an embedded state fits.
 * @param parent The process that made it, where known.
 * @returns The process without threads, modules and mappings.
 */
export function makeProcess(
  facts: ProcessFacts | KcapProcessState,
  parent: LiveProcess | undefined,
): LiveProcess {
  return {
    pid: facts.pid,
    ppid: facts.ppid,
    name: facts.name ?? "",
    cmdline: facts.cmdline ?? "",
    exe: facts.exe ?? "",
    cwd: facts.cwd ?? "",
    sid: facts.sid ?? "",
    args: facts.args ?? [],
    sessionId: facts.sessionId ?? 0,
    envs: facts.envs ?? [],
    handles: facts.handles ?? [],
    pe: facts.pe,
    startTime: facts.startTime === ZERO_TIME ? undefined : facts.startTime,
    uuid: facts.uuid ?? 0n,
    username: facts.username ?? "",
    domain: facts.domain ?? "",
    isWow64: facts.isWow64 ?? false,
    isPackaged: facts.isPackaged ?? false,
    isProtected: facts.isProtected ?? false,
    integrityLevel: "",
    elevationType: "",
    isElevated: false,
    parent,
    threads: new Map(),
    modules: new Map(),
    mappings: new Map(),
  };
}
