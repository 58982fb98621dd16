/**
 * Tells whether a stream begins as gzip does.
 *
 * @param head Its first bytes.
 * @returns True when magic and method are those of gzip.
 */
export function sniffGzip(head: Uint8Array): boolean {
  return head[0] === 0x1f && head[1] === 0x8b && head[2] === 8;
}
