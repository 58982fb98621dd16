const LITTLE = "7375746172626966";
const BIG = "6669627261747573";

/**
 * Tells whether a decompressed stream begins as a capture does.
 *
 * @param head Its first bytes, 8 are enough.
 * @returns True when they are the magic number in either byte order.
 */
export function sniffKcap(head: Uint8Array): boolean {
  const magic = head.subarray(0, 8).toHex();
  return magic === LITTLE || magic === BIG;
}
