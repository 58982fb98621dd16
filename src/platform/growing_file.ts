import { writeError } from "./write_error.ts";

/** A file that can be read while it is written. */
export interface GrowingFile extends AsyncDisposable {
  /**
   * Appends bytes.
   *
   * @param bytes In the file before this resolves.
   */
  write(bytes: Uint8Array): Promise<void>;
  /** Makes the file durable and closes it. */
  close(): Promise<void>;
}

/**
 * Creates a file under its final name, or empties the one that is there. For
 * recordings, of which every beginning is worth keeping.
 *
 * @param path The file.
 * @param mode Permission bits of a new file. @default {0o600}
 * @returns The open file.
 * @throws {Error} When it cannot be opened; says why.
 */
export async function createGrowingFile(
  path: string,
  mode = 0o600,
): Promise<GrowingFile> {
  const file = await Deno.open(path, {
    write: true,
    create: true,
    truncate: true,
    mode,
  }).catch((error) => {
    throw writeError(path, error);
  });
  let isOpen = true;
  const close = async () => {
    if (!isOpen) return;
    isOpen = false;
    try {
      await file.sync();
    } catch {
      // Pipes and devices cannot be synced; of a full disk writing tells.
    } finally {
      file.close();
    }
  };
  return {
    async write(bytes) {
      let rest = bytes;
      try {
        while (rest.length > 0) rest = rest.subarray(await file.write(rest));
      } catch (error) {
        throw writeError(path, error);
      }
    },
    close,
    [Symbol.asyncDispose]: close,
  };
}
