import type { RandomAccess } from "../base/random_access.ts";

/** An open file that is read at any place. */
export interface RandomAccessFile extends RandomAccess, Disposable {}

/**
 * Opens a file to be read at any place. Pipes, devices and folders are refused,
 * so that nothing blocks.
 *
 * @param path The file.
 * @returns The file; dispose it to close it.
 * @throws {Deno.errors.NotFound} When there is no such file.
 * @throws {TypeError} When it is no regular file.
 */
export async function openRandomAccess(
  path: string | URL,
): Promise<RandomAccessFile> {
  const before = await Deno.stat(path);
  if (!before.isFile) {
    throw new TypeError(`Cannot open ${path}: it is no regular file`);
  }
  const file = await Deno.open(path);
  try {
    const { size } = await file.stat();
    return {
      sizeBytes: size,
      read: (offset, length) => readAt(file, size, offset, length),
      [Symbol.dispose]: () => file.close(),
    };
  } catch (error) {
    file.close();
    throw error;
  }
}

async function readAt(
  file: Deno.FsFile,
  sizeBytes: number,
  offset: number,
  length: number,
): Promise<Uint8Array<ArrayBuffer>> {
  const wanted = Math.max(0, Math.min(length, sizeBytes - offset));
  const bytes = new Uint8Array(wanted);
  if (wanted === 0) return bytes;
  await file.seek(offset, Deno.SeekMode.Start);
  let at = 0;
  while (at < wanted) {
    const count = await file.read(bytes.subarray(at));
    if (count === null) break;
    at += count;
  }
  return bytes.subarray(0, at);
}
