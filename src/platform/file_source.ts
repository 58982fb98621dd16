import { abortableStream } from "../base/abortable_stream.ts";

/** Size of the pieces in which files are read. */
const READ_BYTES = 256 * 1024;

/** Options of {@linkcode readFileStream}. */
export interface ReadFileStreamOptions {
  /** Ends the reading. */
  readonly signal?: AbortSignal | undefined;
  /** Told how many bytes were read so far. */
  readonly onRead?: ((totalBytes: number) => void) | undefined;
  /** Largest piece in bytes: a larger one means fewer waits for the disk. @default {262144} */
  readonly pieceBytes?: number | undefined;
}

/**
 * Reads a file piece by piece. Every piece is a buffer of its own, so a
 * consumer may keep it; the next one is read while a piece is worked on.
 *
 * @param path The file.
 * @param options Signal and progress.
 * @returns The bytes; leaving the loop closes the file. It ends when the signal
 * aborts, even while a pipe has nothing to read.
 */
export function readFileStream(
  path: string,
  options: ReadFileStreamOptions = {},
): AsyncGenerator<Uint8Array<ArrayBuffer>> {
  return abortableStream(readPieces(path, options), options.signal);
}

async function* readPieces(
  path: string,
  { onRead, pieceBytes = READ_BYTES }: ReadFileStreamOptions,
): AsyncGenerator<Uint8Array<ArrayBuffer>> {
  using file = await Deno.open(path, { read: true });
  let totalBytes = 0;
  let ahead = startReading(file, pieceBytes);
  try {
    while (true) {
      const piece = await ahead;
      if (piece === undefined) return;
      ahead = startReading(file, pieceBytes);
      totalBytes += piece.length;
      onRead?.(totalBytes);
      yield piece;
    }
  } finally {
    // A read that is under way must not outlive its file.
    await ahead.catch(() => {});
  }
}

/** A failure is told when the piece is waited for, not before. */
function startReading(
  file: Deno.FsFile,
  pieceBytes: number,
): ReturnType<typeof readPiece> {
  const piece = readPiece(file, pieceBytes);
  piece.catch(() => {});
  return piece;
}

async function readPiece(
  file: Deno.FsFile,
  pieceBytes: number,
): Promise<Uint8Array<ArrayBuffer> | undefined> {
  const buffer = new Uint8Array(pieceBytes);
  const count = await file.read(buffer);
  return count === null ? undefined : buffer.subarray(0, count);
}
