import type { Limits } from "../base/limits.ts";

const GIB = 1024 ** 3;

/**
 * What an archive of a stranger may ask for: 1 GiB unpacked, 1000 times its
 * packed size, 20,000 entries, 256 MiB in one of them.
 */
export const NETDUMP_LIMITS: Partial<Limits> = {
  maxDecompressedBytes: GIB,
  maxCompressionRatio: 1000,
  maxTableEntries: 20_000,
  maxRecordBytes: GIB / 4,
};

/**
 * Raises {@linkcode NETDUMP_LIMITS} for an archive that is trusted.
 *
 * @param unpackedBytes Most bytes unpacked; the other limits grow with it, and
 * the ratio is not looked at.
 * @returns The limits.
 */
export function raiseNetdumpLimits(unpackedBytes: number): Partial<Limits> {
  const factor = Math.max(1, unpackedBytes / GIB);
  return {
    maxDecompressedBytes: unpackedBytes,
    maxCompressionRatio: Number.MAX_SAFE_INTEGER,
    maxTableEntries: Math.ceil(20_000 * factor),
    maxRecordBytes: Math.ceil(GIB / 4 * factor),
  };
}
