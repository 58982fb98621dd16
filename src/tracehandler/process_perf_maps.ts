import type { ProcessTable } from "../platform/running_process.ts";
import { PerfMap } from "./perf_map.ts";

const MAX_FILE_BYTES = 1024 * 1024 * 1024;
const PIECE_BYTES = 1024 * 1024;

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
  /** Of those that were asked for; `undefined` where there is no file yet. */
  readonly #files = new Map<number, MapFile | undefined>();
  readonly #opening = new Map<number, Promise<PerfMap | undefined>>();

  /** @param processes Running processes; without, only the machine's own folder is looked at. */
  constructor(processes: ProcessTable | undefined) {
    this.#processes = processes;
  }

  /**
   * @param pid A process.
   * @returns Its functions, or `undefined`; a promise only the first time.
   */
  mapOf(pid: number): PerfMap | undefined | Promise<PerfMap | undefined> {
    if (this.#files.has(pid)) return this.#files.get(pid)?.map;
    let opening = this.#opening.get(pid);
    if (opening === undefined) {
      opening = this.#open(pid).then((file) => {
        this.#files.set(pid, file);
        this.#opening.delete(pid);
        return file?.map;
      });
      this.#opening.set(pid, opening);
    }
    return opening;
  }

  /** @returns Processes whose files have more now than when they were read last. */
  async refresh(): Promise<readonly number[]> {
    const changed: number[] = [];
    for (const [pid, file] of [...this.#files]) {
      if (file !== undefined && !(await hasAnother(file))) {
        if (await readMore(file)) changed.push(pid);
        continue;
      }
      const opened = await this.#open(pid);
      if (opened === undefined) continue;
      this.#files.set(pid, opened);
      changed.push(pid);
    }
    return changed;
  }

  /** @param pid A process whose functions are needed no more. */
  forget(pid: number): void {
    this.#files.delete(pid);
  }

  async #open(pid: number): Promise<MapFile | undefined> {
    for (const path of this.#paths(pid)) {
      const info = await statFile(path);
      if (info === undefined) continue;
      const file: MapFile = {
        path,
        map: new PerfMap(),
        decoder: new TextDecoder(),
        inode: info.ino,
        offset: 0,
      };
      await readMore(file);
      return file;
    }
    return undefined;
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
async function hasAnother({ path, inode, offset }: MapFile): Promise<boolean> {
  const info = await statFile(path);
  return info !== undefined && (info.ino !== inode || info.size < offset);
}

/** @returns Whether there was more. */
async function readMore(file: MapFile): Promise<boolean> {
  const info = await statFile(file.path);
  if (info === undefined || info.size <= file.offset) return false;
  try {
    using opened = await Deno.open(file.path);
    await opened.seek(file.offset, Deno.SeekMode.Start);
    const piece = new Uint8Array(PIECE_BYTES);
    while (file.offset < MAX_FILE_BYTES) {
      const count = await opened.read(piece);
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

async function statFile(path: string): Promise<Deno.FileInfo | undefined> {
  try {
    const info = await Deno.stat(path);
    return info.isFile ? info : undefined;
  } catch {
    return undefined;
  }
}
