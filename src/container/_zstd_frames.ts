import { FormatError, LimitError, TruncatedError } from "../base/errors.ts";
import type { Limits } from "../base/limits.ts";
import { ChunkQueue } from "../codec/chunk_queue.ts";

// Frame (RFC 8878): magic 28 b5 2f fd, descriptor u8, [window u8],
// [dictionary id], [content size], blocks, [u32 checksum].
// Block: u24 = last (bit 0), type (bits 1, 2), size (bits 3 to 23), content.
// Skippable frame: 5x 2a 4d 18, u32 size, content.
const FRAME_MAGIC = 0xfd2fb528;
const SKIPPABLE_MAGIC = 0x184d2a50;
/** Record of the fault when something that is no frame follows a whole one. */
export const ZSTD_TRAILER = "trailer";
const MAX_BLOCK_BYTES = 128 * 1024;
const BLOCK_RAW = 0;
const BLOCK_RLE = 1;
const BLOCK_RESERVED = 3;
const DICTIONARY_ID_BYTES = [0, 1, 2, 4] as const;

/** A piece of a frame that a decoder can work on at once. */
export interface ZstdPart {
  /** Header, one whole block or checksum; valid until the next piece is asked for. */
  readonly bytes: Uint8Array;
  /** Whether the frame is complete with it. */
  readonly last: boolean;
  /** Whether it is the checksum. */
  readonly checksum: boolean;
  /** Bytes that the frame says it unpacks to, where it says so; only on its last part. */
  readonly contentBytes: number | undefined;
}

/**
 * Splits a stream of zstd frames into headers, blocks and checksums, without
 * unpacking anything: a decoder takes one frame, and only whoever knows the
 * borders can tell a stream that breaks off from one that is complete.
 */
export class ZstdFrames {
  readonly #queue = new ChunkQueue();
  readonly #limits: Limits;
  #state: "frame" | "block" | "checksum" = "frame";
  #frames = 0;
  #skipBytes = 0;
  #hasChecksum = false;
  #contentBytes: number | undefined;

  /** @param limits Uses `maxWindowBytes`. */
  constructor(limits: Limits) {
    this.#limits = limits;
  }

  /** Absolute offset of the next part. */
  get offset(): number {
    return this.#queue.offset;
  }

  /** @param chunk The next packed bytes. */
  push(chunk: Uint8Array): void {
    this.#queue.push(chunk);
  }

  /**
   * @returns The next part, or `undefined` when more bytes are needed.
   * @throws {FormatError} When the structure is damaged.
   * @throws {LimitError} When a frame needs too large a window.
   */
  next(): ZstdPart | undefined {
    if (this.#state === "block") return this.#nextBlock();
    if (this.#state === "checksum") {
      const bytes = this.#queue.take(4);
      return bytes === undefined ? undefined : this.#endFrame(bytes, true);
    }
    while (this.#skip()) {
      const magicBytes = this.#queue.peek(4);
      if (magicBytes === undefined) return undefined;
      const magic = littleEndian(magicBytes, 0, 4);
      if (magic === FRAME_MAGIC) return this.#nextHeader();
      if (!isSkippable(magic)) {
        throw this.#error(
          `magic is ${magicBytes.toHex()}`,
          this.#frames > 0 ? ZSTD_TRAILER : undefined,
        );
      }
      const header = this.#queue.take(8);
      if (header === undefined) return undefined;
      this.#skipBytes = littleEndian(header, 4, 4);
      this.#frames++;
    }
    return undefined;
  }

  /**
   * Says that the stream is complete.
   *
   * @returns The fault if it ends inside a frame, and what is there of a block
   * that needs no unpacking.
   */
  finish(): { fault: TruncatedError | undefined; rest: Uint8Array } {
    const available = this.#queue.available;
    const none = new Uint8Array(0);
    const complete = this.#state === "frame" && this.#skipBytes === 0 &&
      available === 0 && this.#frames > 0;
    if (complete) return { fault: undefined, rest: none };
    let missingBytes = Math.max(1, this.#skipBytes);
    let rest: Uint8Array = none;
    let part = "frame header";
    if (this.#state === "block") {
      part = "block";
      const head = this.#queue.peek(3);
      const word = head === undefined ? 0 : littleEndian(head, 0, 3);
      if (head !== undefined) {
        const size = ((word >> 1) & 3) === BLOCK_RLE ? 1 : word >> 3;
        missingBytes = size + 3 - available;
        if (((word >> 1) & 3) === BLOCK_RAW) {
          rest = this.#queue.peek(available)!.subarray(3);
        }
      }
    } else if (this.#state === "checksum") {
      part = "checksum";
      missingBytes = 4 - available;
    } else if (this.#skipBytes > 0) part = "skippable frame";
    const offset = this.#queue.offset + available;
    return {
      fault: new TruncatedError(
        `Cannot unpack zstd stream at byte ${offset}: stream ends inside a ${part}`,
        { format: "zstd", offset, missingBytes },
      ),
      rest,
    };
  }

  /** @returns Whether everything that is to be skipped is skipped. */
  #skip(): boolean {
    const count = Math.min(this.#skipBytes, this.#queue.available);
    this.#queue.consume(count);
    this.#skipBytes -= count;
    return this.#skipBytes === 0;
  }

  #nextHeader(): ZstdPart | undefined {
    const start = this.#queue.peek(5);
    if (start === undefined) return undefined;
    const descriptor = start[4]!;
    if ((descriptor & 8) !== 0) throw this.#error("reserved bit is set");
    const single = (descriptor & 0x20) !== 0;
    const dictionaryAt = single ? 5 : 6;
    const dictionaryBytes =
      DICTIONARY_ID_BYTES[(descriptor & 3) as 0 | 1 | 2 | 3];
    const contentAt = dictionaryAt + dictionaryBytes;
    const contentSizeFlag = descriptor >> 6;
    const contentSizeBytes = contentSizeFlag > 0
      ? 1 << contentSizeFlag
      : single
      ? 1
      : 0;
    const size = contentAt + contentSizeBytes;
    const header = this.#queue.peek(size);
    if (header === undefined) return undefined;
    const dictionary = littleEndian(header, dictionaryAt, dictionaryBytes);
    if (dictionary !== 0) {
      throw this.#error(`it needs dictionary ${dictionary}`);
    }
    // Two bytes of content size start to count at 256.
    const contentBytes = contentSizeBytes === 0
      ? undefined
      : littleEndian(header, contentAt, contentSizeBytes) +
        (contentSizeBytes === 2 ? 256 : 0);
    this.#checkWindow(single ? contentBytes! : windowBytes(header[5]!));
    this.#contentBytes = contentBytes;
    this.#hasChecksum = (descriptor & 4) !== 0;
    this.#state = "block";
    this.#frames++;
    this.#queue.consume(size);
    return innerPart(header);
  }

  #checkWindow(size: number): void {
    if (size <= this.#limits.maxWindowBytes) return;
    throw new LimitError(
      `Cannot unpack zstd stream at byte ${this.offset}: frame needs a window of ${size} bytes, limit is ${this.#limits.maxWindowBytes}`,
      { limit: "maxWindowBytes", value: size, offset: this.offset },
    );
  }

  #nextBlock(): ZstdPart | undefined {
    const head = this.#queue.peek(3);
    if (head === undefined) return undefined;
    const word = littleEndian(head, 0, 3);
    const type = (word >> 1) & 3;
    const size = word >> 3;
    if (type === BLOCK_RESERVED) throw this.#error("block type is reserved");
    if (size > MAX_BLOCK_BYTES) {
      throw this.#error(`block size is ${size}, expected at most 131072`);
    }
    const bytes = this.#queue.take(3 + (type === BLOCK_RLE ? 1 : size));
    if (bytes === undefined) return undefined;
    if ((word & 1) === 0) return innerPart(bytes);
    if (!this.#hasChecksum) return this.#endFrame(bytes, false);
    this.#state = "checksum";
    return innerPart(bytes);
  }

  #endFrame(bytes: Uint8Array, checksum: boolean): ZstdPart {
    this.#state = "frame";
    return { bytes, last: true, checksum, contentBytes: this.#contentBytes };
  }

  #error(state: string, record?: string): FormatError {
    return new FormatError(
      `Cannot unpack zstd stream at byte ${this.offset}: ${state}`,
      { format: "zstd", offset: this.offset, record },
    );
  }
}

function innerPart(bytes: Uint8Array): ZstdPart {
  return { bytes, last: false, checksum: false, contentBytes: undefined };
}

function isSkippable(magic: number): boolean {
  return magic >= SKIPPABLE_MAGIC && magic < SKIPPABLE_MAGIC + 16;
}

function windowBytes(descriptor: number): number {
  const base = 2 ** (10 + (descriptor >> 3));
  return base + base / 8 * (descriptor & 7);
}

/** Exact up to 2^53, rounded above, which no limit lets through. */
function littleEndian(bytes: Uint8Array, at: number, count: number): number {
  let value = 0;
  for (let index = at + count - 1; index >= at; index--) {
    value = value * 256 + (bytes[index] ?? 0);
  }
  return value;
}
