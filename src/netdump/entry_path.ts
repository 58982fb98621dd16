import type { TarEntry } from "../container/tar_entry.ts";
import { MANIFEST_NAME } from "./manifest.ts";

/** Folders of the layout, in case an archive has no top folder. */
const LAYOUT_REGEXP = /^(eve|linux|requests)(\/|$)/;

/** An entry's path, taken apart. */
export interface EntryPath {
  /** First folder, which names the dump; empty where there is none. */
  readonly top: string;
  /** Path below the top folder; empty for the top folder itself. */
  readonly name: string;
}

/**
 * Takes the path of an archive's entry apart.
 *
 * @param path As the archive has it.
 * @returns Its top folder and the rest.
 */
export function splitEntryPath(path: string): EntryPath {
  const clean = path.replace(/^(\.\/+)+/, "").replace(/\/+/g, "/");
  if (LAYOUT_REGEXP.test(clean) || clean === MANIFEST_NAME) {
    return { top: "", name: clean };
  }
  const slash = clean.indexOf("/");
  if (slash < 0) return { top: clean, name: "" };
  return { top: clean.slice(0, slash), name: clean.slice(slash + 1) };
}

/**
 * Tells why an entry must not be made in the file system.
 *
 * @param entry The entry.
 * @returns The reason, or `undefined` when it can be made below a folder.
 */
export function unsafeEntryReason(
  entry: Pick<TarEntry, "path" | "type">,
): string | undefined {
  const { path, type } = entry;
  if (type !== "file" && type !== "directory") {
    return type === "other" ? "its kind is unknown" : `it is a ${type}`;
  }
  if (path.startsWith("/")) return "its path is absolute";
  if (path.includes("\\")) return "its path has a backslash";
  if (path.includes("\0")) return "its path has a NUL";
  if (/^[A-Za-z]:/.test(path)) return "its path names a drive";
  if (path.split("/").includes("..")) return "its path leads upwards";
  if (splitEntryPath(path).top === "" && splitEntryPath(path).name === "") {
    return "its path is empty";
  }
  return undefined;
}
