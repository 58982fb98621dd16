import type { ByteConnection } from "../../platform/local_connection.ts";

const FIRST_BYTES = 64 * 1024;

/**
 * Reads so many bytes. The number is the target's word only, so memory grows
 * with what comes.
 *
 * @param connection Where from.
 * @param rest What came already.
 * @param size How many.
 * @returns The bytes, fewer when the connection ends before.
 */
export async function readAll(
  connection: ByteConnection,
  rest: Uint8Array,
  size: number,
): Promise<Uint8Array> {
  let filled = Math.min(rest.length, size);
  let buffer = new Uint8Array(Math.min(size, Math.max(filled, FIRST_BYTES)));
  buffer.set(rest.subarray(0, filled));
  while (filled < size) {
    if (filled === buffer.length) {
      const larger = new Uint8Array(Math.min(size, buffer.length * 2));
      larger.set(buffer);
      buffer = larger;
    }
    try {
      const count = await connection.read(buffer.subarray(filled));
      if (count === null) break;
      filled += count;
    } catch (error) {
      if (error instanceof Deno.errors.ConnectionReset) break;
      throw error;
    }
  }
  return buffer.subarray(0, filled);
}
