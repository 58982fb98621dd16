/** A range of addresses of a process. */
export interface ProcMapping {
  /** First address. */
  readonly start: bigint;
  /** First address behind it. */
  readonly end: bigint;
  /** Rights, such as `r-xp`. */
  readonly permissions: string;
  /** Place in the file that lies at `start`. */
  readonly offset: bigint;
  /** Number of the file, 0 where there is none. */
  readonly inode: bigint;
  /** Path; empty where there is none, `[vdso]` and the like where the kernel made it. */
  readonly path: string;
  /** Whether the file was removed or replaced since. */
  readonly isDeleted: boolean;
}

const LINE_REGEXP =
  /^([0-9a-f]{1,16})-([0-9a-f]{1,16}) (\S{4}) ([0-9a-f]{1,16}) [0-9a-f]+:[0-9a-f]+ (\d+)(?:\s+(.*))?$/;
const DELETED = " (deleted)";

/** How {@linkcode parseProcMaps} reads. */
export interface ParseProcMapsOptions {
  /** Whether ranges that hold no code are given too. @default {false} */
  readonly all?: boolean | undefined;
}

/**
 * Reads which files are mapped where in a process.
 *
 * @param text What `/proc/PID/maps` holds.
 * @param options Which ranges.
 * @returns Ranges with code in order of their addresses; lines that cannot be
 * read are left out.
 *
 * @example One range
 * ```ts
 * import { parseProcMaps } from "@tracedeck/tracedeck/tracehandler";
 * import { assertEquals } from "@std/assert";
 *
 * const [range] = parseProcMaps(
 *   "7f00-7f80 r-xp 00001000 fe:01 42                  /usr/lib/a b.so (deleted)\n",
 * );
 * assertEquals([range?.path, range?.isDeleted], ["/usr/lib/a b.so", true]);
 * ```
 */
export function parseProcMaps(
  text: string,
  options: ParseProcMapsOptions = {},
): readonly ProcMapping[] {
  const mappings: ProcMapping[] = [];
  for (const line of text.split("\n")) {
    // Most ranges hold no code; they are not taken apart.
    const permissionsAt = line.indexOf(" ") + 1;
    if (options.all !== true && line[permissionsAt + 2] !== "x") continue;
    const match = LINE_REGEXP.exec(line);
    if (match === null) continue;
    const [, start, end, permissions, offset, inode, rawPath = ""] = match;
    const path = rawPath.replaceAll(
      /\\([0-7]{3})/g,
      (_, digits: string) => String.fromCharCode(parseInt(digits, 8)),
    );
    const isDeleted = path.endsWith(DELETED);
    mappings.push({
      start: BigInt(`0x${start}`),
      end: BigInt(`0x${end}`),
      permissions: permissions!,
      offset: BigInt(`0x${offset}`),
      inode: BigInt(inode!),
      path: isDeleted ? path.slice(0, -DELETED.length) : path,
      isDeleted,
    });
  }
  return mappings;
}
