/**
 * Stands in for `@std/fs/walk` on networks without JSR.
 *
 * @module
 */

import { basename, join, normalize } from "node:path";
import { fileURLToPath } from "node:url";

/** Options for {@linkcode walk}. */
export interface WalkOptions {
  /** How deep to go; 0 is the root alone. @default {Infinity} */
  maxDepth?: number;
  /** Whether files are told. @default {true} */
  includeFiles?: boolean;
  /** Whether folders are told. @default {true} */
  includeDirs?: boolean;
  /** Whether links are told, if they are not followed. @default {true} */
  includeSymlinks?: boolean;
  /** Whether links are followed; what they lead to is told. @default {false} */
  followSymlinks?: boolean;
  /** Tell only paths that end so; the leading dot may be left out. */
  exts?: string[];
  /** Tell only paths that one of these matches. */
  match?: RegExp[];
  /** Leave out paths that one of these matches, and do not enter them. */
  skip?: RegExp[];
}

/** A file, folder or link that was found. */
export interface WalkEntry extends Deno.DirEntry {
  /** Its path, beginning with the root. */
  path: string;
}

/**
 * Tells a folder and all within, each folder before what it holds.
 *
 * @param root Where to begin.
 * @param options What to tell.
 * @returns The entries; siblings come in no certain order.
 * @throws {Deno.errors.NotFound} When the root is not there.
 */
export async function* walk(
  root: string | URL,
  options: WalkOptions = {},
): AsyncIterableIterator<WalkEntry> {
  const exts = options.exts?.map((ext) => `.${ext.replace(/^\./, "")}`);
  yield* walkFolder(
    root instanceof URL ? fileURLToPath(root) : root,
    exts === undefined ? options : { ...options, exts },
    options.maxDepth ?? Infinity,
  );
}

async function* walkFolder(
  folder: string,
  options: WalkOptions,
  depth: number,
): AsyncIterableIterator<WalkEntry> {
  if (depth < 0) return;
  if ((options.includeDirs ?? true) && isWanted(folder, options)) {
    const { isFile, isDirectory, isSymlink } = await Deno.stat(folder);
    const path = normalize(folder);
    yield { path, name: basename(path), isFile, isDirectory, isSymlink };
  }
  if (depth < 1 || isSkipped(folder, options)) return;
  for await (const entry of Deno.readDir(folder)) {
    const linkPath = join(folder, entry.name);
    if (entry.isSymlink && !options.followSymlinks) {
      if ((options.includeSymlinks ?? true) && isWanted(linkPath, options)) {
        yield { path: linkPath, ...entry };
      }
      continue;
    }
    const path = entry.isSymlink ? await Deno.realPath(linkPath) : linkPath;
    const { isDirectory } = entry.isSymlink ? await Deno.lstat(path) : entry;
    if (isDirectory) {
      yield* walkFolder(path, options, depth - 1);
    } else if ((options.includeFiles ?? true) && isWanted(path, options)) {
      yield { path, ...entry };
    }
  }
}

function isWanted(path: string, options: WalkOptions): boolean {
  return (options.exts?.some((ext) => path.endsWith(ext)) ?? true) &&
    (options.match?.some((pattern) => path.match(pattern)) ?? true) &&
    !isSkipped(path, options);
}

function isSkipped(path: string, options: WalkOptions): boolean {
  return options.skip?.some((pattern) => path.match(pattern)) ?? false;
}
