import { DecodeStats } from "../../../base/decode_stats.ts";
import { FormatError, TruncatedError } from "../../../base/errors.ts";
import { raiseNetdumpLimits } from "../../../netdump/netdump_limits.ts";
import type { ReadNetdumpOptions } from "../../../netdump/read_netdump.ts";
import { readFileStream } from "../../../platform/file_source.ts";
import type { OptionSpec } from "../../../formats/option_spec.ts";
import type { CommandContext } from "../../command.ts";
import { UsageError } from "../../usage_error.ts";

/** `--limit` of commands that read an archive. */
export const LIMIT_OPTION: OptionSpec = {
  name: "limit",
  type: "size",
  valueName: "SIZE",
  help: "most bytes unpacked, 1 GiB without; raises the other limits with it",
  min: 1,
};

/** `--directory` of commands that work on published dumps. */
export const DIRECTORY_OPTION: OptionSpec = {
  name: "directory",
  short: "d",
  type: "string",
  valueName: "DIR",
  help:
    "folder of the dumps; /persist/netdump, /var/lib/netdump or the user's state folder without",
};

/** An archive named on the command line. */
export interface ArchiveInput {
  /** Name for messages. */
  readonly name: string;
  /** Whether it can be read more than once. */
  readonly canReopen: boolean;
  /** Opens its bytes from the start. */
  readonly open: () => AsyncIterable<Uint8Array>;
  /** Where damage is counted. */
  readonly stats: DecodeStats;
  /** How it is read. */
  readonly options: ReadNetdumpOptions;
}

/**
 * Opens an archive named on the command line, or standard input for `-`.
 *
 * @param path As typed.
 * @param context The running command, with {@linkcode LIMIT_OPTION}.
 * @returns The archive.
 * @throws {UsageError} When standard input is a terminal or the path a folder.
 * @throws {Error} When there is no such file.
 */
export async function openArchive(
  path: string,
  context: CommandContext,
): Promise<ArchiveInput> {
  const { console, signal, options } = context;
  const limit = options["limit"] as number | undefined;
  const stats = new DecodeStats();
  const readOptions = {
    stats,
    signal,
    limits: limit === undefined ? undefined : raiseNetdumpLimits(limit),
  };
  if (path === "-") {
    if (console.stdinIsTerminal) {
      throw new UsageError(
        "Cannot read an archive from the terminal",
        "name a file, or send one into standard input",
      );
    }
    return {
      name: "standard input",
      canReopen: false,
      open: () => console.stdin(),
      stats,
      options: readOptions,
    };
  }
  const info = await statArchive(path);
  if (info.isDirectory) {
    throw new UsageError(
      `Cannot read ${path}: it is a folder`,
      `name an archive; "tracedeck netdump ls -d ${path}" lists those in it`,
    );
  }
  return {
    name: path,
    canReopen: info.isFile,
    open: () => readFileStream(path, { signal }),
    stats,
    options: readOptions,
  };
}

/**
 * Counts that an archive is cut or damaged within an entry that was being read.
 *
 * @param error What reading ended with.
 * @param stats Where damage is counted.
 * @throws {unknown} The error, when it is another one.
 */
export function countDamage(error: unknown, stats: DecodeStats): void {
  const isOfArchive = error instanceof FormatError &&
    (error.format === "tar" || error.format === "gzip");
  if (!isOfArchive) throw error;
  const kind = error instanceof TruncatedError ? "truncated" : "damaged";
  stats.count(`${error.format}_${kind}`, "data_loss", {
    offset: error.offset,
    detail: error.message,
  });
}

async function statArchive(path: string): Promise<Deno.FileInfo> {
  try {
    const info = await Deno.stat(path);
    // Who may see it need not be allowed to read it.
    if (info.isFile) (await Deno.open(path)).close();
    return info;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) {
      throw new Error(`Cannot open ${path}: no such file`, { cause: error });
    }
    if (error instanceof Deno.errors.PermissionDenied) {
      throw new Error(`Cannot open ${path}: permission is denied`, {
        cause: error,
      });
    }
    throw error;
  }
}
