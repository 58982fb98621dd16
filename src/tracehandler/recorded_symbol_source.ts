import type { DecodeStats } from "../base/decode_stats.ts";
import type { MappedFile, MappedRange } from "./address_space.ts";
import { LocalSymbolSource } from "./local_symbol_source.ts";
import { parsePerfMap, type PerfMap } from "./perf_map.ts";
import type { FileSymbols, SymbolSource } from "./symbol_source.ts";

/** Where a {@linkcode RecordedSymbolSource} looks. */
export interface RecordedSymbolSourceOptions {
  /**
   * Folders that hold the files of the machine that was recorded, each with
   * their paths or side by side. @default {the files of this machine}
   */
  readonly roots?: readonly string[] | undefined;
  /**
   * Folders with separate debug information, or with programs by their build
   * ids, as perf keeps them in `~/.debug`. @default {["/usr/lib/debug"]}
   */
  readonly debugFolders?: readonly string[] | undefined;
  /** Counts files that cannot be used. */
  readonly stats?: DecodeStats | undefined;
}

const DEFAULT_DEBUG_FOLDERS = ["/usr/lib/debug"];
const MAX_PERF_MAP_BYTES = 256 * 1024 * 1024;

/**
 * Finds names for a recording of this or another machine. A file whose build id
 * is another than the recorded one is not used.
 */
export class RecordedSymbolSource implements SymbolSource {
  readonly #roots: readonly string[];
  readonly #debugFolders: readonly string[];
  readonly #stats: DecodeStats | undefined;
  readonly #sources: readonly LocalSymbolSource[];
  readonly #known = new WeakMap<
    MappedFile,
    { symbols: FileSymbols | undefined }
  >();
  /** By path and build id: processes have the same files mapped. */
  readonly #loading = new Map<string, Promise<FileSymbols | undefined>>();
  readonly #perfMaps = new Map<number, PerfMap | undefined>();

  /** @param options Where to look. */
  constructor(options: RecordedSymbolSourceOptions = {}) {
    this.#roots = options.roots ?? [""];
    this.#debugFolders = options.debugFolders ?? DEFAULT_DEBUG_FOLDERS;
    this.#stats = options.stats;
    this.#sources = this.#roots.map((root) =>
      new LocalSymbolSource({
        root: root.replace(/\/+$/, ""),
        debugFolders: this.#debugFolders,
        stats: options.stats,
      })
    );
  }

  symbolsOf(
    range: MappedRange,
    pid: number,
  ): FileSymbols | undefined | Promise<FileSymbols | undefined> {
    const { file } = range;
    const known = this.#known.get(file);
    if (known !== undefined) return known.symbols;
    const key = `${file.buildId} ${file.path}`;
    let loading = this.#loading.get(key);
    if (loading === undefined) {
      loading = this.#load(range, pid);
      this.#loading.set(key, loading);
    }
    return loading.then((symbols) => {
      this.#known.set(file, { symbols });
      return symbols;
    });
  }

  perfMapOf(pid: number): PerfMap | undefined | Promise<PerfMap | undefined> {
    if (this.#perfMaps.has(pid)) return this.#perfMaps.get(pid);
    return this.#readPerfMap(pid).then((map) => {
      this.#perfMaps.set(pid, map);
      return map;
    });
  }

  async #load(
    range: MappedRange,
    pid: number,
  ): Promise<FileSymbols | undefined> {
    const { path, buildId } = range.file;
    let other: string | undefined;
    for (const [source, candidate] of this.#candidates(range.file)) {
      const symbols = await source.symbolsOf(
        { ...range, file: { path: candidate, buildId: "" } },
        pid,
      );
      if (symbols === undefined) continue;
      if (buildId === "" || symbols.buildId === buildId) return symbols;
      other ??= symbols.buildId;
    }
    if (other !== undefined) {
      this.#stats?.count("symbols_of_another_build", "notice", {
        detail: `${path}: its build id is ${
          other || "missing"
        }, recorded was ${buildId}`,
      });
    }
    return undefined;
  }

  /** Where a file may be, best first. */
  *#candidates(
    { path, buildId }: MappedFile,
  ): Generator<readonly [LocalSymbolSource, string]> {
    const isFile = path.startsWith("/");
    for (const [index, source] of this.#sources.entries()) {
      yield [source, path];
      if (isFile && this.#roots[index] !== "") {
        yield [source, path.slice(path.lastIndexOf("/"))];
      }
    }
    if (buildId === "") return;
    const local = new LocalSymbolSource({ debugFolders: this.#debugFolders });
    for (const folder of this.#debugFolders) {
      const place = `${folder}/.build-id/${buildId.slice(0, 2)}/${
        buildId.slice(2)
      }`;
      for (const ending of ["/elf", "", ".debug"]) {
        yield [local, place + ending];
      }
    }
  }

  async #readPerfMap(pid: number): Promise<PerfMap | undefined> {
    for (const [index, root] of this.#roots.entries()) {
      if (root === "") {
        const map = await this.#sources[index]!.perfMapOf(pid);
        if (map !== undefined) return map;
        continue;
      }
      for (const folder of [`${root}/tmp`, root]) {
        const text = await readSmallFile(`${folder}/perf-${pid}.map`);
        if (text !== undefined) return parsePerfMap(text);
      }
    }
    return undefined;
  }
}

async function readSmallFile(path: string): Promise<string | undefined> {
  try {
    const { isFile, size } = await Deno.stat(path);
    return isFile && size <= MAX_PERF_MAP_BYTES
      ? await Deno.readTextFile(path)
      : undefined;
  } catch {
    // Most processes have none.
    return undefined;
  }
}
