import type { DecodeStats } from "../base/decode_stats.ts";
import type { Limits } from "../base/limits.ts";
import { sniffGzip } from "../container/sniff_gzip.ts";
import { sniffZstd } from "../container/sniff_zstd.ts";
import type { UnpackOptions } from "../container/unpack_options.ts";
import { SNIFF_BYTES } from "./types.ts";
import type { FormatInput } from "./types.ts";

/** Deepest nesting of compression that is taken off. */
const MAX_WRAPPERS = 3;

/** Where the bytes of an input come from. */
export interface InputSource {
  /** Name for messages. */
  readonly name: string;
  /** Path in the file system, absent for streams. */
  readonly path?: string | undefined;
  /** Size in bytes as it lies there, where known. */
  readonly sizeBytes?: number | undefined;
  /** Opens the stream from its start; called once where `path` is absent. */
  readonly open: () => AsyncIterable<Uint8Array>;
}

/** How {@linkcode openInput} reads. */
export interface OpenInputOptions {
  /** Collects what is wrong with the input. */
  readonly stats: DecodeStats;
  /** Bounds for the decoders. */
  readonly limits?: Partial<Limits> | undefined;
  /** Ends the work. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * Looks at the start of an input and takes gzip and zstd off by their magic
 * numbers.
 *
 * @param source Where the bytes come from.
 * @param options Statistics, limits and signal.
 * @returns The input, ready for `detectFormat`. A stream without a path is held
 * open until it is read.
 */
export async function openInput(
  source: InputSource,
  options: OpenInputOptions,
): Promise<FormatInput> {
  const { stats, limits = {}, signal = new AbortController().signal } = options;
  const unpack = { stats, limits, signal };
  const wrappers: ("gzip" | "zstd")[] = [];
  let stream = await peek(source.open());
  while (wrappers.length < MAX_WRAPPERS) {
    const wrapper = wrapperOf(stream.head);
    if (wrapper === undefined) break;
    wrappers.push(wrapper);
    stream = await peek(unwrap(stream.read(), wrapper, unpack));
  }
  const { head } = stream;
  // A file is opened anew for each pass; a stream without a path has one pass.
  const canReopen = source.path !== undefined;
  if (canReopen) await stream.close();
  let isTaken = false;
  return {
    name: source.name,
    path: source.path,
    sizeBytes: source.sizeBytes,
    wrappers,
    head,
    stats,
    limits,
    signal,
    open() {
      if (!canReopen) {
        if (isTaken) {
          throw new Error(
            `Cannot read ${source.name} a second time: it is a stream; save it to a file first`,
          );
        }
        isTaken = true;
        return stream.read();
      }
      return wrappers.reduce<AsyncIterable<Uint8Array>>(
        (inner, wrapper) => unwrap(inner, wrapper, unpack),
        source.open(),
      );
    },
  };
}

function wrapperOf(head: Uint8Array): "gzip" | "zstd" | undefined {
  if (sniffGzip(head)) return "gzip";
  if (sniffZstd(head)) return "zstd";
  return undefined;
}

/** Loads the decompressor that is needed: most captures need none. */
async function* unwrap(
  stream: AsyncIterable<Uint8Array>,
  wrapper: "gzip" | "zstd",
  options: UnpackOptions,
): AsyncGenerator<Uint8Array> {
  if (wrapper === "gzip") {
    const { readGzip } = await import("../container/gzip.ts");
    yield* readGzip(stream, options);
  } else {
    const { readZstd } = await import("../container/zstd.ts");
    yield* readZstd(stream, options);
  }
}

interface PeekedStream {
  readonly head: Uint8Array;
  /** All bytes from the start; may be called once. */
  read(): AsyncIterable<Uint8Array>;
  close(): Promise<void>;
}

/** Reads the first bytes and keeps them for the reader. */
async function peek(stream: AsyncIterable<Uint8Array>): Promise<PeekedStream> {
  const iterator = stream[Symbol.asyncIterator]();
  const chunks: Uint8Array[] = [];
  let size = 0;
  while (size < SNIFF_BYTES) {
    const next = await iterator.next();
    if (next.done === true) break;
    chunks.push(next.value);
    size += next.value.length;
  }
  const head = new Uint8Array(Math.min(size, SNIFF_BYTES));
  let at = 0;
  for (const chunk of chunks) {
    const part = chunk.subarray(0, head.length - at);
    head.set(part, at);
    at += part.length;
  }
  async function* read(): AsyncGenerator<Uint8Array> {
    try {
      yield* chunks;
      while (true) {
        const next = await iterator.next();
        if (next.done === true) return;
        yield next.value;
      }
    } finally {
      await iterator.return?.();
    }
  }
  return {
    head,
    read,
    async close() {
      await iterator.return?.();
    },
  };
}
