import type { DecodeStats } from "../base/decode_stats.ts";
import { FormatError, LimitError, TruncatedError } from "../base/errors.ts";
import { resolveLimits } from "../base/limits.ts";
import type { Limits } from "../base/limits.ts";
import { ChunkQueue } from "../codec/chunk_queue.ts";
import { readPaxRecords } from "./_pax_records.ts";
import { readTarNumber, sumTarHeader } from "./_tar_number.ts";
import type { TarEntry, TarEntryType } from "./tar_entry.ts";

// Header of 512 bytes: name 100, mode 8, uid 8, gid 8, size 12, mtime 12,
// checksum 8, type 1, link 100, magic and version 8, user 32, group 32, device
// 2 * 8, prefix 155. Content follows in blocks of 512; two blocks of zeros end
// the archive. Types x and g hold PAX records, L and K long names for the next.
const BLOCK_BYTES = 512;
/** Longest name or set of PAX records. */
const MAX_META_BYTES = 1024 * 1024;

const TYPES: Readonly<Record<string, TarEntryType>> = {
  "0": "file",
  "1": "hardlink",
  "2": "symlink",
  "3": "character-device",
  "4": "block-device",
  "5": "directory",
  "6": "fifo",
  "7": "file",
};

const decoder = new TextDecoder("utf-8", { ignoreBOM: true });

/** Receives what a {@linkcode TarDecoder} finds. */
export interface TarSink {
  /** @param entry The next entry. */
  onEntry(entry: TarEntry): void;
  /** @param data The next bytes of its content; a view that is valid until the next push. */
  onData(data: Uint8Array): void;
  /** Content is complete; called for every entry. */
  onEntryEnd(): void;
}

/** How a {@linkcode TarDecoder} decodes. */
export interface TarDecodeOptions {
  /** `maxRecordBytes` bounds an entry's content, `maxTableEntries` the entries. */
  readonly limits?: Partial<Limits> | undefined;
  /** Counts what is odd but harmless: a missing end, junk in a field. */
  readonly stats?: DecodeStats | undefined;
}

interface Names {
  path?: string | undefined;
  linkPath?: string | undefined;
}

/**
 * Decodes a tar archive that arrives in pieces: old, ustar, GNU and PAX headers.
 * Memory is one block and, for long names, up to 1 MiB.
 *
 * @example Listing names
 * ```ts
 * import { TarDecoder } from "../../src/container/tar_decoder.ts";
 * import { encodeTarHeader } from "../../src/container/tar_encoder.ts";
 * import { assertEquals } from "@std/assert";
 *
 * const names: string[] = [];
 * const decoder = new TarDecoder({
 *   onEntry: ({ path }) => names.push(path),
 *   onData: () => {},
 *   onEntryEnd: () => {},
 * });
 * decoder.push(encodeTarHeader({ path: "a", type: "directory", mode: 0o755 }));
 * decoder.push(new Uint8Array(1024));
 * decoder.finish();
 * assertEquals(names, ["a"]);
 * ```
 */
export class TarDecoder {
  readonly #sink: TarSink;
  readonly #limits: Limits;
  readonly #stats: DecodeStats | undefined;
  readonly #queue = new ChunkQueue();
  #state: "header" | "content" | "meta" | "sparse" | "padding" | "end" =
    "header";
  #entries = 0;
  #remaining = 0;
  #padding = 0;
  #zeroBlocks = 0;
  #meta: { flag: string; size: number } | undefined;
  #longNames: Names = {};
  #pax: ReadonlyMap<string, string> = new Map();
  #globalPax: ReadonlyMap<string, string> = new Map();

  /**
   * @param sink Receives entries and their content.
   * @param options Limits, and where oddities are counted.
   */
  constructor(sink: TarSink, options: TarDecodeOptions = {}) {
    this.#sink = sink;
    this.#limits = resolveLimits(options.limits);
    this.#stats = options.stats;
  }

  /** Whether the end mark was met; what follows is ignored. */
  get ended(): boolean {
    return this.#state === "end";
  }

  /**
   * Decodes what is there.
   *
   * @param chunk The next bytes; must not change until the next push.
   * @throws {FormatError} When a header is damaged.
   * @throws {LimitError} When an entry is larger, or there are more, than allowed.
   */
  push(chunk: Uint8Array): void {
    this.#queue.push(chunk);
    while (this.#step());
  }

  /**
   * Ends the archive.
   *
   * @throws {TruncatedError} When it ends inside an entry.
   */
  finish(): void {
    const { offset, available } = this.#queue;
    if (this.#state === "end") return;
    // In padding, everything of the last entry is there.
    const isWhole = this.#state === "padding" ||
      (this.#state === "header" && available === 0);
    if (!isWhole) {
      const missing = this.#state === "content"
        ? this.#remaining
        : (this.#meta?.size ?? BLOCK_BYTES) - available;
      const record = this.#record(this.#state === "header" ? 0 : -1);
      throw new TruncatedError(
        `Cannot read tar ${record} at byte ${offset}: archive ends ${missing} bytes too early`,
        { format: "tar", offset, record, missingBytes: missing },
      );
    }
    this.#stats?.count("tar_end_missing", "notice", {
      offset,
      detail: `archive ends at byte ${offset} without its end mark`,
    });
  }

  #step(): boolean {
    switch (this.#state) {
      case "header":
        return this.#readHeader();
      case "content":
        return this.#readContent();
      case "meta":
        return this.#readMeta();
      case "sparse":
        return this.#readSparse();
      case "padding": {
        const bytes = Math.min(this.#padding, this.#queue.available);
        this.#queue.consume(bytes);
        this.#padding -= bytes;
        if (this.#padding > 0) return false;
        this.#state = "header";
        return true;
      }
      case "end":
        this.#queue.consume(this.#queue.available);
        return false;
    }
  }

  #readHeader(): boolean {
    const { offset } = this.#queue;
    const block = this.#queue.take(BLOCK_BYTES);
    if (block === undefined) return false;
    if (block.every((byte) => byte === 0)) {
      if (++this.#zeroBlocks === 2) this.#state = "end";
      return true;
    }
    if (this.#zeroBlocks > 0) {
      this.#zeroBlocks = 0;
      this.#stats?.count("tar_zero_block", "notice", { offset });
    }
    this.#checkSum(block, offset);
    const flag = String.fromCharCode(block[156]! || 0x30);
    // Links, devices and folders have no content, whatever their size says.
    const size = "123456".includes(flag)
      ? 0
      : this.#sizeOf(block, flag, offset);
    if ("xgLK".includes(flag)) this.#startMeta(flag, size, offset);
    else this.#startEntry(block, flag, size, offset);
    return true;
  }

  #checkSum(block: Uint8Array, offset: number): void {
    const declared = readTarNumber(block.subarray(148, 156));
    const { unsigned, signed } = sumTarHeader(block);
    if (declared === unsigned || declared === signed) return;
    throw this.#fault(
      `checksum is ${declared ?? "no number"}, bytes add up to ${unsigned}`,
      offset,
    );
  }

  #sizeOf(block: Uint8Array, flag: string, offset: number): number {
    const inHeader = readTarNumber(block.subarray(124, 136));
    const inPax = "xgLK".includes(flag) ? undefined : this.#paxValue("size");
    const size = inPax === undefined
      ? inHeader
      : /^\d+$/.test(inPax)
      ? Number(inPax)
      : undefined;
    if (size === undefined || size < 0 || !Number.isSafeInteger(size)) {
      throw this.#fault(`size is ${size ?? "no number"}`, offset);
    }
    return size;
  }

  #startMeta(flag: string, size: number, offset: number): void {
    if (size > MAX_META_BYTES) {
      throw new LimitError(
        `Cannot read tar ${this.#record(0)} at byte ${offset}: ` +
          `its names have ${size} bytes, ${MAX_META_BYTES} are the most`,
        { limit: "maxStringBytes", value: size, offset },
      );
    }
    this.#meta = { flag, size };
    this.#state = "meta";
  }

  #readMeta(): boolean {
    const { flag, size } = this.#meta!;
    const { offset } = this.#queue;
    const bytes = this.#queue.take(size);
    if (bytes === undefined) return false;
    this.#meta = undefined;
    this.#pad(size);
    if (flag === "L") this.#longNames.path = textOf(bytes);
    else if (flag === "K") this.#longNames.linkPath = textOf(bytes);
    else {
      const { records, whole } = readPaxRecords(bytes);
      if (!whole) this.#stats?.count("tar_bad_pax", "notice", { offset });
      if (flag === "x") this.#pax = records;
      else this.#globalPax = new Map([...this.#globalPax, ...records]);
    }
    return true;
  }

  #startEntry(
    block: Uint8Array,
    flag: string,
    size: number,
    offset: number,
  ): void {
    this.#checkLimits(size, offset);
    const entry = this.#describe(block, flag, size, offset);
    this.#entries++;
    this.#longNames = {};
    this.#pax = new Map();
    this.#remaining = size;
    this.#sink.onEntry(entry);
    // An old GNU sparse file has more headers when byte 482 says so.
    const isExtended = flag === "S" && block[482] !== 0;
    this.#state = isExtended ? "sparse" : "content";
    this.#padding = (BLOCK_BYTES - size % BLOCK_BYTES) % BLOCK_BYTES;
  }

  #checkLimits(size: number, offset: number): void {
    const { maxRecordBytes, maxTableEntries } = this.#limits;
    if (size > maxRecordBytes) {
      throw new LimitError(
        `Cannot read tar ${this.#record(0)} at byte ${offset}: ` +
          `it has ${size} bytes, ${maxRecordBytes} are allowed`,
        { limit: "maxRecordBytes", value: size, offset },
      );
    }
    if (this.#entries >= maxTableEntries) {
      throw new LimitError(
        `Cannot read tar ${this.#record(0)} at byte ${offset}: ` +
          `${maxTableEntries} entries are allowed`,
        { limit: "maxTableEntries", value: this.#entries + 1, offset },
      );
    }
  }

  #describe(
    block: Uint8Array,
    flag: string,
    size: number,
    offset: number,
  ): TarEntry {
    const magic = String.fromCharCode(...block.subarray(257, 265));
    const format = this.#pax.size > 0
      ? "pax"
      : magic === "ustar  \0"
      ? "gnu"
      : magic.startsWith("ustar")
      ? "ustar"
      : "v7";
    const name = textOf(block.subarray(0, 100));
    // GNU has times where ustar has the prefix.
    const prefix = format === "ustar" || format === "pax"
      ? textOf(block.subarray(345, 500))
      : "";
    const path = this.#longNames.path ?? this.#paxValue("path") ??
      (prefix === "" ? name : `${prefix}/${name}`);
    const hasOwners = format !== "v7";
    const isDirectory = flag === "5" || (flag === "0" && path.endsWith("/"));
    return {
      index: this.#entries,
      path: isDirectory ? path.replace(/\/+$/, "") || "/" : path,
      type: isDirectory ? "directory" : TYPES[flag] ?? "other",
      typeFlag: flag,
      mode: this.#number(block, 100, 108, undefined),
      uid: this.#number(block, 108, 116, "uid"),
      gid: this.#number(block, 116, 124, "gid"),
      size,
      mtime: this.#number(block, 136, 148, "mtime"),
      userName: this.#paxValue("uname") ??
        (hasOwners ? textOf(block.subarray(265, 297)) : ""),
      groupName: this.#paxValue("gname") ??
        (hasOwners ? textOf(block.subarray(297, 329)) : ""),
      linkPath: this.#longNames.linkPath ?? this.#paxValue("linkpath") ??
        textOf(block.subarray(157, 257)),
      format,
      offset,
    };
  }

  #number(
    block: Uint8Array,
    start: number,
    end: number,
    key: string | undefined,
  ): number {
    const text = key === undefined ? undefined : this.#paxValue(key);
    const value = text === undefined
      ? readTarNumber(block.subarray(start, end))
      : /^-?\d+(\.\d*)?$/.test(text)
      ? Math.floor(Number(text))
      : undefined;
    if (value !== undefined) return value;
    this.#stats?.count("tar_bad_number", "notice", {
      offset: this.#queue.offset - BLOCK_BYTES + start,
    });
    return 0;
  }

  #paxValue(key: string): string | undefined {
    // An empty value takes an earlier one back.
    return (this.#pax.get(key) ?? this.#globalPax.get(key)) || undefined;
  }

  #readSparse(): boolean {
    const block = this.#queue.take(BLOCK_BYTES);
    if (block === undefined) return false;
    if (block[504] === 0) this.#state = "content";
    return true;
  }

  #readContent(): boolean {
    if (this.#remaining > 0) {
      if (this.#queue.available === 0) return false;
      const bytes = this.#queue.take(
        Math.min(this.#remaining, this.#queue.available),
      )!;
      this.#remaining -= bytes.length;
      this.#sink.onData(bytes);
      return true;
    }
    this.#sink.onEntryEnd();
    this.#state = "padding";
    return true;
  }

  #pad(size: number): void {
    this.#padding = (BLOCK_BYTES - size % BLOCK_BYTES) % BLOCK_BYTES;
    this.#state = "padding";
  }

  /** @param step 0 for the entry whose header is read, -1 for the one before. */
  #record(step: 0 | -1): string {
    return `entry ${this.#entries + step}`;
  }

  #fault(state: string, offset: number): FormatError {
    const record = this.#record(0);
    return new FormatError(
      `Cannot read tar ${record} at byte ${offset}: ${state}`,
      { format: "tar", offset, record },
    );
  }
}

function textOf(field: Uint8Array): string {
  const end = field.indexOf(0);
  return decoder.decode(end < 0 ? field : field.subarray(0, end));
}
