import { createHash } from "node:crypto";
import type { DecodeStats } from "../base/decode_stats.ts";
import { FormatError } from "../base/errors.ts";
import { parseDumpName } from "./dump_name.ts";
import type { DumpName } from "./dump_name.ts";
import { MANIFEST_NAME, parseManifest } from "./manifest.ts";
import type { Manifest } from "./manifest.ts";
import { readNetdump } from "./read_netdump.ts";
import type { NetdumpEntry, ReadNetdumpOptions } from "./read_netdump.ts";

/** Most bytes of one file that are kept. */
const MAX_KEPT_BYTES = 16 * 1024 * 1024;
/** Most bytes of all files that are kept. */
const MAX_KEPT_TOTAL_BYTES = 192 * 1024 * 1024;

const decoder = new TextDecoder("utf-8");

/** An entry of a loaded dump. */
export interface LoadedEntry extends NetdumpEntry {
  /** The content, as far as it was kept. */
  readonly content: Uint8Array;
  /** Whether the content is longer than what was kept. */
  readonly isCut: boolean;
  /** Hash of the whole content in hexadecimal. */
  readonly sha256: string;
}

/** A difference between a manifest and its archive. */
export interface ManifestMismatch {
  /** Path below the top folder. */
  readonly path: string;
  /** What is wrong. */
  readonly state: "missing" | "extra" | "changed";
}

/** A dump in memory. */
export class NetdumpArchive {
  /** All entries in order. */
  readonly entries: readonly LoadedEntry[];
  /** The manifest; EVE's archives have none. */
  readonly manifest: Manifest | undefined;
  /** Why a manifest that is there could not be read. */
  readonly manifestFault: string | undefined;
  /** Names of the folders below `requests`, in order. */
  readonly requestNames: readonly string[];
  readonly #last: ReadonlyMap<string, LoadedEntry>;
  readonly #folders: ReadonlyMap<string, readonly LoadedEntry[]>;

  /** @param entries All entries in order. */
  constructor(entries: readonly LoadedEntry[]) {
    this.entries = entries;
    this.#last = new Map(entries.map((entry) => [entry.name, entry]));
    this.#folders = Map.groupBy(
      this.#last.values().filter(({ type }) => type === "file"),
      ({ name }) => name.slice(0, Math.max(0, name.lastIndexOf("/"))),
    );
    this.requestNames = requestNamesOf(entries);
    const entry = this.#last.get(MANIFEST_NAME);
    if (entry === undefined) return;
    try {
      this.manifest = parseManifest(decoder.decode(entry.content));
    } catch (error) {
      if (!(error instanceof FormatError)) throw error;
      this.manifestFault = error.message;
    }
  }

  /** Top folders, in order of appearance. */
  get tops(): readonly string[] {
    return [...new Set(this.entries.map(({ top }) => top))];
  }

  /** What the name of the top folder says, if it is a dump's. */
  get dumpName(): DumpName | undefined {
    const [top] = this.tops;
    return top === undefined ? undefined : parseDumpName(top);
  }

  /**
   * @param name Path below the top folder.
   * @returns The last entry of that path, if there is one.
   */
  entry(name: string): LoadedEntry | undefined {
    return this.#last.get(name);
  }

  /**
   * @param name Path below the top folder.
   * @returns The content as text, or `undefined` when there is no such file.
   */
  text(name: string): string | undefined {
    const entry = this.#last.get(name);
    if (entry?.type !== "file") return undefined;
    return decoder.decode(entry.content);
  }

  /**
   * @param folder Path of a folder below the top folder, without a slash at the end.
   * @returns The last entry of each file directly in it.
   */
  filesIn(folder: string): readonly LoadedEntry[] {
    return this.#folders.get(folder) ?? [];
  }

  /** @returns How the archive differs from what its manifest says. */
  mismatches(): readonly ManifestMismatch[] {
    if (this.manifest === undefined) return [];
    const mismatches: ManifestMismatch[] = [];
    const files = Map.groupBy(
      this.entries.filter(({ type }) => type === "file"),
      ({ name }) => name,
    );
    const listed = new Set([MANIFEST_NAME]);
    for (const { path, bytes, sha256 } of this.manifest.entries) {
      listed.add(path);
      if (bytes === undefined) continue;
      const found = files.get(path);
      if (found === undefined) mismatches.push({ path, state: "missing" });
      else if (
        sha256 !== undefined &&
        !found.some((entry) => entry.sha256 === sha256)
      ) mismatches.push({ path, state: "changed" });
    }
    for (const { name, type } of this.entries) {
      if (type === "directory" || listed.has(name)) continue;
      listed.add(name);
      mismatches.push({ path: name, state: "extra" });
    }
    return mismatches;
  }
}

function requestNamesOf(entries: readonly LoadedEntry[]): readonly string[] {
  const names = new Set<string>();
  for (const { name } of entries) {
    const match = /^requests\/([^/]+)/.exec(name);
    if (match !== null) names.add(match[1]!);
  }
  return [...names];
}

/**
 * Loads a dump: all entries, and of each file up to 16 MiB, 192 MiB in all.
 *
 * @param source The archive, packed or not.
 * @param options Limits, where damage is counted, and the signal.
 * @returns The dump.
 * @throws {FormatError} When the archive is damaged and there is no `stats`, or
 * has no entry at all.
 * @throws {LimitError} When it is larger than allowed.
 */
export async function loadNetdump(
  source: AsyncIterable<Uint8Array>,
  options: ReadNetdumpOptions = {},
): Promise<NetdumpArchive> {
  const entries: LoadedEntry[] = [];
  let budget = MAX_KEPT_TOTAL_BYTES;
  const files = readNetdump(source, options);
  for await (const { content, ...entry } of files) {
    const kept = await keepContent(
      content,
      Math.min(budget, MAX_KEPT_BYTES),
      options.stats,
    );
    budget -= kept.content.length;
    entries.push({ ...entry, ...kept });
  }
  if (entries.length === 0) {
    throw new FormatError("Cannot read netdump: archive has no entries", {
      format: "netdump",
      offset: 0,
    });
  }
  return new NetdumpArchive(entries);
}

async function keepContent(
  content: AsyncIterable<Uint8Array>,
  maxBytes: number,
  stats: DecodeStats | undefined,
): Promise<Pick<LoadedEntry, "content" | "isCut" | "sha256">> {
  const hash = createHash("sha256");
  const parts: Uint8Array[] = [];
  let kept = 0;
  let isCut = false;
  try {
    for await (const bytes of content) {
      hash.update(bytes);
      const part = bytes.slice(0, maxBytes - kept);
      isCut ||= part.length < bytes.length;
      kept += part.length;
      if (part.length > 0) parts.push(part);
    }
  } catch (error) {
    // Half a file is kept; the fault shows again at the next entry.
    if (stats === undefined || !(error instanceof FormatError)) throw error;
    isCut = true;
  }
  const joined = new Uint8Array(kept);
  let at = 0;
  for (const part of parts) {
    joined.set(part, at);
    at += part.length;
  }
  return { content: joined, isCut, sha256: hash.digest("hex") };
}
