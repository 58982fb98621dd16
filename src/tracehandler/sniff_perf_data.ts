/** Magic numbers in hexadecimal: of both byte orders, of the second and the first version. */
export const PERF_DATA_MAGIC = {
  littleEndian: "50455246494c4532",
  bigEndian: "32454c4946524550",
  oldLittleEndian: "5045524646494c45",
  oldBigEndian: "454c494646524550",
} as const;

const MAGICS: ReadonlySet<string> = new Set(Object.values(PERF_DATA_MAGIC));

/**
 * Tells whether bytes begin a perf.data file, or what `perf record` writes to a
 * pipe.
 *
 * @param head First bytes of a stream.
 * @returns True when the magic number is there, in either byte order, of either version.
 */
export function sniffPerfData(head: Uint8Array): boolean {
  return MAGICS.has(head.subarray(0, 8).toHex());
}
