/**
 * Stands in for `@std/fs/ensure-dir` on networks without JSR.
 *
 * @module
 */

/**
 * Makes a folder, and those above it, unless it is there.
 *
 * @param dir The folder; a link to a folder is fine.
 * @throws {Error} When something else has that name.
 */
export async function ensureDir(dir: string | URL): Promise<void> {
  if (await isFolder(dir)) return;
  try {
    await Deno.mkdir(dir, { recursive: true });
  } catch (error) {
    // Somebody else can have made it since.
    if (!(error instanceof Deno.errors.AlreadyExists)) throw error;
    await isFolder(dir);
  }
}

async function isFolder(path: string | URL): Promise<boolean> {
  try {
    const info = await Deno.stat(path);
    if (info.isDirectory) return true;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
  throw new Error(`Cannot make folder "${path}": it is there and no folder`);
}
