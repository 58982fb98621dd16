import type { DecodeStats } from "../base/decode_stats.ts";
import { FormatError, TruncatedError } from "../base/errors.ts";

/**
 * Counts a fault of a packed stream, if somebody counts.
 *
 * @param stats Where to count.
 * @param format Short name of the format: `gzip` or `zstd`.
 * @param error What was thrown.
 * @returns Whether the fault is counted; all others must be thrown on.
 */
export function countFault(
  stats: DecodeStats | undefined,
  format: string,
  error: unknown,
): boolean {
  if (stats === undefined || !(error instanceof FormatError)) return false;
  if (error.format !== format) return false;
  const detail = { offset: error.offset, detail: error.message };
  if (error instanceof TruncatedError) {
    stats.count(`${format}_truncated`, "data_loss", detail);
  } else stats.count(`${format}_damaged`, "error", detail);
  return true;
}
