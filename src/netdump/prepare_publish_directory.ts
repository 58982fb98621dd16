import { ensureDir } from "../deps/fs.ts";
import { readOwnAccount } from "../platform/own_account.ts";

/** How {@linkcode preparePublishDirectory} checks. */
export interface PreparePublishDirectoryOptions {
  /**
   * Whether root may publish into a folder that is a link or that another user
   * owns, who could then make it write elsewhere.
   *
   * @default {false}
   */
  readonly trusted?: boolean | undefined;
}

/**
 * Makes sure that there is a folder to publish into.
 *
 * @param directory The folder; made with its parents where it is missing.
 * @param options What is allowed.
 * @throws {Error} With one reason, when nothing can be published there.
 */
export async function preparePublishDirectory(
  directory: string,
  options: PreparePublishDirectoryOptions = {},
): Promise<void> {
  const info = await describe(directory);
  if (info === undefined) {
    try {
      await ensureDir(directory);
    } catch (error) {
      throw refusal(directory, reasonOf(error), error);
    }
    return;
  }
  const isRoot = readOwnAccount()?.uid === 0;
  if (isRoot && options.trusted !== true) {
    if (info.isSymlink) throw refusal(directory, "it is a symbolic link");
    if (info.uid !== 0) {
      throw refusal(directory, `user ${info.uid} owns it, not root`);
    }
  }
  const target = info.isSymlink ? await describe(directory, true) : info;
  if (!target?.isDirectory) throw refusal(directory, "it is no folder");
}

/**
 * Tells in one phrase why a file system refuses.
 *
 * @param error What it threw.
 * @returns For example `permission is denied`.
 */
export function reasonOf(error: unknown): string {
  const code = (error as { readonly code?: string } | null)?.code;
  switch (code) {
    case "EROFS":
      return "file system is read-only";
    case "ENOSPC":
      return "no space is left";
    case "EDQUOT":
      return "quota is used up";
    case "EACCES":
    case "EPERM":
      return "permission is denied";
    case "ENOTDIR":
      return "part of the path is no folder";
  }
  return error instanceof Error ? error.message : String(error);
}

function refusal(directory: string, state: string, cause?: unknown): Error {
  return new Error(
    `Cannot publish into ${directory}: ${state}`,
    cause === undefined ? {} : { cause },
  );
}

async function describe(
  path: string,
  follow = false,
): Promise<Deno.FileInfo | undefined> {
  try {
    return follow ? await Deno.stat(path) : await Deno.lstat(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw refusal(path, reasonOf(error), error);
  }
}
