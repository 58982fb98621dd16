/** Bytes that can be read at any place, such as a file. */
export interface RandomAccess {
  /** How many there are. */
  readonly sizeBytes: number;
  /**
   * Reads a range.
   *
   * @param offset Of the first byte.
   * @param length How many bytes.
   * @returns The bytes; fewer only where the range reaches behind the end.
   */
  read(offset: number, length: number): Promise<Uint8Array<ArrayBuffer>>;
}

/**
 * Makes bytes in memory readable like a file.
 *
 * @param bytes The bytes; not copied.
 * @returns Access to them; what it reads are copies.
 */
export function randomAccessOf(bytes: Uint8Array): RandomAccess {
  return {
    sizeBytes: bytes.length,
    read: (offset, length) =>
      Promise.resolve(
        bytes.slice(Math.max(0, offset), Math.max(0, offset + length)),
      ),
  };
}
