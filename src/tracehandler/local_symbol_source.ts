import type { DecodeStats } from "../base/decode_stats.ts";
import { randomAccessOf } from "../base/random_access.ts";
import { formatId128 } from "../codec/id128.ts";
import {
  elfAddressOf,
  type ElfFile,
  readElf,
  readElfBuildIds,
  readElfDebugLink,
} from "../container/elf.ts";
import {
  type ElfSymbolTable,
  readElfSymbols,
} from "../container/elf_symbols.ts";
import { openRandomAccess } from "../platform/random_access_file.ts";
import type { ProcessTable } from "../platform/running_process.ts";
import type { MappedFile, MappedRange } from "./address_space.ts";
import { fileIdOf } from "./file_id.ts";
import { LruCache } from "./lru_cache.ts";
import type { PerfMap } from "./perf_map.ts";
import { ProcessPerfMaps } from "./process_perf_maps.ts";
import type { FileSymbols, SymbolSource } from "./symbol_source.ts";
import { readOwnVdso, VDSO_PATH } from "./vdso.ts";

/** Where a {@linkcode LocalSymbolSource} looks. */
export interface LocalSymbolSourceOptions {
  /** Running processes, through whose own folders files are found first. @default {none are asked} */
  readonly processes?: ProcessTable | undefined;
  /** Folder in which the files of the machine lie. @default {""} */
  readonly root?: string | undefined;
  /** Folders with separate debug information. @default {["/usr/lib/debug"]} */
  readonly debugFolders?: readonly string[] | undefined;
  /** Counts files that cannot be read. */
  readonly stats?: DecodeStats | undefined;
}

/** A place where a file may be. */
interface Candidate {
  /** By which it is opened. */
  readonly path: string;
  /** Where it lies among other files. */
  readonly home: string;
}

const MAX_FILES = 1024;
const DELETED = " (deleted)";
const FILE_PATH_REGEXP = /^\/(?!\/)/;

/**
 * Finds names in the files of this machine: in a program's own table of
 * symbols, in a separate file with its debug information, in its table of
 * dynamic symbols; and in the lists of functions that processes compiled at run
 * time. Files of processes in containers are found through their own roots.
 */
export class LocalSymbolSource implements SymbolSource {
  readonly #options: LocalSymbolSourceOptions;
  readonly #root: string;
  readonly #debugFolders: readonly string[];
  /** By device, number, size and time of the file. */
  readonly #files = new LruCache<string, Promise<FileSymbols | undefined>>(
    MAX_FILES,
  );
  readonly #byBuildId = new LruCache<string, FileSymbols>(MAX_FILES);
  readonly #known = new WeakMap<MappedFile, { symbols?: FileSymbols }>();
  readonly #perfMaps: ProcessPerfMaps;
  #vdso: Promise<FileSymbols | undefined> | undefined;

  /** @param options Where to look. */
  constructor(options: LocalSymbolSourceOptions = {}) {
    this.#options = options;
    this.#root = options.root ?? "";
    this.#debugFolders = options.debugFolders ?? ["/usr/lib/debug"];
    this.#perfMaps = new ProcessPerfMaps(options.processes);
  }

  symbolsOf(
    range: MappedRange,
    pid: number,
  ): FileSymbols | undefined | Promise<FileSymbols | undefined> {
    const { file } = range;
    const known = this.#known.get(file);
    if (known !== undefined) return known.symbols;
    const same = file.buildId === ""
      ? undefined
      : this.#byBuildId.get(file.buildId);
    if (same !== undefined) return same;
    return this.#load(range, pid).then((symbols) => {
      this.#known.set(file, symbols === undefined ? {} : { symbols });
      if (symbols !== undefined && symbols.buildId !== "") {
        this.#byBuildId.add(symbols.buildId, symbols);
      }
      return symbols;
    });
  }

  perfMapOf(pid: number): PerfMap | undefined {
    return this.#perfMaps.mapOf(pid);
  }

  /**
   * Looks whether processes compiled more functions since they were asked for.
   *
   * @returns Processes of which more is known now.
   */
  refreshPerfMaps(): readonly number[] {
    return this.#perfMaps.refresh();
  }

  /** @param pid A process that has ended; nothing of it is kept. */
  forget(pid: number): void {
    this.#perfMaps.forget(pid);
  }

  async #load(
    range: MappedRange,
    pid: number,
  ): Promise<FileSymbols | undefined> {
    const { path } = range.file;
    if (path === VDSO_PATH) {
      return await (this.#vdso ??= loadVdso(range.end - range.start));
    }
    if (!FILE_PATH_REGEXP.test(path)) return undefined;
    for (const candidate of this.#candidates(range, pid)) {
      const symbols = await this.#tryFile(candidate, range.file);
      if (symbols !== undefined) return symbols;
    }
    return undefined;
  }

  /** Where the file may be, best first. */
  *#candidates(
    { start, end, file }: MappedRange,
    pid: number,
  ): Generator<Candidate> {
    const { processes } = this.#options;
    const isDeleted = file.path.endsWith(DELETED);
    const path = isDeleted ? file.path.slice(0, -DELETED.length) : file.path;
    if (processes !== undefined) {
      const root = processes.rootPath(pid);
      const home = root + path;
      // The very file, whatever has its name now; not everybody may open it.
      const mapped = `${start.toString(16)}-${end.toString(16)}`;
      yield { path: `${root.replace(/root$/, "map_files")}/${mapped}`, home };
      if (!isDeleted) yield { path: home, home };
      // What has another name now may be another file.
      if (isDeleted && file.buildId === "") return;
    }
    yield { path: this.#root + path, home: this.#root + path };
  }

  async #tryFile(
    candidate: Candidate,
    file: MappedFile,
  ): Promise<FileSymbols | undefined> {
    let key: string;
    try {
      const { dev, ino, size, mtime, isFile } = await Deno.stat(candidate.path);
      if (!isFile) return undefined;
      key = `${dev} ${ino} ${size} ${mtime?.getTime()}`;
    } catch {
      // Not there, or not to be seen.
      return undefined;
    }
    let loading = this.#files.get(key);
    if (loading === undefined) {
      loading = this.#loadFile(candidate, file.path);
      this.#files.add(key, loading);
    }
    const symbols = await loading;
    const isOther = symbols !== undefined && file.buildId !== "" &&
      symbols.buildId !== "" && symbols.buildId !== file.buildId;
    return isOther ? undefined : symbols;
  }

  async #loadFile(
    { path, home }: Candidate,
    name: string,
  ): Promise<FileSymbols | undefined> {
    try {
      using source = await openRandomAccess(path);
      const elf = await readElf(source);
      const ids = await readElfBuildIds(elf);
      const table = await readElfSymbols(elf);
      const full = table.origin === ".symtab"
        ? undefined
        : await this.#debugSymbols(elf, ids.gnu, home);
      return fileSymbols(elf, {
        buildId: ids.gnu,
        goBuildId: ids.go,
        fileId: formatId128(await fileIdOf(source)),
        tables: full === undefined ? [table] : [full, table],
      });
    } catch (error) {
      this.#options.stats?.count("symbols_not_read", "notice", {
        detail: `${name}: ${error instanceof Error ? error.message : error}`,
      });
      return undefined;
    }
  }

  /** Symbols of a separate file, which must have the same build id. */
  async #debugSymbols(
    elf: ElfFile,
    buildId: string,
    path: string,
  ): Promise<ElfSymbolTable | undefined> {
    if (buildId === "") return undefined;
    const link = await readElfDebugLink(elf);
    const folder = path.slice(0, path.lastIndexOf("/"));
    const root = /^.*\/\d+\/root(?=\/)/.exec(path)?.[0] ?? "";
    const candidates: string[] = [];
    for (const debug of this.#debugFolders) {
      const byId = `${debug}/.build-id/${buildId.slice(0, 2)}/${
        buildId.slice(2)
      }.debug`;
      candidates.push(root + byId, this.#root + byId);
      if (link !== undefined) {
        candidates.push(
          `${root || this.#root}${debug}${
            folder.slice((root || this.#root).length)
          }/${link.fileName}`,
        );
      }
    }
    if (link !== undefined) {
      candidates.push(
        `${folder}/${link.fileName}`,
        `${folder}/.debug/${link.fileName}`,
      );
    }
    for (const candidate of new Set(candidates)) {
      const table = await readDebugFile(candidate, buildId);
      if (table !== undefined) return table;
    }
    return undefined;
  }
}

async function readDebugFile(
  path: string,
  buildId: string,
): Promise<ElfSymbolTable | undefined> {
  try {
    using source = await openRandomAccess(path);
    const elf = await readElf(source);
    const ids = await readElfBuildIds(elf);
    if (ids.gnu !== buildId) return undefined;
    const table = await readElfSymbols(elf, { dynamic: false });
    return table.length > 0 ? table : undefined;
  } catch {
    // Most files have none.
    return undefined;
  }
}

async function loadVdso(sizeBytes: number): Promise<FileSymbols | undefined> {
  try {
    const image = await readOwnVdso();
    // Programs of 32 bits have another one.
    if (image?.length !== sizeBytes) return undefined;
    const elf = await readElf(randomAccessOf(image));
    const ids = await readElfBuildIds(elf);
    return fileSymbols(elf, {
      buildId: ids.gnu,
      goBuildId: "",
      fileId: "",
      tables: [await readElfSymbols(elf)],
    });
  } catch {
    return undefined;
  }
}

function fileSymbols(
  { segments }: Pick<ElfFile, "segments">,
  { buildId, goBuildId, fileId, tables }:
    & Pick<FileSymbols, "buildId" | "goBuildId" | "fileId">
    & { readonly tables: readonly ElfSymbolTable[] },
): FileSymbols {
  return {
    buildId,
    goBuildId,
    fileId,
    addressOf: (fileOffset) => elfAddressOf({ segments }, fileOffset),
    find(address) {
      for (const table of tables) {
        const symbol = table.find(address);
        if (symbol !== undefined) return symbol;
      }
      return undefined;
    },
  };
}
