/**
 * Tells whether a stream begins as zstd does.
 *
 * @param head Its first bytes.
 * @returns True when they are the magic of a frame or of a skippable frame.
 */
export function sniffZstd(head: Uint8Array): boolean {
  const isFrame = head[0] === 0x28 && head[1] === 0xb5 && head[2] === 0x2f &&
    head[3] === 0xfd;
  const isSkippable = head.length >= 4 && (head[0]! & 0xf0) === 0x50 &&
    head[1] === 0x2a && head[2] === 0x4d && head[3] === 0x18;
  return isFrame || isSkippable;
}
