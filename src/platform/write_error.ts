/**
 * Says why a file cannot be written, without the system's own words where they
 * name another file or none.
 *
 * @param path The file as it was asked for.
 * @param error What opening or writing it ended with.
 * @returns The error to throw; a missing permission of Deno as it is.
 */
export function writeError(path: string, error: unknown): unknown {
  const state = error instanceof Deno.errors.NotFound
    ? "its folder does not exist"
    : error instanceof Deno.errors.PermissionDenied
    ? "permission is denied"
    : error instanceof Deno.errors.NotCapable || !(error instanceof Error)
    ? undefined
    // "No space left on device (os error 28)"
    : error.message.replace(/ \(os error \d+\).*/s, "");
  if (state === undefined) return error;
  return new Error(`Cannot write ${path}: ${state}`, { cause: error });
}
