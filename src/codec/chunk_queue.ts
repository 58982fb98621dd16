/**
 * Bytes that arrived in pieces, addressed by their absolute offset.
 *
 * A range that lies in one piece is handed out without copying; only a range
 * that straddles pieces is joined. Memory is what was pushed and not yet
 * consumed. The pieces are kept, not copied: they must not change before they
 * are consumed.
 *
 * @example Waiting for a whole record
 * ```ts
 * import { ChunkQueue } from "../../src/codec/chunk_queue.ts";
 * import { assertEquals } from "@std/assert";
 *
 * const queue = new ChunkQueue();
 * queue.push(new Uint8Array([1, 2]));
 * assertEquals(queue.peek(3), undefined);
 * queue.push(new Uint8Array([3, 4]));
 * assertEquals([...queue.peek(3)!], [1, 2, 3]);
 * queue.consume(3);
 * assertEquals([queue.offset, queue.available], [3, 1]);
 * ```
 */
export class ChunkQueue {
  #chunks: Uint8Array[] = [];
  #head = 0;
  #headPosition = 0;
  #available = 0;
  #offset: number;

  /** @param baseOffset Absolute offset of the first byte that will be pushed. */
  constructor(baseOffset = 0) {
    this.#offset = baseOffset;
  }

  /** Absolute offset of the next byte. */
  get offset(): number {
    return this.#offset;
  }

  /** Bytes pushed and not yet consumed. */
  get available(): number {
    return this.#available;
  }

  /** @param chunk The next bytes; kept, not copied. */
  push(chunk: Uint8Array): void {
    if (chunk.length === 0) return;
    this.#chunks.push(chunk);
    this.#available += chunk.length;
  }

  /**
   * Looks at the next bytes without consuming them.
   *
   * @param count How many, 0 or more.
   * @returns A view that is valid until they are consumed, or `undefined` when
   * fewer are there.
   */
  peek(count: number): Uint8Array | undefined {
    if (count > this.#available) return undefined;
    if (count === 0) return new Uint8Array(0);
    const head = this.#chunks[this.#head]!;
    const end = this.#headPosition + count;
    if (end <= head.length) return head.subarray(this.#headPosition, end);
    return this.#join(count);
  }

  /**
   * Consumes the next bytes.
   *
   * @param count How many.
   * @returns A view of them, or `undefined` (and nothing is consumed) when
   * fewer are there.
   */
  take(count: number): Uint8Array | undefined {
    const bytes = this.peek(count);
    if (bytes !== undefined) this.consume(count);
    return bytes;
  }

  /**
   * Moves past the next bytes.
   *
   * @param count How many.
   * @throws {RangeError} When fewer are there.
   */
  consume(count: number): void {
    if (!(count >= 0 && count <= this.#available)) {
      throw new RangeError(
        `Cannot consume ${count} bytes: ${this.#available} bytes are queued`,
      );
    }
    this.#available -= count;
    this.#offset += count;
    this.#headPosition += count;
    let head = this.#chunks[this.#head];
    while (head !== undefined && this.#headPosition >= head.length) {
      this.#headPosition -= head.length;
      this.#head++;
      head = this.#chunks[this.#head];
    }
    // Amortised: each piece is moved at most once per doubling.
    if (this.#head > 32 && this.#head * 2 > this.#chunks.length) {
      this.#chunks.splice(0, this.#head);
      this.#head = 0;
    } else if (head === undefined) {
      this.#chunks.length = 0;
      this.#head = 0;
    }
  }

  /**
   * Makes the first `count` bytes one piece. What the last of their pieces
   * holds beyond them stays where it is.
   */
  #join(count: number): Uint8Array {
    const joined = new Uint8Array(count);
    let last = this.#head;
    let from = this.#headPosition;
    let filled = 0;
    while (true) {
      const chunk = this.#chunks[last]!;
      const part = chunk.subarray(from, from + count - filled);
      joined.set(part, filled);
      filled += part.length;
      from += part.length;
      if (filled === count) break;
      last++;
      from = 0;
    }
    const rest = this.#chunks[last]!.subarray(from);
    const pieces = rest.length === 0 ? [joined] : [joined, rest];
    this.#chunks.splice(this.#head, last - this.#head + 1, ...pieces);
    this.#headPosition = 0;
    return joined;
  }
}
