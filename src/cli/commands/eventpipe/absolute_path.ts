import { UsageError } from "../../usage_error.ts";

/**
 * Makes a path independent of our working folder: the target has its own.
 *
 * @param path A path as typed.
 * @returns The absolute path.
 * @throws {UsageError} When it is empty.
 */
export function absolutePath(path: string): string {
  if (path === "") throw new UsageError("Cannot use a path: it is empty");
  const isAbsolute = path.startsWith("/") || /^([a-z]:)?\\/i.test(path);
  return isAbsolute ? path : `${Deno.cwd()}/${path.replace(/^\.\//, "")}`;
}
