const CHUNK_BYTES = 1 << 20;

/**
 * Keeps many short byte strings in few large pieces of memory. Nothing is
 * decoded until it is asked for: of a hundred thousand method names a profile
 * shows a hundred.
 */
export class TextArena {
  readonly #chunks: Uint8Array[] = [];
  #used = CHUNK_BYTES;

  /** Bytes that are reserved. */
  get capacity(): number {
    return this.#chunks.reduce((sum, chunk) => sum + chunk.length, 0);
  }

  /** Index of the piece that the last {@linkcode TextArena.add} wrote to. */
  get chunk(): number {
    return this.#chunks.length - 1;
  }

  /**
   * Keeps a copy of a byte range.
   *
   * @param bytes Where the range lies.
   * @param start Its first byte.
   * @param end The byte behind it.
   * @returns Position within the piece {@linkcode TextArena.chunk}.
   */
  add(bytes: Uint8Array, start: number, end: number): number {
    const length = end - start;
    let chunk = this.#chunks[this.#chunks.length - 1];
    if (chunk === undefined || this.#used + length > chunk.length) {
      chunk = new Uint8Array(Math.max(CHUNK_BYTES, length));
      this.#chunks.push(chunk);
      this.#used = 0;
    }
    const at = this.#used;
    chunk.set(bytes.subarray(start, end), at);
    this.#used = at + length;
    return at;
  }

  /**
   * @param chunk Index of a piece.
   * @param start Position in it.
   * @param length Bytes.
   * @returns A view of that range.
   */
  view(chunk: number, start: number, length: number): Uint8Array {
    return this.#chunks[chunk]!.subarray(start, start + length);
  }
}
