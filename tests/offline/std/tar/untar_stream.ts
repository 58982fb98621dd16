/**
 * Stands in for `@std/tar/untar-stream` on networks without JSR.
 *
 * @module
 */

/** The header of an entry in the form that tar began with. */
export interface OldStyleFormat {
  /** The name, or the end of it. */
  name: string;
  /** Rights. */
  mode: number;
  /** Number of the owner. */
  uid: number;
  /** Number of the group. */
  gid: number;
  /** Bytes of content. */
  size: number;
  /** Seconds since 1970. */
  mtime: number;
  /** The kind of entry, `"0"` for a file. */
  typeflag: string;
  /** Where a link leads. */
  linkname: string;
}

/** The header of an entry in the form of POSIX. */
export interface PosixUstarFormat extends OldStyleFormat {
  /** `"ustar\0"`. */
  magic: string;
  /** `"00"`. */
  version: string;
  /** Name of the owner. */
  uname: string;
  /** Name of the group. */
  gname: string;
  /** Major number of a device. */
  devmajor: string;
  /** Minor number of a device. */
  devminor: string;
  /** The beginning of the name. */
  prefix: string;
}

/** An entry of an archive. */
export interface TarStreamEntry {
  /** All that its header says. */
  header: OldStyleFormat | PosixUstarFormat;
  /** Its whole name, as the archive has it: it can lead anywhere. */
  path: string;
  /** Its content, to be read or cancelled; links, devices and folders have none. */
  readable?: ReadableStream<Uint8Array>;
}

const BLOCK_BYTES = 512;

/** Kinds of entries that have no content. */
const KINDS_WITHOUT_CONTENT = "123456";

const DECODER = new TextDecoder();

/**
 * Turns an archive into its entries. The next entry comes when the content of
 * the one before is read or cancelled.
 */
export class UntarStream
  implements TransformStream<Uint8Array, TarStreamEntry> {
  /** The entries. */
  readonly readable: ReadableStream<TarStreamEntry>;
  /** Takes the archive. */
  readonly writable: WritableStream<Uint8Array>;

  /** Makes a stream for one archive. */
  constructor() {
    const archive = new TransformStream<Uint8Array, Uint8Array>();
    this.writable = archive.writable;
    this.readable = ReadableStream.from(
      readEntries(new BlockReader(archive.readable)),
    );
  }
}

async function* readEntries(
  blocks: BlockReader,
): AsyncGenerator<TarStreamEntry> {
  await blocks.open();
  while (true) {
    if (blocks.isAtEnd()) {
      await blocks.cancel();
      return;
    }
    const block = await blocks.next();
    if (block === undefined) {
      throw new TypeError("Cannot read archive: its end mark is missing");
    }
    const header = decodeHeader(block);
    const prefix = "prefix" in header && header.prefix !== ""
      ? `${header.prefix}/`
      : "";
    const entry: TarStreamEntry = { path: prefix + header.name, header };
    if (KINDS_WITHOUT_CONTENT.includes(header.typeflag)) {
      yield entry;
      continue;
    }
    const { promise, resolve } = Promise.withResolvers<void>();
    entry.readable = openContent(readContent(blocks, header.size), resolve);
    yield entry;
    await promise;
  }
}

function openContent(
  chunks: AsyncGenerator<Uint8Array<ArrayBuffer>>,
  onDone: () => void,
): ReadableStream<Uint8Array> {
  return new ReadableStream({
    type: "bytes",
    async pull(controller) {
      const { done, value } = await chunks.next();
      if (!done) {
        controller.enqueue(value);
        return;
      }
      onDone();
      controller.close();
      controller.byobRequest?.respond(0);
    },
    async cancel() {
      for await (const _ of chunks);
      onDone();
    },
  });
}

async function* readContent(
  blocks: BlockReader,
  size: number,
): AsyncGenerator<Uint8Array<ArrayBuffer>> {
  for (let left = size; left > 0; left -= BLOCK_BYTES) {
    const block = await blocks.next();
    if (block === undefined) {
      throw new SyntaxError(
        `Cannot read archive: it ends ${left} bytes before the end of an entry`,
      );
    }
    yield left < BLOCK_BYTES ? block.subarray(0, left) : block;
  }
}

function decodeHeader(block: Uint8Array): OldStyleFormat | PosixUstarFormat {
  const text = (start: number, end: number): string =>
    DECODER.decode(block.subarray(start, end));
  const name = (start: number, end: number): string =>
    text(start, end).split("\0", 1)[0] ?? "";
  const octal = (start: number, end: number): number =>
    parseInt(text(start, end), 8);
  const declared = octal(148, 156);
  block.fill(" ".charCodeAt(0), 148, 156);
  if (block.reduce((sum, byte) => sum + byte) !== declared) {
    throw new SyntaxError(
      "Cannot read archive: the checksum of a header is wrong",
    );
  }
  const typeflag = text(156, 157);
  const header: OldStyleFormat = {
    name: name(0, 100),
    mode: octal(100, 108),
    uid: octal(108, 116),
    gid: octal(116, 124),
    size: octal(124, 136),
    mtime: octal(136, 147),
    typeflag: typeflag === "\0" ? "0" : typeflag,
    linkname: name(157, 257),
  };
  if (text(257, 265) !== "ustar\x0000") return header;
  return {
    ...header,
    magic: text(257, 263),
    version: text(263, 265),
    uname: name(265, 297),
    gname: name(297, 329),
    devmajor: text(329, 337).replaceAll("\0", ""),
    devminor: text(337, 345).replaceAll("\0", ""),
    prefix: name(345, 500),
  };
}

/** Gives blocks, two behind what it has read: these two may be the end mark. */
class BlockReader {
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>;
  readonly #ahead: Uint8Array<ArrayBuffer>[] = [];
  #rest: Uint8Array = new Uint8Array(0);

  constructor(stream: ReadableStream<Uint8Array>) {
    this.#reader = stream.getReader();
  }

  async open(): Promise<void> {
    for (let i = 0; i < 2; i++) {
      const block = await this.#read();
      if (block === undefined) {
        throw new RangeError(
          "Cannot read archive: it has less than 1024 bytes",
        );
      }
      this.#ahead.push(block);
    }
  }

  isAtEnd(): boolean {
    return this.#ahead.every((block) => block.every((byte) => byte === 0));
  }

  async next(): Promise<Uint8Array<ArrayBuffer> | undefined> {
    const block = await this.#read();
    if (block === undefined) return undefined;
    this.#ahead.push(block);
    return this.#ahead.shift();
  }

  async cancel(): Promise<void> {
    await this.#reader.cancel("the end mark was reached");
  }

  async #read(): Promise<Uint8Array<ArrayBuffer> | undefined> {
    const block = new Uint8Array(BLOCK_BYTES);
    let filled = 0;
    while (filled < BLOCK_BYTES) {
      if (this.#rest.length === 0) {
        const { done, value } = await this.#reader.read();
        if (done) break;
        this.#rest = value;
      }
      const part = this.#rest.subarray(0, BLOCK_BYTES - filled);
      block.set(part, filled);
      filled += part.length;
      this.#rest = this.#rest.subarray(part.length);
    }
    if (filled === 0) return undefined;
    if (filled === BLOCK_BYTES) return block;
    throw new RangeError(
      `Cannot read archive: its last block has ${filled} bytes, not ${BLOCK_BYTES}`,
    );
  }
}
