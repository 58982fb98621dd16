/**
 * Gives a folder that is expensive to make, from an earlier run if there is one;
 * it stays in the folder for temporary files.
 *
 * @param name Names what is in it, versions included.
 * @param fill Fills the new folder that it is given.
 * @returns The path of the filled folder.
 * @throws {Error} When somebody else has made it, or `fill` fails.
 */
export async function cachedFolder(
  name: string,
  fill: (folder: string) => Promise<void>,
): Promise<string> {
  const folder = `${temporaryFolder()}/tracedeck-${name}`;
  if (isOurs(folder)) return folder;
  // Filled beside and renamed: tests of several processes may fill it at once.
  const scratch = await Deno.makeTempDir({ prefix: "tracedeck-cache-" });
  try {
    await fill(scratch);
    await Deno.rename(scratch, folder);
  } catch (error) {
    await Deno.remove(scratch, { recursive: true });
    if (!isOurs(folder)) throw error;
  }
  return folder;
}

function temporaryFolder(): string {
  return Deno.build.os === "windows"
    ? Deno.env.get("TEMP") ?? "."
    : Deno.env.get("TMPDIR") ?? "/tmp";
}

/** Whether it is there; everybody may write beside it, so the owner counts. */
function isOurs(folder: string): boolean {
  try {
    const { isDirectory, uid } = Deno.lstatSync(folder);
    if (isDirectory && (uid === null || uid === Deno.uid())) return true;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
  throw new Error(`Cannot use ${folder}: it belongs to somebody else`);
}
