/**
 * Stands in for `@std/streams/to-bytes` on networks without JSR.
 *
 * @module
 */

import { arrayBuffer } from "node:stream/consumers";

/**
 * Reads a stream to its end.
 *
 * @param stream The stream, which is locked by this.
 * @returns All its bytes in one array.
 */
export async function toBytes(
  stream: ReadableStream<Uint8Array>,
): Promise<Uint8Array> {
  return new Uint8Array(await arrayBuffer(stream));
}
