import { DecodeStats } from "../base/decode_stats.ts";
import { FormatError, LimitError, TruncatedError } from "../base/errors.ts";
import { resolveLimits } from "../base/limits.ts";
import type { Limits } from "../base/limits.ts";
import { readGzip } from "../container/gzip.ts";
import { sniffGzip } from "../container/sniff_gzip.ts";
import { readTar } from "../container/tar.ts";
import type { TarEntry } from "../container/tar_entry.ts";
import { splitEntryPath, unsafeEntryReason } from "./entry_path.ts";
import { NETDUMP_LIMITS } from "./netdump_limits.ts";

/** Unpacked bytes from which on the ratio to the packed ones is looked at. */
const RATIO_FROM_BYTES = 1024 * 1024;

/** How {@linkcode readNetdump} reads. */
export interface ReadNetdumpOptions {
  /** Bounds; what is left out is as in `NETDUMP_LIMITS`. */
  readonly limits?: Partial<Limits> | undefined;
  /**
   * Counts a damaged or cut archive, which then simply ends. Without it such an
   * archive ends with an error, after the entries before.
   */
  readonly stats?: DecodeStats | undefined;
  /** Ends the work. */
  readonly signal?: AbortSignal | undefined;
}

/** One entry of a dump. */
export interface NetdumpEntry extends TarEntry {
  /** Top folder, empty where there is none. */
  readonly top: string;
  /** Path below the top folder. */
  readonly name: string;
  /** 1 for the first entry of its path, 2 for the second: EVE writes some twice. */
  readonly occurrence: number;
  /** Why it must not be made in the file system. */
  readonly unsafeReason: string | undefined;
}

/** An entry with its content. */
export interface NetdumpFile extends NetdumpEntry {
  /** The content, once, in views that are valid until the next one. */
  readonly content: AsyncIterable<Uint8Array>;
}

/**
 * Reads the entries of a network dump, ours or EVE's, packed or not.
 *
 * @param source The archive.
 * @param options Limits, where damage is counted, and the signal.
 * @returns The entries in order; content that is not read is skipped.
 * @throws {FormatError} When the archive is damaged and there is no `stats`.
 * @throws {TruncatedError} When it is cut and there is no `stats`.
 * @throws {LimitError} When it is larger than allowed.
 *
 * @example Listing what is in an archive
 * ```ts ignore
 * using file = await Deno.open("nim-fail-2026-11-20T23-34-32.tgz");
 * for await (const { name, size } of readNetdump(file.readable)) {
 *   console.log(name, size);
 * }
 * ```
 */
export async function* readNetdump(
  source: AsyncIterable<Uint8Array>,
  options: ReadNetdumpOptions = {},
): AsyncGenerator<NetdumpFile, void, undefined> {
  const { stats, signal } = options;
  const limits = resolveLimits({ ...NETDUMP_LIMITS, ...options.limits });
  const packing = new DecodeStats();
  const occurrences = new Map<string, number>();
  let isEmpty = true;
  try {
    const archive = unpack(source, limits, packing, signal);
    const tarOptions = { limits, stats: stats ?? new DecodeStats(), signal };
    for await (const file of readTar(archive, tarOptions)) {
      isEmpty = false;
      const occurrence = (occurrences.get(file.path) ?? 0) + 1;
      occurrences.set(file.path, occurrence);
      yield {
        ...file,
        ...splitEntryPath(file.path),
        occurrence,
        unsafeReason: unsafeEntryReason(file),
      };
    }
  } catch (error) {
    // The packing's own fault is the cause of what tar says.
    const fault = packingFault(packing) ?? error;
    if (!(fault instanceof FormatError)) throw fault;
    if (stats === undefined || isEmpty) throw fault;
    const kind = fault.format === "gzip" ? "gzip" : "tar";
    const truncated = fault instanceof TruncatedError;
    stats.count(
      `${kind}_${truncated ? "truncated" : "damaged"}`,
      truncated ? "data_loss" : "error",
      { offset: fault.offset, detail: fault.message },
    );
    return;
  }
  const fault = packingFault(packing);
  if (fault !== undefined && stats === undefined) throw fault;
  stats?.merge(packing);
}

async function* unpack(
  source: AsyncIterable<Uint8Array>,
  limits: Limits,
  stats: DecodeStats,
  signal: AbortSignal | undefined,
): AsyncGenerator<Uint8Array, void, undefined> {
  const iterator = source[Symbol.asyncIterator]();
  const head: Uint8Array[] = [];
  let packedBytes = 0;
  let bytes = 0;
  async function* packed(): AsyncGenerator<Uint8Array, void, undefined> {
    try {
      for (;;) {
        const { done, value } = head.length > 0
          ? { done: false as const, value: head.shift()! }
          : await iterator.next();
        if (done) return;
        packedBytes += value.length;
        yield value;
      }
    } finally {
      await iterator.return?.();
    }
  }
  const magic: number[] = [];
  while (magic.length < 3) {
    const { done, value } = await iterator.next();
    if (done) break;
    head.push(value);
    magic.push(...value.subarray(0, 3));
  }
  const { maxDecompressedBytes, maxCompressionRatio } = limits;
  if (!sniffGzip(new Uint8Array(magic))) {
    // Whoever unpacked it need not have looked at its size.
    for await (const chunk of packed()) {
      if (packedBytes > maxDecompressedBytes) {
        throw new LimitError(
          `Cannot read netdump at byte ${packedBytes}: ${maxDecompressedBytes} bytes are allowed`,
          {
            limit: "maxDecompressedBytes",
            value: packedBytes,
            offset: packedBytes,
          },
        );
      }
      yield chunk;
    }
    return;
  }
  const options = { limits: { maxDecompressedBytes }, stats, signal };
  for await (const chunk of readGzip(packed(), options)) {
    bytes += chunk.length;
    if (bytes > RATIO_FROM_BYTES && bytes > packedBytes * maxCompressionRatio) {
      throw new LimitError(
        `Cannot unpack netdump at byte ${bytes}: ${packedBytes} packed bytes gave ${bytes}, ${maxCompressionRatio} times as many are allowed`,
        { limit: "maxCompressionRatio", value: bytes, offset: bytes },
      );
    }
    yield chunk;
  }
}

/** Makes the error again that gzip counted. */
function packingFault(stats: DecodeStats): FormatError | undefined {
  for (const { name, firstDetail, firstOffset } of stats.entries()) {
    if (name !== "gzip_truncated" && name !== "gzip_damaged") continue;
    const fields = { format: "gzip", offset: firstOffset ?? 0 };
    return name === "gzip_damaged"
      ? new FormatError(firstDetail!, fields)
      : new TruncatedError(firstDetail!, { ...fields, missingBytes: 1 });
  }
  return undefined;
}
