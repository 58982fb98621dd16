import { createHash } from "node:crypto";
import { writeGzip } from "../../container/gzip.ts";
import { fitsPlainTar, writeTar } from "../../container/tar.ts";
import type { TarInput } from "../../container/tar.ts";
import { formatManifest, MANIFEST_NAME } from "../manifest.ts";
import type {
  Manifest,
  ManifestEntry,
  ManifestRedaction,
} from "../manifest.ts";
import type { LoadedEntry, NetdumpArchive } from "../netdump_archive.ts";
import { redactManifest } from "./redact_manifest.ts";
import type { Redactor } from "./redactor.ts";

/** What {@linkcode redactNetdump} gives. */
export interface RedactedNetdump {
  /** The archive, packed. */
  readonly archive: AsyncIterable<Uint8Array>;
  /** What was taken out. */
  readonly redactions: readonly ManifestRedaction[];
  /** Entries that were left out: links, devices, files longer than what is held in memory. */
  readonly leftOut: readonly string[];
}

/**
 * Redacts a dump, ours or EVE's.
 *
 * @param source The dump.
 * @param redactor What to take out.
 * @returns Another archive with the same folders and files. A manifest tells of
 * the new contents; one that is missing is not made.
 */
export function redactNetdump(
  source: NetdumpArchive,
  redactor: Redactor,
): RedactedNetdump {
  const { entries, manifest } = source;
  for (const { name, content } of entries) redactor.learn(name, content);
  const redactions: ManifestRedaction[] = [];
  const leftOut: string[] = [];
  const inputs: TarInput[] = [];
  const hashes = new Map<string, { bytes: number; sha256: string }>();
  let manifestEntry: LoadedEntry | undefined;
  for (const entry of entries) {
    if (entry.name === MANIFEST_NAME && manifest !== undefined) {
      manifestEntry = entry;
      continue;
    }
    if (entry.unsafeReason !== undefined || entry.isCut) {
      leftOut.push(entry.path);
      continue;
    }
    const name = redactor.redactName(entry.name);
    const { content, removed } = redactor.redactEntry(
      entry.name,
      entry.content,
    );
    for (const [kind, count] of removed) {
      redactions.push({ path: entry.name, kind, count });
    }
    hashes.set(entry.name, {
      bytes: content.length,
      sha256: createHash("sha256").update(content).digest("hex"),
    });
    inputs.push(toInput(entry, name, content));
  }
  if (manifestEntry !== undefined && manifest !== undefined) {
    const text = manifestText(manifest, hashes, redactions, redactor);
    const content = new TextEncoder().encode(text);
    inputs.push(toInput(manifestEntry, MANIFEST_NAME, content));
  }
  const isPlain = inputs.every(({ path, mode }) =>
    fitsPlainTar(path) && mode < 8 ** 6
  );
  const form = isPlain ? "plain" : "go";
  return {
    archive: writeGzip(writeTar(inputs, { form })),
    redactions: redactions.map(({ path, kind, count }) => ({
      path: redactor.redactName(path),
      kind,
      count,
    })),
    leftOut,
  };
}

function toInput(
  entry: LoadedEntry,
  name: string,
  content: Uint8Array,
): TarInput {
  const { top, type, mode, mtime, uid, gid } = entry;
  return {
    path: [top, name].filter((part) => part !== "").join("/"),
    type: type === "directory" ? type : "file",
    mode: type === "directory" ? mode : mode & 0o7777,
    mtime: Math.max(0, mtime),
    uid,
    gid,
    content,
  };
}

function manifestText(
  manifest: Manifest,
  hashes: ReadonlyMap<string, { bytes: number; sha256: string }>,
  redactions: readonly ManifestRedaction[],
  redactor: Redactor,
): string {
  const describe = (entry: ManifestEntry): ManifestEntry => {
    const found = hashes.get(entry.path);
    if (entry.bytes === undefined) return entry;
    // What was left out is not there any more.
    if (found === undefined) {
      const { bytes: _, sha256: __, ...rest } = entry;
      return { ...rest, skippedReason: "left out when redacted" };
    }
    return { ...entry, ...found };
  };
  const whole = {
    ...manifest,
    redactions: [...manifest.redactions ?? [], ...redactions],
    entries: manifest.entries.map(describe),
  };
  return formatManifest(redactManifest(whole, redactor));
}
