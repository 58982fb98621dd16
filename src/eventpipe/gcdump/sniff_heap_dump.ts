const MAGIC = "\x14\0\0\0!FastSerialization.1";
const TYPE_NAME = "GCHeapDump";
/** Bytes between the magic number and the name of the type: marks, versions, length. */
const TYPE_NAME_AT = 24 + 3 + 8 + 4;

/**
 * Tells whether bytes begin as a heap dump file (`.gcdump`).
 *
 * @param head The first bytes.
 * @returns Whether it can be one. Other files in the same serialization are none.
 */
export function sniffHeapDump(head: Uint8Array): boolean {
  return isAt(head, 0, MAGIC) && isAt(head, TYPE_NAME_AT, TYPE_NAME);
}

function isAt(bytes: Uint8Array, start: number, text: string): boolean {
  if (bytes.length < start + text.length) return false;
  for (let index = 0; index < text.length; index++) {
    if (bytes[start + index] !== text.charCodeAt(index)) return false;
  }
  return true;
}
