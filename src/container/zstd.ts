import { constants, createZstdCompress, createZstdDecompress } from "node:zlib";
import type { FlushEngine, PackEngine, PackStep } from "./_pack_engine.ts";
import { unpackZstd } from "./_unpack_zstd.ts";
import { ZlibEngine } from "./_zlib_engine.ts";
import type { UnpackOptions } from "./unpack_options.ts";

/** Largest content of a block, so output needs no second piece for it. */
const OUTPUT_BYTES = 128 * 1024;

/**
 * Unpacks a zstd stream of one or more frames and skips skippable frames.
 * Where the runtime's `node:zlib` has no zstd, a slower decoder in JavaScript
 * steps in.
 *
 * @param source The packed bytes; chunks are kept until they are unpacked and must not change.
 * @param options Limits (unpacked size, ratio, window), where faults are counted, and the signal.
 * @returns The unpacked bytes; all whole blocks before a fault are delivered before it is thrown.
 * @throws {TruncatedError} When the stream ends inside a frame and there is no `stats`.
 * @throws {FormatError} When the stream is damaged or needs a dictionary, and there is no `stats`;
 * its `record` is `trailer` when whole frames are followed by something else.
 * @throws {LimitError} When more comes out, or a larger window is needed, than the limits allow.
 *
 * @example Packing and unpacking
 * ```ts
 * import { readZstd, writeZstd } from "../../src/container/zstd.ts";
 * import { assertEquals } from "@std/assert";
 *
 * async function* hello() {
 *   yield new TextEncoder().encode("hello");
 * }
 * let text = "";
 * for await (const chunk of readZstd(writeZstd(hello()))) {
 *   text += new TextDecoder().decode(chunk);
 * }
 * assertEquals(text, "hello");
 * ```
 */
export async function* readZstd(
  source: AsyncIterable<Uint8Array>,
  options: UnpackOptions = {},
): AsyncGenerator<Uint8Array<ArrayBufferLike>, void, undefined> {
  yield* unpackZstd(source, await chooseEngine(), options);
}

async function chooseEngine(): Promise<() => PackEngine> {
  const native = () => new ZlibEngine(openDecoder());
  if (hasNativeZstd()) return native;
  const { FzstdEngine } = await import("./_fzstd_engine.ts");
  return () => new FzstdEngine();
}

/** Older runtimes export the functions, but they throw. */
function hasNativeZstd(): boolean {
  try {
    openDecoder().destroy();
    return true;
  } catch (error) {
    if (error instanceof TypeError) return false;
    throw error;
  }
}

function openDecoder(): ReturnType<typeof createZstdDecompress> {
  return createZstdDecompress({
    chunkSize: OUTPUT_BYTES,
    // The caller's limit was checked before; the engine's own is 2^27.
    params: { [constants.ZSTD_d_windowLogMax]: 31 },
  });
}

/** How {@linkcode writeZstd} packs. */
export interface WriteZstdOptions {
  /** From 1, fastest, to 22, smallest; above 19 it needs much memory. @default {3} */
  readonly level?: number | undefined;
  /** Ends the work. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * Packs bytes as one zstd frame with a checksum. Where the runtime's
 * `node:zlib` has no zstd, a simple packer steps in whose frames are larger,
 * whatever the level.
 *
 * @param source The bytes; each chunk must stay unchanged until the next is asked for. After an
 * empty chunk everything before it is delivered, so that it can be unpacked although the stream
 * goes on.
 * @param options Level and signal.
 * @returns The packed bytes; equal input in equal chunks gives equal output.
 * @throws {RangeError} When the level is not an integer from 1 to 22.
 */
export async function* writeZstd(
  source: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  options: WriteZstdOptions = {},
): AsyncGenerator<Uint8Array<ArrayBufferLike>, void, undefined> {
  const { level = 3, signal } = options;
  if (!(Number.isInteger(level) && level >= 1 && level <= 22)) {
    throw new RangeError(
      `Cannot pack zstd stream: level is ${level}, expected 1 to 22`,
    );
  }
  using engine = await choosePacker(level);
  for await (const chunk of source) {
    signal?.throwIfAborted();
    yield* deliver(
      await (chunk.length > 0 ? engine.write(chunk) : engine.flush()),
    );
  }
  yield* deliver(await engine.end());
}

function* deliver({ output, fault }: PackStep): Generator<Uint8Array> {
  if (fault !== undefined) throw fault;
  yield* output;
}

async function choosePacker(level: number): Promise<FlushEngine> {
  if (!hasNativeZstd()) {
    const { LzZstdEngine } = await import("./_lz_zstd_engine.ts");
    return new LzZstdEngine();
  }
  return new ZlibEngine(createZstdCompress({
    chunkSize: OUTPUT_BYTES,
    params: {
      [constants.ZSTD_c_compressionLevel]: level,
      [constants.ZSTD_c_checksumFlag]: 1,
    },
  }));
}
