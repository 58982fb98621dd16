import { createHash } from "node:crypto";
import { statfs } from "node:fs/promises";
import { VERSION } from "../base/version.ts";
import { writeGzip } from "../container/gzip.ts";
import { fitsPlainTar, writeTar } from "../container/tar.ts";
import type { TarInput } from "../container/tar.ts";
import { readOwnAccount } from "../platform/own_account.ts";
import { AccountNames } from "./_account_names.ts";
import { lockDirectory } from "./_directory_lock.ts";
import { defaultPublishDirectory } from "./default_publish_directory.ts";
import type { DumpEntry, DumpSource } from "./dump_entry.ts";
import {
  checkRequestName,
  checkTopic,
  distinctNames,
  formatDumpName,
} from "./dump_name.ts";
import {
  listDumps,
  PARTIAL_ENDING,
  pruneDumps,
  readStoredManifest,
  removeStalePartials,
} from "./dump_store.ts";
import type { StoredDump } from "./dump_store.ts";
import { readHostFacts } from "./host_facts.ts";
import { formatManifest, MANIFEST_NAME } from "./manifest.ts";
import type { Manifest, ManifestEntry, ManifestRedaction } from "./manifest.ts";
import { encodeNetworkTrace } from "./nettrace_encoder.ts";
import type { NetworkTrace } from "./nettrace_types.ts";
import {
  preparePublishDirectory,
  reasonOf,
} from "./prepare_publish_directory.ts";
import { redactManifest } from "./redact/redact_manifest.ts";
import type { Redactor } from "./redact/redactor.ts";
import { formatCaptureName } from "./traced_net_request.ts";
import type { AnyNetTrace, TracedNetRequest } from "./traced_net_request.ts";

/** How many seconds ahead a name may be when others are taken. */
const MAX_SECONDS_AHEAD = 5;
/** With less room than this, only what is needed most is gathered. */
const SCARCE_BYTES = 32 * 1024 * 1024;
/** Most bytes of all entries together. */
const MAX_DUMP_BYTES = 256 * 1024 * 1024;
/** Dumps whose manifests are looked at to number the next one. */
const SEQUENCE_CANDIDATES = 3;
/** EVE puts its own mark for folders into the mode, as bit 31. */
const EVE_DIRECTORY_MODE = 0o20000000755;
const GENERATED_MODE = 0o664;

/** How a {@linkcode NetDumper} publishes. */
export interface NetDumperOptions {
  /** Folder of the dumps. Default is {@linkcode defaultPublishDirectory}. */
  readonly directory?: string | undefined;
  /** Most dumps of a topic; 0 is no limit. @default {0} */
  readonly maxDumpsPerTopic?: number | undefined;
  /** What the dumps are made of beside requests, in order. @default {[]} */
  readonly sources?: readonly DumpSource[] | undefined;
  /** Takes out what must not leave the device; nothing is taken out without. */
  readonly redactor?: Redactor | undefined;
  /** Whether folders and headers are byte for byte as EVE writes them. @default {false} */
  readonly exact?: boolean | undefined;
  /** Whether the dump ends with a manifest; EVE's have none. @default {true} */
  readonly manifest?: boolean | undefined;
  /** Whether root may use a folder that is a link or somebody else's. @default {false} */
  readonly trustDirectory?: boolean | undefined;
  /** The present, in ms since 1970. @default {Date.now} */
  readonly now?: (() => number) | undefined;
}

/** How one dump is published. */
export interface PublishOptions {
  /**
   * Cuts gathering short: the dump is then published with what is there, and
   * says so.
   */
  readonly signal?: AbortSignal | undefined;
  /** Remarks for the manifest. */
  readonly notes?: readonly string[] | undefined;
  /** Told of every entry when it is gathered. */
  readonly onEntry?: ((entry: DumpEntry) => void) | undefined;
  /** Told of everything that is taken out. */
  readonly onRedaction?:
    | ((redaction: ManifestRedaction) => void)
    | undefined;
}

/**
 * Publishes network dumps: archives with the state of a device's connectivity,
 * in series by topic. The folder is the database.
 *
 * An archive appears under its name when it is complete; whatever stops the
 * publisher, others find whole archives only. Processes may publish into one
 * folder at the same time.
 *
 * @example Publishing a dump
 * ```ts
 * import { NetDumper } from "@tracedeck/tracedeck/netdump";
 * import { assertEquals } from "@std/assert";
 *
 * const directory = await Deno.makeTempDir();
 * const dumper = new NetDumper({ directory, maxDumpsPerTopic: 2 });
 * const path = await dumper.publish("nim-fail");
 * assertEquals(path.endsWith(".tgz"), true);
 * assertEquals(await dumper.lastPublishAt("nim-ok"), undefined);
 * await Deno.remove(directory, { recursive: true });
 * ```
 */
export class NetDumper {
  /** Most dumps of a topic; 0 is no limit. Can be changed between calls. */
  maxDumpsPerTopic: number;
  /** Folder of the dumps. */
  readonly directory: string;
  readonly #options: NetDumperOptions;
  readonly #now: () => number;

  /**
   * @param options Where and what to publish.
   * @throws {RangeError} When the number of dumps is no count.
   */
  constructor(options: NetDumperOptions = {}) {
    const { maxDumpsPerTopic = 0 } = options;
    if (!Number.isSafeInteger(maxDumpsPerTopic) || maxDumpsPerTopic < 0) {
      throw new RangeError(
        `Cannot make NetDumper: maxDumpsPerTopic is ${maxDumpsPerTopic}, expected an integer from 0`,
      );
    }
    this.maxDumpsPerTopic = maxDumpsPerTopic;
    this.directory = options.directory ?? defaultPublishDirectory();
    this.#options = options;
    this.#now = options.now ?? Date.now;
  }

  /**
   * Tells when a dump of any of some topics was published last.
   *
   * @param topics The topics, exactly.
   * @returns The time that the newest name has, or `undefined` if there is none.
   */
  async lastPublishAt(...topics: readonly string[]): Promise<Date | undefined> {
    let last: Date | undefined;
    for (const topic of topics) {
      for (const { time } of await listDumps(this.directory, { topic })) {
        if (last === undefined || time > last) last = time;
      }
    }
    return last;
  }

  /**
   * Gathers a dump, writes it, and then deletes the oldest of its topic beyond
   * the limit. Files of traces and captures are deleted when it is published.
   *
   * @param topic Name of the series.
   * @param requests Traced requests to put in.
   * @param options Signal and remarks.
   * @returns Path of the archive.
   * @throws {TypeError} When the topic or a request's name cannot be used.
   * @throws {Error} When the archive cannot be written; then nothing is left of it.
   */
  async publish(
    topic: string,
    requests: readonly TracedNetRequest[] = [],
    options: PublishOptions = {},
  ): Promise<string> {
    checkTopic(topic);
    for (const { requestName } of requests) checkRequestName(requestName);
    const { directory } = this;
    const started = this.#now();
    await preparePublishDirectory(directory, {
      trusted: this.#options.trustDirectory,
    });
    await removeStalePartials(directory);
    await using name = await reserveName(directory, topic, started);
    const dump = new DumpBuilder(this.#options, options, requests);
    await dump.gather(await isScarce(directory), options);
    try {
      using _lock = await this.#write(name, dump, topic, started);
      await name.publish();
      await pruneDumps(directory, [topic], {
        maxDumps: this.maxDumpsPerTopic,
        keep: `${name.name}.tgz`,
      });
    } catch (error) {
      throw new Error(
        `Cannot publish ${name.path}: ${reasonOf(error)}`,
        { cause: error },
      );
    }
    await removeSources(requests);
    return name.path;
  }

  /** Writes all of the archive; gives the lock that it took for its end. */
  async #write(
    name: ReservedName,
    dump: DumpBuilder,
    topic: string,
    started: number,
  ): Promise<Disposable> {
    const { directory } = this;
    const { exact = false, manifest = true } = this.#options;
    const facts = await readHostFacts();
    using held = new DisposableStack();
    const entries = async function* (): AsyncGenerator<TarInput> {
      yield* dump.tarInputs(name.name);
      // From here on nobody else finishes a dump, so that numbers are in order.
      held.use(await lockDirectory(directory));
      if (!manifest) return;
      const sequence = await nextSequence(directory, topic);
      const text = dump.manifestText({
        schema: 1,
        tool: {
          name: "tracedeck",
          version: VERSION,
          runtime: `deno ${Deno.version.deno}`,
        },
        topic,
        publishedAt: new Date(started).toISOString(),
        sequence,
        ...facts,
      });
      yield dump.tarInput(name.name, {
        name: MANIFEST_NAME,
        source: "generated",
        content: new TextEncoder().encode(text),
      });
    };
    const isPlain = !exact && dump.fitsPlainTar(name.name);
    const form = isPlain ? "plain" : "go";
    await name.write(writeGzip(writeTar(entries(), { form })));
    return held.move();
  }
}

/** What a dump consists of, before it is an archive. */
class DumpBuilder {
  readonly #options: NetDumperOptions;
  readonly #requests: readonly (TracedNetRequest & { folder: string })[];
  readonly #accounts = new AccountNames();
  readonly #own = readOwnAccount();
  readonly #now: () => number;
  readonly #notes: string[];
  #gathered: DumpEntry[] = [];
  #listed: { entry: DumpEntry; fields: Partial<ManifestEntry> }[] = [];
  readonly #hashes = new Map<
    DumpEntry,
    Pick<ManifestEntry, "bytes" | "sha256">
  >();
  readonly #redactions: ManifestRedaction[] = [];
  readonly #onEntry: ((entry: DumpEntry) => void) | undefined;
  readonly #onRedaction: PublishOptions["onRedaction"];
  #bytes = 0;

  constructor(
    options: NetDumperOptions,
    publishing: PublishOptions,
    requests: readonly TracedNetRequest[],
  ) {
    this.#options = options;
    this.#now = options.now ?? Date.now;
    this.#notes = [...publishing.notes ?? []];
    this.#onEntry = publishing.onEntry;
    this.#onRedaction = publishing.onRedaction;
    const folders = distinctNames(requests.map((each) => each.requestName));
    this.#requests = requests.map((request, index) => ({
      ...request,
      folder: folders[index]!,
    }));
  }

  async gather(isScarce: boolean, options: PublishOptions): Promise<void> {
    const signal = options.signal ?? new AbortController().signal;
    if (isScarce) {
      this.#notes.push("little space is left: optional groups were left out");
    }
    for (const source of this.#options.sources ?? []) {
      for await (const entry of source.collect({ signal, isScarce })) {
        this.#add(entry);
      }
    }
    for (const request of this.#requests) await this.#addRequest(request);
    this.#redactAll();
    if (signal.aborted) {
      this.#notes.push("interrupted: gathering was cut short");
    }
  }

  async #addRequest(
    request: TracedNetRequest & { folder: string },
  ): Promise<void> {
    const folder = `requests/${request.folder}`;
    if (request.netTrace !== undefined) {
      const name = `${folder}/nettrace.json`;
      const part = isTraceValue(request.netTrace)
        ? new TextEncoder().encode(
          encodeNetworkTrace(request.netTrace, { form: "sink" }),
        )
        : request.netTrace;
      this.#add(await readPart(name, part, "generated"));
    }
    const names = new Set<string>();
    for (const capture of request.packetCaptures ?? []) {
      let fileName = formatCaptureName({
        interfaceName: capture.interfaceName,
        truncated: capture.truncated ?? false,
        withoutPayload: capture.withoutPayload ?? false,
      });
      // One interface captured twice: EVE would write both under one name.
      for (let count = 2; names.has(fileName); count++) {
        fileName = fileName.replace(/(~\d+)?\.pcap$/, `~${count}.pcap`);
      }
      names.add(fileName);
      const name = `${folder}/${fileName}`;
      this.#add(await readPart(name, capture.content, "capture"));
      if ((capture.droppedPackets ?? 0) > 0) {
        this.#notes.push(
          `${name}: the kernel dropped ${capture.droppedPackets} packets`,
        );
      }
    }
  }

  #add(entry: DumpEntry): void {
    this.#onEntry?.(entry);
    const { content, skippedReason } = entry;
    if (content === undefined) {
      this.#list(entry, { skippedReason: skippedReason ?? "not available" });
      return;
    }
    if (this.#bytes + content.length > MAX_DUMP_BYTES) {
      this.#list(entry, { skippedReason: "the dump is full" });
      return;
    }
    this.#bytes += content.length;
    this.#gathered.push(entry);
    // Size and hash are those of what is left after redaction.
    this.#list(entry, { bytes: content.length });
  }

  /** Names are learned of all entries before the first one is changed. */
  #redactAll(): void {
    const { redactor } = this.#options;
    for (const { name, content } of this.#gathered) {
      redactor?.learn(name, content!);
    }
    const entries = this.#gathered;
    this.#gathered = [];
    for (const entry of entries) {
      const name = redactor?.redactName(entry.name) ?? entry.name;
      const result = redactor?.redactEntry(entry.name, entry.content!);
      const content = result?.content ?? entry.content!;
      for (const [kind, count] of result?.removed ?? []) {
        this.#redactions.push({ path: entry.name, kind, count });
        this.#onRedaction?.({ path: name, kind, count });
      }
      this.#gathered.push({ ...entry, name, content });
      this.#hashes.set(entry, {
        bytes: content.length,
        sha256: createHash("sha256").update(content).digest("hex"),
      });
    }
    this.#listed = this.#listed.map(({ entry, fields }) => ({
      entry,
      fields: { ...fields, ...this.#hashes.get(entry) },
    }));
  }

  #list(entry: DumpEntry, fields: Partial<ManifestEntry>): void {
    this.#listed.push({ entry, fields });
  }

  *tarInputs(top: string): Generator<TarInput> {
    const made = new Set<string>();
    const folders = ["eve", "linux"];
    if (this.#requests.length > 0) folders.push("requests");
    yield this.#folder(top);
    for (const folder of folders) {
      made.add(folder);
      yield this.#folder(`${top}/${folder}`);
    }
    const parents = function* (name: string): Generator<string> {
      for (let at = name.indexOf("/"); at > 0; at = name.indexOf("/", at + 1)) {
        const folder = name.slice(0, at);
        if (made.has(folder)) continue;
        made.add(folder);
        yield `${top}/${folder}`;
      }
    };
    for (const entry of this.#gathered) {
      for (const path of parents(entry.name)) yield this.#folder(path);
      yield this.tarInput(top, entry);
    }
    // A request without trace and captures still has its folder.
    for (const { folder } of this.#requests) {
      const name = `requests/${folder}`;
      const redacted = this.#options.redactor?.redactName(name) ?? name;
      for (const path of parents(`${redacted}/`)) {
        yield this.#folder(path);
      }
    }
  }

  fitsPlainTar(top: string): boolean {
    return this.tarInputs(top).every(({ path }) => fitsPlainTar(path));
  }

  #folder(path: string): TarInput {
    const mode = this.#options.exact ? EVE_DIRECTORY_MODE : 0o755;
    return { path, type: "directory", mode, ...this.#owner() };
  }

  tarInput(top: string, entry: DumpEntry): TarInput {
    const { name, content, mode = GENERATED_MODE, mtimeMs } = entry;
    const owner = this.#owner(entry.uid, entry.gid);
    return {
      path: `${top}/${name}`,
      type: "file",
      mode: mode & 0o7777,
      ...owner,
      ...(mtimeMs === undefined ? {} : { mtime: Math.round(mtimeMs / 1000) }),
      content,
    };
  }

  #owner(
    uid: number = this.#own?.uid ?? 0,
    gid: number = this.#own?.gid ?? 0,
  ): Pick<TarInput, "uid" | "gid" | "userName" | "groupName" | "mtime"> {
    return {
      uid,
      gid,
      userName: this.#accounts.user(uid),
      groupName: this.#accounts.group(gid),
      mtime: Math.round(this.#now() / 1000),
    };
  }

  manifestText(
    head: Omit<
      Manifest,
      "redaction" | "redactions" | "requests" | "notes" | "entries"
    >,
  ): string {
    const { redactor } = this.#options;
    const whole: Manifest = {
      ...head,
      redaction: "none",
      redactions: this.#redactions,
      requests: this.#requests.map(({ folder, result, target }) => ({
        name: folder,
        result: result ?? "ok",
        target: target ?? "",
      })),
      notes: this.#notes,
      entries: this.#listed.map(({ entry, fields }) =>
        describeEntry(entry, fields)
      ),
    };
    return formatManifest(
      redactor === undefined ? whole : redactManifest(whole, redactor),
    );
  }
}

function describeEntry(
  { name, source, command, exit, durationMs, truncated }: DumpEntry,
  fields: Partial<ManifestEntry>,
): ManifestEntry {
  return {
    path: name,
    source,
    command,
    exit,
    durationMs,
    truncated,
    ...fields,
  };
}

/** A name in a publish folder that nobody else takes. */
class ReservedName implements AsyncDisposable {
  readonly name: string;
  readonly path: string;
  readonly #partial: string;
  readonly #directory: string;
  readonly #file: Deno.FsFile;
  #isPublished = false;
  #isClosed = false;

  constructor(directory: string, name: string, file: Deno.FsFile) {
    this.name = name;
    this.path = `${directory}/${name}.tgz`;
    this.#partial = `${directory}/.${name}${PARTIAL_ENDING}`;
    this.#directory = directory;
    this.#file = file;
  }

  async write(chunks: AsyncIterable<Uint8Array>): Promise<void> {
    for await (const chunk of chunks) {
      for (let at = 0; at < chunk.length;) {
        at += await this.#file.write(chunk.subarray(at));
      }
    }
    await this.#file.sync();
    this.#close();
  }

  async publish(): Promise<void> {
    await Deno.rename(this.#partial, this.path);
    this.#isPublished = true;
    if (Deno.build.os === "windows") return;
    using directory = await Deno.open(this.#directory);
    await directory.sync();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#close();
    if (this.#isPublished) return;
    try {
      await Deno.remove(this.#partial);
    } catch {
      // Another publisher held it to be stale.
    }
  }

  #close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#file.close();
  }
}

/**
 * Takes the first free name. Whoever made the partial file has the name: all
 * publishers make theirs before they look for the archive itself.
 */
async function reserveName(
  directory: string,
  topic: string,
  started: number,
): Promise<ReservedName> {
  for (let ahead = 0; ahead <= MAX_SECONDS_AHEAD; ahead++) {
    const name = formatDumpName(topic, new Date(started + ahead * 1000));
    let file: Deno.FsFile;
    try {
      file = await Deno.open(`${directory}/.${name}${PARTIAL_ENDING}`, {
        write: true,
        createNew: true,
        mode: 0o600,
      });
    } catch (error) {
      if (error instanceof Deno.errors.AlreadyExists) continue;
      throw new Error(
        `Cannot publish into ${directory}: ${reasonOf(error)}`,
        { cause: error },
      );
    }
    const reserved = new ReservedName(directory, name, file);
    if (!await exists(reserved.path)) return reserved;
    await reserved[Symbol.asyncDispose]();
  }
  throw new Error(
    `Cannot publish into ${directory}: topic ${topic} has a dump for each of the next ${
      MAX_SECONDS_AHEAD + 1
    } seconds`,
  );
}

async function nextSequence(directory: string, topic: string): Promise<number> {
  const dumps = await listDumps(directory, { topic });
  const byTime = [...dumps].sort((a, b) => a.mtimeMs - b.mtimeMs);
  const candidates = new Set<StoredDump>([
    ...dumps.slice(-SEQUENCE_CANDIDATES),
    ...byTime.slice(-SEQUENCE_CANDIDATES),
  ]);
  let last = 0;
  for (const { path } of candidates) {
    const manifest = await readStoredManifest(path);
    last = Math.max(last, manifest?.sequence ?? 0);
  }
  return last + 1;
}

async function readPart(
  name: string,
  part: Uint8Array | { readonly path: string },
  source: "generated" | "capture",
): Promise<DumpEntry> {
  if (part instanceof Uint8Array) return { name, source, content: part };
  try {
    const info = await Deno.stat(part.path);
    if (!info.isFile) return { name, source, skippedReason: "it is no file" };
    return {
      name,
      source,
      command: part.path,
      content: await Deno.readFile(part.path),
      mode: info.mode ?? undefined,
      mtimeMs: info.mtime?.getTime(),
      uid: info.uid ?? undefined,
      gid: info.gid ?? undefined,
    };
  } catch (error) {
    const skippedReason = error instanceof Deno.errors.NotFound
      ? "file is missing"
      : reasonOf(error);
    return { name, source, command: part.path, skippedReason };
  }
}

function isTraceValue(
  trace: AnyNetTrace,
): trace is NetworkTrace {
  return "traceBeginAt" in trace;
}

async function removeSources(
  requests: readonly TracedNetRequest[],
): Promise<void> {
  for (const { netTrace, packetCaptures = [] } of requests) {
    const parts = [netTrace, ...packetCaptures.map(({ content }) => content)];
    for (const part of parts) {
      if (part === undefined || part instanceof Uint8Array) continue;
      if (isTraceValue(part)) continue;
      try {
        await Deno.remove(part.path);
      } catch {
        // It was missing before, or others have use for it.
      }
    }
  }
}

async function isScarce(directory: string): Promise<boolean> {
  try {
    const { bavail, bsize } = await statfs(directory);
    return Number(bavail) * Number(bsize) < SCARCE_BYTES;
  } catch {
    return false;
  }
}

async function exists(path: string): Promise<boolean> {
  try {
    await Deno.lstat(path);
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}
