/**
 * Functions for Windows paths as the filter language has them: both slashes
 * separate, on every system. They are Go's `filepath` on Windows and differ
 * from other libraries in details, such as `.` for an empty path.
 *
 * @module
 */

function isSeparator(unit: string | undefined): boolean {
  return unit === "\\" || unit === "/";
}

/**
 * @param path A path.
 * @returns `C:` or `\\host\share` at its start, else empty.
 */
export function volumeName(path: string): string {
  if (/^[a-z]:/i.test(path)) return path.slice(0, 2);
  const match = /^[\\/]{2}[^\\/.][^\\/]*[\\/][^\\/.][^\\/]*/.exec(path);
  return match === null ? "" : match[0];
}

/**
 * @param path A path.
 * @returns Its last element; `.` for an empty path, one backslash for a path of
 * separators only.
 */
export function baseName(path: string): string {
  if (path === "") return ".";
  let end = path.length;
  while (end > 0 && isSeparator(path[end - 1])) end--;
  let rest = path.slice(0, end);
  rest = rest.slice(volumeName(rest).length);
  let start = rest.length;
  while (start > 0 && !isSeparator(rest[start - 1])) start--;
  rest = rest.slice(start);
  return rest === "" ? "\\" : rest;
}

/**
 * @param path A path.
 * @returns All but the last element, cleaned; `.` when there is nothing else.
 */
export function dirName(path: string): string {
  const volume = volumeName(path);
  let end = path.length;
  while (end > volume.length && !isSeparator(path[end - 1])) end--;
  const dir = cleanPath(path.slice(volume.length, end));
  return dir === "." && volume.length > 2 ? volume : volume + dir;
}

/** Removes `.`, resolves `..`, and joins with single backslashes. */
function cleanPath(path: string): string {
  const isRooted = isSeparator(path[0]);
  const parts: string[] = [];
  for (const part of path.split(/[\\/]+/)) {
    if (part === "" || part === ".") continue;
    if (part === ".." && parts.length > 0 && parts.at(-1) !== "..") parts.pop();
    else if (part !== ".." || !isRooted) parts.push(part);
  }
  const joined = parts.join("\\");
  if (isRooted) return `\\${joined}`;
  return joined === "" ? "." : joined;
}

/**
 * @param path A path.
 * @returns The ending of its last element with the dot, else empty.
 */
export function extension(path: string): string {
  for (let at = path.length - 1; at >= 0 && !isSeparator(path[at]); at--) {
    if (path[at] === ".") return path.slice(at);
  }
  return "";
}

/**
 * @param path A path.
 * @returns Whether it begins with a drive or a share, and a separator follows.
 */
export function isAbsolutePath(path: string): boolean {
  const volume = volumeName(path);
  return volume !== "" && isSeparator(path[volume.length]);
}
