/** Name of the file that publishers of one folder lock. */
const LOCK_NAME = ".netdump.lock";
const WAIT_MS = 60_000;

/**
 * Makes sure that only one publisher at a time finishes a dump in a folder. The
 * lock goes with the process, however it ends.
 *
 * @param directory The folder.
 * @returns The lock; dispose it.
 * @throws {Error} When another publisher holds it for a minute.
 */
export async function lockDirectory(directory: string): Promise<Disposable> {
  const path = `${directory}/${LOCK_NAME}`;
  const file = await Deno.open(path, {
    write: true,
    create: true,
    mode: 0o600,
  });
  let timer: ReturnType<typeof setTimeout> | undefined;
  try {
    const timeout = new Promise<never>((_, reject) => {
      timer = setTimeout(() => {
        reject(
          new Error(
            `Cannot lock ${path}: another publisher holds it for ${
              WAIT_MS / 1000
            } s`,
          ),
        );
      }, WAIT_MS);
    });
    await Promise.race([lockFile(file), timeout]);
  } catch (error) {
    file.close();
    throw error;
  } finally {
    clearTimeout(timer);
  }
  return { [Symbol.dispose]: () => file.close() };
}

/** Some file systems of networks know no locks: then it must do without. */
async function lockFile(file: Deno.FsFile): Promise<void> {
  try {
    await file.lock(true);
  } catch (error) {
    const code = (error as { readonly code?: string }).code;
    if (code !== "ENOLCK" && code !== "ENOTSUP" && code !== "ENOSYS") {
      throw error;
    }
  }
}
