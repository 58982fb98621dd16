import { LimitError } from "../base/errors.ts";

/** How {@linkcode collectBytes} collects. */
export interface CollectBytesOptions {
  /** Most bytes to collect. */
  readonly maxBytes: number;
  /** What is collected, for errors, for example `pprof message`. */
  readonly what: string;
  /** Ends the work. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * Collects a stream whose format can only be read as a whole.
 *
 * @param source The bytes.
 * @param options Bound, name and signal.
 * @returns All bytes in one range.
 * @throws {LimitError} When there are more than `maxBytes`.
 */
export async function collectBytes(
  source: AsyncIterable<Uint8Array>,
  options: CollectBytesOptions,
): Promise<Uint8Array> {
  const { maxBytes, what, signal } = options;
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of source) {
    signal?.throwIfAborted();
    size += chunk.length;
    if (size > maxBytes) {
      throw new LimitError(
        `Cannot read ${what}: it has more than ${maxBytes} bytes`,
        { limit: "maxDecompressedBytes", value: size, offset: maxBytes },
      );
    }
    // Chunks are only promised to stay as they are until the next one.
    chunks.push(chunk.slice());
  }
  if (chunks.length === 1) return chunks[0]!;
  const bytes = new Uint8Array(size);
  let at = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, at);
    at += chunk.length;
  }
  return bytes;
}
