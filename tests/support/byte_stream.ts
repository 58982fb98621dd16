/**
 * Delivers bytes in pieces of one size, as a stream would.
 *
 * @param bytes All bytes.
 * @param chunkBytes Size of a piece; all in one where absent.
 * @returns The pieces.
 */
export async function* streamOf(
  bytes: Uint8Array,
  chunkBytes: number = Math.max(1, bytes.length),
): AsyncGenerator<Uint8Array, void, undefined> {
  for (let at = 0; at < bytes.length; at += chunkBytes) {
    yield bytes.slice(at, at + chunkBytes);
    await Promise.resolve();
  }
}

/** What {@linkcode collectStream} got. */
export interface Collected {
  /** All bytes that came before the end or the error. */
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** What the stream threw at its end, if it did. */
  readonly error: unknown;
}

/**
 * Collects a stream to its end, an error included.
 *
 * @param stream Any stream of bytes.
 * @returns The bytes and the error.
 */
export async function collectStream(
  stream: AsyncIterable<Uint8Array>,
): Promise<Collected> {
  const chunks: Uint8Array[] = [];
  let error: unknown;
  try {
    // Copies: a chunk is only promised to stay until the next one.
    for await (const chunk of stream) chunks.push(chunk.slice());
  } catch (thrown) {
    error = thrown;
  }
  return { bytes: concatBytes(chunks), error };
}

/**
 * Collects a stream that must not fail.
 *
 * @param stream Any stream of bytes.
 * @returns All bytes.
 */
export async function bytesOf(
  stream: AsyncIterable<Uint8Array>,
): Promise<Uint8Array<ArrayBuffer>> {
  const { bytes, error } = await collectStream(stream);
  if (error !== undefined) throw error;
  return bytes;
}

/**
 * Collects a stream of UTF-8 text.
 *
 * @param stream Any stream of bytes.
 * @returns The text.
 */
export async function textOf(
  stream: AsyncIterable<Uint8Array>,
): Promise<string> {
  return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(
    await bytesOf(stream),
  );
}

/**
 * @param parts Pieces of bytes.
 * @returns All in one.
 */
export function concatBytes(
  parts: readonly Uint8Array[],
): Uint8Array<ArrayBuffer> {
  const size = parts.reduce((sum, part) => sum + part.length, 0);
  const joined = new Uint8Array(size);
  let at = 0;
  for (const part of parts) {
    joined.set(part, at);
    at += part.length;
  }
  return joined;
}
