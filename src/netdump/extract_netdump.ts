import { FormatError } from "../base/errors.ts";
import { ensureDir } from "../deps/fs.ts";
import { readNetdump } from "./read_netdump.ts";
import type { NetdumpFile, ReadNetdumpOptions } from "./read_netdump.ts";

/** Most folders within each other. */
const MAX_DEPTH = 32;
const CUT_REASON = "its end, because the archive is cut within it";
const CONFLICT_REASON = "another entry has its name for a file or a folder";

/** What {@linkcode extractNetdump} makes. */
export interface ExtractNetdumpOptions extends ReadNetdumpOptions {
  /** Only entries that this accepts; all where absent. */
  readonly filter?: ((name: string) => boolean) | undefined;
  /** Folder for entries without a top folder. @default {"netdump"} */
  readonly topName?: string | undefined;
  /** Whether files that are there are replaced. @default {false} */
  readonly overwrite?: boolean | undefined;
}

/** What {@linkcode extractNetdump} did. */
export interface ExtractResult {
  /** Files made. */
  readonly files: number;
  /** Bytes written. */
  readonly bytes: number;
  /** Entries that were not made, or not as a whole, each with its reason. */
  readonly refused: readonly {
    readonly path: string;
    readonly reason: string;
  }[];
}

/**
 * Extracts a dump below a folder. Only files and folders are made, private to
 * the user; nothing is followed that leads elsewhere. Of entries with one path
 * the last gets the name, those before `~1`, `~2` and so on behind it.
 *
 * @param source The archive, packed or not.
 * @param directory Folder to make the top folder in; made where it is missing.
 * @param options Which entries, and limits.
 * @returns What was made and what was refused.
 * @throws {Deno.errors.AlreadyExists} When a file is there already.
 * @throws {FormatError | LimitError} As of {@linkcode readNetdump}.
 */
export async function extractNetdump(
  source: AsyncIterable<Uint8Array>,
  directory: string,
  options: ExtractNetdumpOptions = {},
): Promise<ExtractResult> {
  const { filter = () => true, topName = "netdump" } = options;
  const refused: { path: string; reason: string }[] = [];
  const made = new Map<string, "file" | "folder">();
  let files = 0;
  let bytes = 0;
  await ensureDir(directory);
  const root = await Deno.realPath(directory);
  for await (const entry of readNetdump(source, options)) {
    const reason = entry.unsafeReason ?? depthReason(entry.name);
    if (!filter(entry.name)) continue;
    if (reason !== undefined) {
      refused.push({ path: entry.path, reason });
      continue;
    }
    const parts = [entry.top || topName, ...entry.name.split("/")]
      .filter((part) => part !== "" && part !== ".");
    const isFile = entry.type === "file";
    const folders = isFile ? parts.slice(0, -1) : parts;
    const path = [root, ...parts].join("/");
    if (hasConflict(root, folders, made) || made.get(path) === "folder") {
      // A second entry of a folder says nothing new.
      if (isFile || made.get(path) !== "folder") {
        refused.push({ path: entry.path, reason: CONFLICT_REASON });
      }
      continue;
    }
    await makeFolders(root, folders);
    for (let count = 1; count <= folders.length; count++) {
      made.set([root, ...folders.slice(0, count)].join("/"), "folder");
    }
    if (!isFile) continue;
    if (made.has(path)) {
      await Deno.rename(path, await freeName(path, entry.occurrence - 1));
    }
    const written = await writeContent(path, entry, {
      overwrite: options.overwrite === true,
      acceptCut: options.stats !== undefined,
    });
    made.set(path, "file");
    bytes += written.bytes;
    files++;
    if (written.isCut) refused.push({ path: entry.path, reason: CUT_REASON });
  }
  return { files, bytes, refused };
}

function depthReason(name: string): string | undefined {
  const depth = name.split("/").length;
  if (depth <= MAX_DEPTH) return undefined;
  return `it lies in ${depth} folders, ${MAX_DEPTH} are the most`;
}

/** Gives the first name behind a path that nothing has. */
async function freeName(path: string, first: number): Promise<string> {
  for (let count = first;; count++) {
    const name = `${path}~${count}`;
    try {
      await Deno.lstat(name);
    } catch (error) {
      if (error instanceof Deno.errors.NotFound) return name;
      throw error;
    }
  }
}

/** Whether one of the folders is a file of the same archive. */
function hasConflict(
  root: string,
  folders: readonly string[],
  made: ReadonlyMap<string, "file" | "folder">,
): boolean {
  let path = root;
  return folders.some((folder) => {
    path = `${path}/${folder}`;
    return made.get(path) === "file";
  });
}

/** Makes folders one by one, and refuses to go through a link. */
async function makeFolders(
  root: string,
  parts: readonly string[],
): Promise<void> {
  let path = root;
  for (const part of parts) {
    path = `${path}/${part}`;
    try {
      await Deno.mkdir(path, { mode: 0o700 });
    } catch (error) {
      if (!(error instanceof Deno.errors.AlreadyExists)) throw error;
      const info = await Deno.lstat(path);
      if (!info.isDirectory) {
        throw new Deno.errors.AlreadyExists(
          `Cannot extract into ${path}: it is no folder`,
          { cause: error },
        );
      }
    }
  }
}

async function writeContent(
  path: string,
  entry: NetdumpFile,
  options: { readonly overwrite: boolean; readonly acceptCut: boolean },
): Promise<{ readonly bytes: number; readonly isCut: boolean }> {
  if (options.overwrite) await removeFile(path);
  let file: Deno.FsFile;
  try {
    file = await Deno.open(path, { write: true, createNew: true, mode: 0o600 });
  } catch (error) {
    if (!(error instanceof Deno.errors.AlreadyExists)) throw error;
    throw new Deno.errors.AlreadyExists(
      `Cannot extract ${path}: file exists`,
      { cause: error },
    );
  }
  using _ = file;
  let bytes = 0;
  try {
    for await (const chunk of entry.content) {
      for (let at = 0; at < chunk.length;) {
        at += await file.write(chunk.subarray(at));
      }
      bytes += chunk.length;
    }
  } catch (error) {
    // The fault shows again at the next entry, where it is counted.
    if (!options.acceptCut || !(error instanceof FormatError)) throw error;
    return { bytes, isCut: true };
  }
  return { bytes, isCut: false };
}

async function removeFile(path: string): Promise<void> {
  try {
    await Deno.remove(path);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
}
