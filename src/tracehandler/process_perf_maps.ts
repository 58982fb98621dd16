import { readProcText } from "../platform/proc_file.ts";
import type { ProcessTable } from "../platform/running_process.ts";
import { PerfMap } from "./perf_map.ts";

const MAX_FILE_BYTES = 1024 * 1024 * 1024;
/** Rounds between two looks for a file that was not there: twice as many each time, up to this. */
const MAX_PAUSE = 64;
const PIECE_BYTES = 1024 * 1024;
/** Length of the kernel's ticks as programs see them. */
const TICK_MS = 10;
/** By which clocks may differ. */
const SLACK_MS = 1000;

/** A process without a file so far. */
interface Absence {
  /** Rounds until it is looked for again. */
  rounds: number;
  pause: number;
}

interface MapFile {
  readonly path: string;
  readonly map: PerfMap;
  readonly decoder: TextDecoder;
  readonly inode: number | null;
  /** Bytes that were read. */
  offset: number;
}

/**
 * Lists of functions that processes compiled at run time, `/tmp/perf-PID.map`,
 * each as far as it was written. In a container the file has the number that
 * the process has there.
 */
export class ProcessPerfMaps {
  readonly #processes: ProcessTable | undefined;
  /** Of those that were asked for. */
  readonly #files = new Map<number, MapFile | Absence>();

  /** @param processes Running processes; without, only the machine's own folder is looked at. */
  constructor(processes: ProcessTable | undefined) {
    this.#processes = processes;
  }

  /** @param pid A process. @returns Its functions, or `undefined` where there is no file yet. */
  mapOf(pid: number): PerfMap | undefined {
    let file = this.#files.get(pid);
    if (file === undefined) {
      file = this.#open(pid) ?? { rounds: 1, pause: 1 };
      this.#files.set(pid, file);
    }
    return "map" in file ? file.map : undefined;
  }

  /** @returns Processes whose files have more now than when they were read last. */
  refresh(): readonly number[] {
    const changed: number[] = [];
    for (const [pid, file] of this.#files) {
      if ("map" in file) {
        if (!hasAnother(file)) {
          if (readMore(file)) changed.push(pid);
          continue;
        }
      } else if (--file.rounds > 0) continue;
      const opened = this.#open(pid);
      if (opened !== undefined) {
        this.#files.set(pid, opened);
        changed.push(pid);
      } else if (!("map" in file)) {
        file.pause = Math.min(file.pause * 2, MAX_PAUSE);
        file.rounds = file.pause;
      }
    }
    return changed;
  }

  /** @param pid A process whose functions are needed no more. */
  forget(pid: number): void {
    this.#files.delete(pid);
  }

  #open(pid: number): MapFile | undefined {
    const startMs = this.#startMs(pid);
    for (const path of this.#paths(pid)) {
      const info = statFile(path);
      if (info === undefined) continue;
      // Left behind by one that had the same number.
      if ((info.mtime?.getTime() ?? Infinity) < startMs) continue;
      const file: MapFile = {
        path,
        map: new PerfMap(),
        decoder: new TextDecoder(),
        inode: info.ino,
        offset: 0,
      };
      readMore(file);
      return file;
    }
    return undefined;
  }

  /** When the process began at the latest, in ms since 1970; before everything where unknown. */
  #startMs(pid: number): number {
    const ticks = Number(this.#processes?.startTicks(pid) ?? NaN);
    const uptimeSeconds = parseFloat(readProcText("/proc/uptime") ?? "");
    const startMs = Date.now() - uptimeSeconds * 1000 + ticks * TICK_MS -
      SLACK_MS;
    return Number.isNaN(startMs) ? -Infinity : startMs;
  }

  #paths(pid: number): readonly string[] {
    const processes = this.#processes;
    const outside = `/tmp/perf-${pid}.map`;
    if (processes === undefined) return [outside];
    const inner = processes.namespacePids(pid).at(-1) ?? pid;
    return [`${processes.rootPath(pid)}/tmp/perf-${inner}.map`, outside];
  }
}

/** A process that was started anew in the same place writes another file. */
function hasAnother({ path, inode, offset }: MapFile): boolean {
  const info = statFile(path);
  return info !== undefined && (info.ino !== inode || info.size < offset);
}

/** @returns Whether there was more. */
function readMore(file: MapFile): boolean {
  const info = statFile(file.path);
  if (info === undefined || info.size <= file.offset) return false;
  try {
    using opened = Deno.openSync(file.path);
    opened.seekSync(file.offset, Deno.SeekMode.Start);
    const piece = new Uint8Array(PIECE_BYTES);
    while (file.offset < MAX_FILE_BYTES) {
      const count = opened.readSync(piece);
      if (count === null) break;
      file.offset += count;
      file.map.push(
        file.decoder.decode(piece.subarray(0, count), { stream: true }),
      );
    }
    return true;
  } catch {
    // The process has ended, and its folder with it.
    return false;
  }
}

function statFile(path: string): Deno.FileInfo | undefined {
  try {
    const info = Deno.statSync(path);
    return info.isFile ? info : undefined;
  } catch {
    return undefined;
  }
}
