/**
 * Makes a path independent of our working folder: the target has its own.
 *
 * @param path A path as typed.
 * @returns The absolute path.
 */
export function absolutePath(path: string): string {
  const isAbsolute = path.startsWith("/") || /^([a-z]:)?\\/i.test(path);
  return isAbsolute ? path : `${Deno.cwd()}/${path.replace(/^\.\//, "")}`;
}
