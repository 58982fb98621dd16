/**
 * Bounds on what a decoder accepts from untrusted input.
 *
 * Every decoder takes `limits?: Partial<Limits>`; whatever is left out has the
 * value of {@linkcode DEFAULT_LIMITS}. Exceeding a limit throws a `LimitError`
 * that names it.
 */
export interface Limits {
  /** Largest single record or block, in bytes. */
  readonly maxRecordBytes: number;
  /** Longest single string, in bytes of its encoded form. */
  readonly maxStringBytes: number;
  /** Deepest nesting of types, messages or directories. */
  readonly maxDepth: number;
  /** Most entries of one table: metadata, threads, methods, files. */
  readonly maxTableEntries: number;
  /** Most bytes that a decoder holds back to bring records into order. */
  readonly maxQueuedBytes: number;
  /** Most records that a decoder holds back to bring them into order. */
  readonly maxQueuedRecords: number;
  /** Most bytes that a compressed stream may unpack to. */
  readonly maxDecompressedBytes: number;
  /** Largest window that a compressed stream may ask for, in bytes. */
  readonly maxWindowBytes: number;
  /** Highest ratio of unpacked to packed bytes, looked at beyond the first 64 MiB unpacked. */
  readonly maxCompressionRatio: number;
}

/** Limits that hold where the caller gives none: finite, and far above what real captures need. */
export const DEFAULT_LIMITS: Limits = {
  maxRecordBytes: 64 * 1024 * 1024,
  maxStringBytes: 16 * 1024 * 1024,
  maxDepth: 32,
  maxTableEntries: 1024 * 1024,
  maxQueuedBytes: 256 * 1024 * 1024,
  maxQueuedRecords: 16 * 1024 * 1024,
  maxDecompressedBytes: 1024 ** 4,
  maxWindowBytes: 128 * 1024 * 1024,
  maxCompressionRatio: 2000,
};

/**
 * Fills in {@linkcode DEFAULT_LIMITS} and checks what the caller gave.
 *
 * @param limits The caller's limits.
 * @returns All limits.
 * @throws {RangeError} When a limit is not a positive integer.
 */
export function resolveLimits(limits: Partial<Limits> = {}): Limits {
  for (const [name, value] of Object.entries(limits)) {
    if (!Number.isSafeInteger(value) || value <= 0) {
      throw new RangeError(
        `Cannot use limit "${name}": value is ${value}, expected a positive integer`,
      );
    }
  }
  return { ...DEFAULT_LIMITS, ...limits };
}
