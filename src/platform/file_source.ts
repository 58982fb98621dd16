/** Size of the pieces in which files are read. */
const READ_BYTES = 256 * 1024;

/** Options of {@linkcode readFileStream}. */
export interface ReadFileStreamOptions {
  /** Ends the reading. */
  readonly signal?: AbortSignal | undefined;
  /** Told how many bytes were read so far. */
  readonly onRead?: ((totalBytes: number) => void) | undefined;
}

/**
 * Reads a file piece by piece. Every piece is a buffer of its own, so a
 * consumer may keep it.
 *
 * @param path The file.
 * @param options Signal and progress.
 * @returns The bytes; leaving the loop closes the file.
 */
export async function* readFileStream(
  path: string,
  options: ReadFileStreamOptions = {},
): AsyncGenerator<Uint8Array<ArrayBuffer>> {
  const { signal, onRead } = options;
  using file = await Deno.open(path, { read: true });
  let totalBytes = 0;
  while (true) {
    signal?.throwIfAborted();
    const buffer = new Uint8Array(READ_BYTES);
    const count = await file.read(buffer);
    if (count === null) return;
    totalBytes += count;
    onRead?.(totalBytes);
    yield buffer.subarray(0, count);
  }
}
