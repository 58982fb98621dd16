import type { DecodeStats } from "../base/decode_stats.ts";
import { readProcFile, readProcText } from "../platform/proc_file.ts";
import { type KernelSymbols, parseKallsyms } from "./kallsyms.ts";
import { readKernelBuildId } from "./read_kernel_build_id.ts";

const MAX_BYTES = 256 * 1024 * 1024;
const LOCAL_PATH = "/proc/kallsyms";

/** The kernel that was recorded. */
export interface RecordedKernel {
  /** Build id in hexadecimal, empty where it was not recorded. */
  readonly buildId: string;
  /** Its release, where it was recorded. */
  readonly osRelease: string | undefined;
  /** A symbol and where it was; addresses differ from start to start. */
  readonly reference:
    | { readonly name: string; readonly address: bigint }
    | undefined;
}

/** Where {@linkcode readRecordedKernelSymbols} looks. */
export interface ReadRecordedKernelSymbolsOptions {
  /** A copy of `/proc/kallsyms` of the machine that was recorded. @default {this machine's, if its kernel is the same} */
  readonly path?: string | undefined;
  /** Counts that the names cannot be used. */
  readonly stats?: DecodeStats | undefined;
}

/**
 * Reads the names of the kernel that was recorded. This machine's are used only
 * if its kernel is the same build and lies where it lay.
 *
 * @param kernel What was recorded of it.
 * @param options Where to look.
 * @returns The names, or `undefined` where they are not to be had.
 * @throws {Error} When a copy that was asked for cannot be read.
 */
export async function readRecordedKernelSymbols(
  kernel: RecordedKernel,
  options: ReadRecordedKernelSymbolsOptions = {},
): Promise<KernelSymbols | undefined> {
  const { path, stats } = options;
  if (path !== undefined) {
    const symbols = parseKallsyms(await Deno.readFile(path));
    if (!liesWhereItLay(kernel, symbols)) {
      stats?.count("kernel_symbols_of_another_start", "notice", {
        detail: `addresses in ${path} are not those of the recorded kernel`,
      });
    }
    return symbols;
  }
  if (!isLocal(kernel)) return undefined;
  try {
    const symbols = parseKallsyms(
      readProcFile(LOCAL_PATH, { maxBytes: MAX_BYTES }).bytes,
    );
    return liesWhereItLay(kernel, symbols) ? symbols : undefined;
  } catch (error) {
    stats?.count("kernel_symbols_not_read", "notice", {
      detail: error instanceof Error ? error.message : String(error),
    });
    return undefined;
  }
}

function liesWhereItLay(
  { reference }: RecordedKernel,
  symbols: KernelSymbols,
): boolean {
  return reference === undefined || reference.address === 0n ||
    symbols.addressOf(reference.name) === reference.address;
}

function isLocal({ buildId, osRelease, reference }: RecordedKernel): boolean {
  const localId = readKernelBuildId();
  if (buildId !== "" && localId !== "") return buildId === localId;
  if (reference === undefined) return false;
  const release = readProcText("/proc/sys/kernel/osrelease")?.trim();
  return osRelease !== undefined && osRelease === release;
}
