import { constants, crc32, createGzip, createInflateRaw } from "node:zlib";
import { FormatError, TruncatedError } from "../base/errors.ts";
import { resolveLimits } from "../base/limits.ts";
import { ChunkQueue } from "../codec/chunk_queue.ts";
import { countFault } from "./_count_fault.ts";
import type { PackStep } from "./_pack_engine.ts";
import { UnpackBudget } from "./_unpack_budget.ts";
import { ZlibEngine } from "./_zlib_engine.ts";
import { sniffGzip } from "./sniff_gzip.ts";
import type { UnpackOptions } from "./unpack_options.ts";

// A member: 1f 8b, method 8, flags, u32 mtime, extra flags, system, the fields
// that the flags announce, deflate data, u32 CRC-32, u32 size modulo 2^32.
const HEADER_BYTES = 10;
const TRAILER_BYTES = 8;
const FLAG_HEADER_CRC = 2;
const FLAG_EXTRA = 4;
const FLAG_NAME = 8;
const FLAG_COMMENT = 16;
const RESERVED_FLAGS = 0xe0;
/** Longest file name or comment that is looked for. */
const MAX_TEXT_BYTES = 65_536;

/** Deflate makes at most 1032 bytes of one, so a step gives at most 16 MiB. */
const STEP_BYTES = 16 * 1024;

/**
 * Unpacks a gzip stream of one or more members. Zero bytes behind the last
 * member are padding; other bytes there are counted in `stats`, or ignored, as
 * gzip does.
 *
 * @param source The packed bytes.
 * @param options Limits, where faults are counted, and the signal.
 * @returns The unpacked bytes; everything before a fault is delivered before it is thrown.
 * @throws {TruncatedError} When the stream ends inside a member and there is no `stats`.
 * @throws {FormatError} When the stream is damaged and there is no `stats`.
 * @throws {LimitError} When more comes out than the limits allow.
 *
 * @example Packing and unpacking
 * ```ts
 * import { readGzip, writeGzip } from "../../src/container/gzip.ts";
 * import { assertEquals } from "@std/assert";
 *
 * async function* hello() {
 *   yield new TextEncoder().encode("hello");
 * }
 * let text = "";
 * for await (const chunk of readGzip(writeGzip(hello()))) {
 *   text += new TextDecoder().decode(chunk);
 * }
 * assertEquals(text, "hello");
 * ```
 */
export async function* readGzip(
  source: AsyncIterable<Uint8Array>,
  options: UnpackOptions = {},
): AsyncGenerator<Uint8Array<ArrayBufferLike>, void, undefined> {
  const { stats, signal } = options;
  const budget = new UnpackBudget("gzip", resolveLimits(options.limits));
  const input = new GzipInput(source, budget, signal);
  try {
    yield* readMembers(input, budget, options);
  } catch (error) {
    if (!countFault(stats, "gzip", error)) throw error;
  } finally {
    await input.close();
  }
}

async function* readMembers(
  input: GzipInput,
  budget: UnpackBudget,
  options: UnpackOptions,
): AsyncGenerator<Uint8Array, void, undefined> {
  for (let member = 0;; member++) {
    if (!await input.fill(1)) {
      if (member > 0) return;
      throw input.truncated("header", HEADER_BYTES);
    }
    if (member > 0 && !await isMember(input)) {
      await skipPadding(input, options);
      return;
    }
    await skipHeader(input);
    yield* inflateMember(input, budget);
  }
}

async function isMember(input: GzipInput): Promise<boolean> {
  await input.fill(2);
  const [first, second] = input.queue.peek(Math.min(2, input.queue.available))!;
  return first === 0x1f && (second === undefined || second === 0x8b);
}

/** Tape blocks and some file systems pad with zeros; gzip(1) says nothing about those. */
async function skipPadding(
  input: GzipInput,
  options: UnpackOptions,
): Promise<void> {
  const offset = input.queue.offset;
  let size = 0;
  let zero = true;
  while (await input.fill(1)) {
    const bytes = input.queue.take(input.queue.available)!;
    size += bytes.length;
    zero &&= bytes.every((byte) => byte === 0);
  }
  if (zero) return;
  options.stats?.count("gzip_trailing_bytes", "notice", {
    amount: size,
    offset,
    detail: `${size} bytes follow the last member`,
  });
}

async function skipHeader(input: GzipInput): Promise<void> {
  const at = input.queue.offset;
  const header = await input.need(HEADER_BYTES, "header");
  if (!sniffGzip(header)) {
    throw input.damaged(`magic is ${header.subarray(0, 3).toHex()}`, at);
  }
  const flags = header[3]!;
  if ((flags & RESERVED_FLAGS) !== 0) {
    throw input.damaged(`flags are 0x${flags.toString(16)}`, at + 3);
  }
  input.queue.consume(HEADER_BYTES);
  if ((flags & FLAG_EXTRA) !== 0) {
    const [low, high] = await input.need(2, "header");
    const size = 2 + low! + high! * 256;
    await input.need(size, "header");
    input.queue.consume(size);
  }
  if ((flags & FLAG_NAME) !== 0) await skipText(input);
  if ((flags & FLAG_COMMENT) !== 0) await skipText(input);
  if ((flags & FLAG_HEADER_CRC) !== 0) {
    await input.need(2, "header");
    input.queue.consume(2);
  }
}

async function skipText(input: GzipInput): Promise<void> {
  for (let count = 0; count < MAX_TEXT_BYTES; count++) {
    const [byte] = await input.need(1, "header");
    input.queue.consume(1);
    if (byte === 0) return;
  }
  throw input.damaged(
    `name is longer than ${MAX_TEXT_BYTES} bytes`,
    input.queue.offset,
  );
}

async function* inflateMember(
  input: GzipInput,
  budget: UnpackBudget,
): AsyncGenerator<Uint8Array, void, undefined> {
  const stream = createInflateRaw({ chunkSize: 64 * 1024 });
  using engine = new ZlibEngine(stream);
  const start = input.queue.offset;
  let crc = 0;
  let size = 0;
  const deliver = function* (step: PackStep): Generator<Uint8Array> {
    for (const chunk of step.output) {
      crc = crc32(chunk, crc);
      size = (size + chunk.length) % 2 ** 32;
      budget.addUnpacked(chunk.length);
      yield chunk;
    }
  };
  while (!engine.ended) {
    if (!await input.fill(1)) {
      const last = await engine.end();
      yield* deliver(last);
      if (last.fault !== undefined) {
        throw input.truncated("deflate data", 1, last.fault);
      }
      break;
    }
    const piece = input.queue.peek(
      Math.min(STEP_BYTES, input.queue.available),
    )!;
    const step = await engine.write(piece);
    yield* deliver(step);
    if (step.fault !== undefined) {
      throw input.damaged(
        `deflate data is damaged (${step.fault.message})`,
        input.queue.offset,
        step.fault,
      );
    }
    const consumed = start + stream.bytesWritten - input.queue.offset;
    input.queue.consume(Math.min(piece.length, consumed));
    if (consumed < piece.length) break;
  }
  const at = input.queue.offset;
  const trailer = await input.need(TRAILER_BYTES, "trailer");
  const view = new DataView(trailer.buffer, trailer.byteOffset, TRAILER_BYTES);
  const [wantedCrc, wantedSize] = [
    view.getUint32(0, true),
    view.getUint32(4, true),
  ];
  input.queue.consume(TRAILER_BYTES);
  if (wantedCrc !== crc || wantedSize !== size) {
    throw input.damaged(
      `checksum is ${hex32(crc)} over ${size} bytes, expected ${
        hex32(wantedCrc)
      } over ${wantedSize}`,
      at,
    );
  }
}

function hex32(value: number): string {
  return value.toString(16).padStart(8, "0");
}

/** The packed bytes, pulled as far as they are needed. */
class GzipInput {
  readonly queue = new ChunkQueue();
  readonly #iterator: AsyncIterator<Uint8Array>;
  readonly #budget: UnpackBudget;
  readonly #signal: AbortSignal | undefined;
  #done = false;

  constructor(
    source: AsyncIterable<Uint8Array>,
    budget: UnpackBudget,
    signal: AbortSignal | undefined,
  ) {
    this.#iterator = source[Symbol.asyncIterator]();
    this.#budget = budget;
    this.#signal = signal;
  }

  /** @returns Whether `count` bytes are there. */
  async fill(count: number): Promise<boolean> {
    this.#signal?.throwIfAborted();
    while (this.queue.available < count && !this.#done) {
      const { done, value } = await this.#iterator.next();
      if (done === true) this.#done = true;
      else {
        this.#budget.addPacked(value.length);
        this.queue.push(value);
      }
    }
    return this.queue.available >= count;
  }

  async need(count: number, part: string): Promise<Uint8Array> {
    if (!await this.fill(count)) throw this.truncated(part, count);
    return this.queue.peek(count)!;
  }

  truncated(part: string, count: number, cause?: Error): TruncatedError {
    const offset = this.queue.offset + this.queue.available;
    return new TruncatedError(
      `Cannot unpack gzip stream at byte ${offset}: stream ends inside the ${part}`,
      {
        format: "gzip",
        offset,
        missingBytes: Math.max(1, count - this.queue.available),
        ...(cause === undefined ? {} : { cause }),
      },
    );
  }

  damaged(state: string, offset: number, cause?: Error): FormatError {
    return new FormatError(
      `Cannot unpack gzip stream at byte ${offset}: ${state}`,
      {
        format: "gzip",
        offset,
        ...(cause === undefined ? {} : { cause }),
      },
    );
  }

  async close(): Promise<void> {
    if (!this.#done) await this.#iterator.return?.();
  }
}

/** How {@linkcode writeGzip} packs. */
export interface WriteGzipOptions {
  /** From 1, fastest, to 9, smallest. @default {6} */
  readonly level?: number | undefined;
  /** Ends the work. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * Packs bytes as one gzip member. The header holds no time, no name and no
 * system, so that equal input gives equal output.
 *
 * @param source The bytes; each chunk must stay unchanged until the next is asked for.
 * @param options Level and signal.
 * @returns The packed bytes.
 * @throws {RangeError} When the level is not an integer from 1 to 9.
 */
export async function* writeGzip(
  source: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  options: WriteGzipOptions = {},
): AsyncGenerator<Uint8Array<ArrayBufferLike>, void, undefined> {
  const { level = constants.Z_DEFAULT_COMPRESSION, signal } = options;
  if (level !== -1 && !(Number.isInteger(level) && level >= 1 && level <= 9)) {
    throw new RangeError(
      `Cannot pack gzip stream: level is ${level}, expected 1 to 9`,
    );
  }
  using engine = new ZlibEngine(createGzip({ level, chunkSize: 64 * 1024 }));
  let first = true;
  const deliver = function* (step: PackStep): Generator<Uint8Array> {
    if (step.fault !== undefined) throw step.fault;
    for (const chunk of step.output) {
      if (first) {
        // Bytes 4 to 7 are the time, 9 is the system that packed.
        chunk.fill(0, 4, 8);
        chunk[9] = 255;
        first = false;
      }
      yield chunk;
    }
  };
  for await (const chunk of source) {
    signal?.throwIfAborted();
    if (chunk.length > 0) yield* deliver(await engine.write(chunk));
  }
  yield* deliver(await engine.end());
}
