import type { DecodeStats } from "../base/decode_stats.ts";
import { readProcFile, readProcText } from "../platform/proc_file.ts";
import type { AddressSpace } from "./address_space.ts";
import { type KernelSymbols, parseKallsyms } from "./kallsyms.ts";
import { KERNEL_FILE_NAME } from "./kernel_mapping.ts";
import { kernelKey } from "./native_frame_converter.ts";
import { parseProcModules } from "./proc_modules.ts";
import { readKernelBuildId } from "./read_kernel_build_id.ts";

const MAX_BYTES = 256 * 1024 * 1024;

/** What a {@linkcode LocalKernelSymbols} needs. */
export interface LocalKernelSymbolsOptions {
  /** Gets what is mapped in the kernel. */
  readonly space: AddressSpace;
  /** Counts that the names cannot be read. */
  readonly stats?: DecodeStats | undefined;
}

/** Names of the kernel that runs here, read when they are asked for first. */
export class LocalKernelSymbols {
  readonly #options: LocalKernelSymbolsOptions;
  #isLoaded = false;
  #symbols: KernelSymbols | undefined;

  /** @param options Where to note what is mapped. */
  constructor(options: LocalKernelSymbolsOptions) {
    this.#options = options;
  }

  /** @returns The names, or `undefined` where they are not to be had. */
  symbols(): KernelSymbols | undefined {
    if (!this.#isLoaded) {
      this.#isLoaded = true;
      this.#symbols = this.#load();
    }
    return this.#symbols;
  }

  #load(): KernelSymbols | undefined {
    const { space, stats } = this.#options;
    let symbols: KernelSymbols;
    try {
      const { bytes } = readProcFile("/proc/kallsyms", { maxBytes: MAX_BYTES });
      symbols = parseKallsyms(bytes);
    } catch (error) {
      stats?.count("kernel_symbols_not_read", "notice", {
        detail: error instanceof Error ? error.message : String(error),
      });
      return undefined;
    }
    const { imageStart, imageEnd } = symbols;
    if (imageStart !== undefined && imageEnd !== undefined) {
      space.map({
        start: kernelKey(imageStart),
        end: kernelKey(imageEnd),
        fileOffset: 0,
        file: { path: KERNEL_FILE_NAME, buildId: readKernelBuildId() },
      });
    }
    const modules = parseProcModules(readProcText("/proc/modules") ?? "");
    for (const { name, address, size } of modules) {
      if (address === 0n) continue;
      const start = kernelKey(address);
      space.map({
        start,
        end: start + size,
        fileOffset: 0,
        file: { path: `[${name}]`, buildId: "" },
      });
    }
    return symbols;
  }
}
