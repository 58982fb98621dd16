import { NETDUMP_LIMITS } from "./netdump_limits.ts";
import { parseDumpName } from "./dump_name.ts";
import { MANIFEST_NAME, parseManifest } from "./manifest.ts";
import type { Manifest } from "./manifest.ts";
import { readNetdump } from "./read_netdump.ts";

/** Ending of what is being written. */
export const PARTIAL_ENDING = ".tgz.partial";
/** After how long without a change a partial file belongs to nobody. */
const STALE_PARTIAL_MS = 3_600_000;
/** A manifest is not larger. */
const MAX_MANIFEST_BYTES = 16 * 1024 * 1024;

/** A dump in a publish folder. */
export interface StoredDump {
  /** Path of the file. */
  readonly path: string;
  /** Name of the file. */
  readonly fileName: string;
  /** Name of the series. */
  readonly topic: string;
  /** When publication began, by its name. */
  readonly time: Date;
  /** Size of the archive in bytes. */
  readonly sizeBytes: number;
  /** When the file was written last, in ms since 1970. */
  readonly mtimeMs: number;
}

/** Which dumps {@linkcode listDumps} gives. */
export interface ListDumpsOptions {
  /** Only this series, exactly: `nim` does not include `nim-fail`. */
  readonly topic?: string | undefined;
}

/**
 * Lists the dumps in a publish folder. Whatever else lies there, links
 * included, is left out.
 *
 * @param directory The folder.
 * @param options Which.
 * @returns The dumps by name; none where there is no such folder.
 */
export async function listDumps(
  directory: string,
  options: ListDumpsOptions = {},
): Promise<StoredDump[]> {
  const dumps: StoredDump[] = [];
  for (const fileName of await fileNames(directory)) {
    if (!fileName.endsWith(".tgz")) continue;
    const name = parseDumpName(fileName);
    if (name === undefined) continue;
    if (options.topic !== undefined && name.topic !== options.topic) continue;
    const path = `${directory}/${fileName}`;
    const info = await statFile(path);
    if (info === undefined) continue;
    dumps.push({
      path,
      fileName,
      ...name,
      sizeBytes: info.size,
      mtimeMs: info.mtime?.getTime() ?? 0,
    });
  }
  return dumps.sort((a, b) => a.fileName < b.fileName ? -1 : 1);
}

/**
 * Reads the manifest of an archive in a publish folder.
 *
 * @param path The archive.
 * @returns The manifest, or `undefined` when there is none that can be read:
 * EVE's archives have none.
 */
export async function readStoredManifest(
  path: string,
): Promise<Manifest | undefined> {
  try {
    using file = await Deno.open(path);
    for await (
      const { name, content, size } of readNetdump(file.readable, {
        limits: NETDUMP_LIMITS,
      })
    ) {
      if (name !== MANIFEST_NAME || size > MAX_MANIFEST_BYTES) continue;
      const decoder = new TextDecoder();
      let text = "";
      for await (const bytes of content) {
        text += decoder.decode(bytes, { stream: true });
      }
      return parseManifest(text + decoder.decode());
    }
  } catch {
    // A damaged archive orders by its name.
  }
  return undefined;
}

/** A dump with its place in the series. */
export interface OrderedDump extends StoredDump {
  /** Number from its manifest, where it has one. */
  readonly sequence: number | undefined;
}

/**
 * Brings the dumps of one series into the order in which they were published:
 * those without a number first, by name; then by number, which a clock that
 * jumps does not change.
 *
 * @param dumps Dumps of one topic.
 * @returns The oldest first.
 */
export async function orderDumps(
  dumps: readonly StoredDump[],
): Promise<OrderedDump[]> {
  const ordered: OrderedDump[] = [];
  for (const dump of dumps) {
    const manifest = await readStoredManifest(dump.path);
    ordered.push({ ...dump, sequence: manifest?.sequence });
  }
  return ordered.sort((a, b) => {
    const [left, right] = [a.sequence ?? -1, b.sequence ?? -1];
    if (left !== right) return left - right;
    return a.fileName < b.fileName ? -1 : 1;
  });
}

/** What {@linkcode pruneDumps} leaves. */
export interface PruneDumpsOptions {
  /** Most dumps of each topic; 0 is no limit. @default {0} */
  readonly maxDumps?: number | undefined;
  /** Most bytes of all dumps of the topics together; 0 is no limit. @default {0} */
  readonly maxBytes?: number | undefined;
  /** Dumps older than this many ms go, but never the newest of a topic. */
  readonly maxAgeMs?: number | undefined;
  /** A file that stays, and counts, whatever its place. */
  readonly keep?: string | undefined;
  /** Whether nothing is deleted, only told. @default {false} */
  readonly dryRun?: boolean | undefined;
  /** The present, in ms since 1970. @default {Date.now()} */
  readonly now?: number | undefined;
}

/**
 * Deletes the oldest dumps of some topics. Nothing of another topic is touched.
 *
 * @param directory The publish folder.
 * @param topics The topics.
 * @param options What to leave.
 * @returns What was deleted, or would be.
 */
export async function pruneDumps(
  directory: string,
  topics: readonly string[],
  options: PruneDumpsOptions = {},
): Promise<StoredDump[]> {
  const { maxDumps = 0, maxBytes = 0, maxAgeMs, keep, dryRun } = options;
  const now = options.now ?? Date.now();
  const removed: StoredDump[] = [];
  const left: OrderedDump[][] = [];
  for (const topic of new Set(topics)) {
    const dumps = await listDumps(directory, { topic });
    const needsOrder = (maxDumps > 0 && dumps.length > maxDumps) ||
      maxBytes > 0 || maxAgeMs !== undefined;
    if (!needsOrder) continue;
    const ordered = await orderDumps(dumps);
    const isOld = ({ time }: StoredDump) =>
      maxAgeMs !== undefined && now - time.getTime() > maxAgeMs;
    while (ordered.length > 1) {
      const tooMany = maxDumps > 0 && ordered.length > maxDumps;
      const index = ordered.findIndex((dump, at) =>
        dump.fileName !== keep &&
        (tooMany || (isOld(dump) && at < ordered.length - 1))
      );
      if (index < 0) break;
      removed.push(...ordered.splice(index, 1));
    }
    left.push(ordered);
  }
  if (maxBytes > 0) removed.push(...dropForBytes(left, maxBytes, keep));
  if (dryRun) return removed;
  for (const { path } of removed) await removeFile(path);
  return removed;
}

function dropForBytes(
  topics: readonly OrderedDump[][],
  maxBytes: number,
  keep: string | undefined,
): StoredDump[] {
  const removed: StoredDump[] = [];
  let total = topics.flat().reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
  while (total > maxBytes) {
    // The longest series gives first; the newest of each stays.
    const [longest] = topics
      .map((dumps) => ({
        dumps,
        index: dumps.slice(0, -1).findIndex(({ fileName }) =>
          fileName !== keep
        ),
      }))
      .filter(({ index }) => index >= 0)
      .sort((a, b) => b.dumps.length - a.dumps.length);
    if (longest === undefined) break;
    const [dump] = longest.dumps.splice(longest.index, 1);
    total -= dump!.sizeBytes;
    removed.push(dump!);
  }
  return removed;
}

/**
 * Deletes what publishers left that were killed more than an hour ago.
 *
 * @param directory The publish folder.
 * @param now The present, in ms since 1970.
 * @returns Names of the files deleted.
 */
export async function removeStalePartials(
  directory: string,
  now: number = Date.now(),
): Promise<string[]> {
  const removed: string[] = [];
  for (const fileName of await fileNames(directory)) {
    if (!fileName.startsWith(".") || !fileName.endsWith(PARTIAL_ENDING)) {
      continue;
    }
    const name = fileName.slice(1, -PARTIAL_ENDING.length);
    if (parseDumpName(name) === undefined) continue;
    const info = await statFile(`${directory}/${fileName}`);
    if (info === undefined) continue;
    if (now - (info.mtime?.getTime() ?? now) < STALE_PARTIAL_MS) continue;
    await removeFile(`${directory}/${fileName}`);
    removed.push(fileName);
  }
  return removed;
}

async function fileNames(directory: string): Promise<string[]> {
  const names: string[] = [];
  try {
    for await (const { name } of Deno.readDir(directory)) names.push(name);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
  return names;
}

/** Gives what a regular file is like; others may delete it at any time. */
async function statFile(path: string): Promise<Deno.FileInfo | undefined> {
  try {
    const info = await Deno.lstat(path);
    return info.isFile ? info : undefined;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}

async function removeFile(path: string): Promise<void> {
  try {
    await Deno.remove(path);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
}
