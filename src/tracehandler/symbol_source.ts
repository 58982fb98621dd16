import type { ElfSymbol } from "../container/elf_symbols.ts";
import type { MappedRange } from "./address_space.ts";
import type { PerfMap } from "./perf_map.ts";

/** Functions of one mapped file. */
export interface FileSymbols {
  /** Build id of GNU's linker in hexadecimal, empty where there is none. */
  readonly buildId: string;
  /** Build id of Go's linker, empty where there is none. */
  readonly goBuildId: string;
  /** Hash of head, tail and size of the file, 32 hexadecimal digits. */
  readonly fileId: string;
  /**
   * @param fileOffset Place in the file.
   * @returns Its address in the file's own addresses, or `undefined` when it is not loaded.
   */
  addressOf(fileOffset: number): number | undefined;
  /**
   * @param address Address in the file's own addresses.
   * @returns The function that covers it, or `undefined`.
   */
  find(address: number): ElfSymbol | undefined;
}

/** Finds names for code of processes. */
export interface SymbolSource {
  /**
   * Finds the functions of a mapped file.
   *
   * @param range Where the file is mapped.
   * @param pid A process in which it is.
   * @returns Its functions, or `undefined` where there are none to be had; a
   * promise only the first time.
   */
  symbolsOf(
    range: MappedRange,
    pid: number,
  ): FileSymbols | undefined | Promise<FileSymbols | undefined>;
  /**
   * Finds the functions that a process compiled at run time.
   *
   * @param pid The process.
   * @returns The functions, or `undefined`; a promise only where a file must be read.
   */
  perfMapOf(pid: number): PerfMap | undefined | Promise<PerfMap | undefined>;
}

/** Knows no names. */
export const NO_SYMBOLS: SymbolSource = {
  symbolsOf: () => undefined,
  perfMapOf: () => undefined,
};
