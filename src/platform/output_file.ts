/** A file that appears under its name only when it is complete. */
export interface OutputFile extends AsyncDisposable {
  /**
   * Appends bytes.
   *
   * @param bytes Written before this resolves.
   */
  write(bytes: Uint8Array): Promise<void>;
  /** Makes the file durable and gives it its name. Nothing can be written afterwards. */
  commit(): Promise<void>;
}

/** Options of {@linkcode createOutputFile}. */
export interface CreateOutputFileOptions {
  /** Permission bits of the file. @default {0o644} */
  readonly mode?: number | undefined;
}

/**
 * Creates a file beside its final place. Disposing without `commit` removes
 * it, so that half a file is never seen under the name; a file that was there
 * before stays until then.
 *
 * @param path Final path.
 * @param options Permission bits.
 * @returns The open file.
 * @throws {Deno.errors.NotFound} When the folder does not exist.
 */
export async function createOutputFile(
  path: string,
  options: CreateOutputFileOptions = {},
): Promise<OutputFile> {
  const { mode = 0o644 } = options;
  const temporary = `${path}.${crypto.randomUUID().slice(0, 8)}.part`;
  const file = await Deno.open(temporary, {
    write: true,
    createNew: true,
    mode,
  });
  let state: "open" | "committed" | "closed" = "open";
  return {
    async write(bytes) {
      let rest = bytes;
      while (rest.length > 0) rest = rest.subarray(await file.write(rest));
    },
    async commit() {
      await file.sync();
      file.close();
      state = "closed";
      await Deno.rename(temporary, path);
      state = "committed";
    },
    async [Symbol.asyncDispose]() {
      if (state === "committed") return;
      if (state === "open") file.close();
      state = "committed";
      await Deno.remove(temporary);
    },
  };
}
