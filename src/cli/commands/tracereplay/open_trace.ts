import { DecodeStats } from "../../../base/decode_stats.ts";
import { readGzip } from "../../../container/gzip.ts";
import { sniffGzip } from "../../../container/sniff_gzip.ts";
import { sniffZstd } from "../../../container/sniff_zstd.ts";
import { readZstd } from "../../../container/zstd.ts";
import { readFileStream } from "../../../platform/file_source.ts";
import { followFile } from "../../../platform/follow_file.ts";
import type { CommandContext } from "../../command.ts";
import { UsageError } from "../../usage_error.ts";

/** Files are read in large pieces: a replay shall not wait for the disk. */
const PIECE_BYTES = 2 * 1024 * 1024;
/** Bytes that tell whether a stream is packed. */
const MAGIC_BYTES = 4;

/** A trace file that was named on the command line. */
export interface TraceInput {
  /** Name for messages. */
  readonly name: string;
  /** Whether it can be opened once only. */
  readonly isStream: boolean;
  /** Collects what is wrong with it. */
  readonly stats: DecodeStats;
  /** Opens it from its start, without compression. */
  open(): AsyncIterable<Uint8Array>;
}

/** How {@linkcode openTrace} opens. */
export interface OpenTraceOptions {
  /** Whether to wait for more at the end of the file. @default {false} */
  readonly follow?: boolean | undefined;
}

/**
 * Opens a trace file named on the command line, or standard input for `-`.
 * Compression is taken off. A file that grows ends where it ended when it was
 * opened; a pipe is given out as it comes.
 *
 * @param path As typed.
 * @param context The running command.
 * @param options Whether to follow.
 * @returns The input.
 * @throws {UsageError} When it is a folder, or standard input is a terminal.
 */
export async function openTrace(
  path: string,
  context: CommandContext,
  options: OpenTraceOptions = {},
): Promise<TraceInput> {
  const { console, signal } = context;
  const stats = new DecodeStats();
  if (path === "-") {
    if (console.stdinIsTerminal) {
      throw new UsageError(
        "Cannot read a trace from the terminal",
        "name a file, or send one into standard input",
      );
    }
    return {
      name: "standard input",
      isStream: true,
      stats,
      open: () => unpack(console.stdin(), stats, signal),
    };
  }
  const info = await statFile(path);
  if (options.follow === true) {
    return {
      name: path,
      isStream: true,
      stats,
      open: () => followFile(path, { signal }),
    };
  }
  const isStream = !info.isFile;
  return {
    name: path,
    isStream,
    stats,
    open() {
      const pieceBytes = isStream ? undefined : PIECE_BYTES;
      const stream = readFileStream(path, { signal, pieceBytes });
      const whole = isStream ? stream : firstBytes(stream, info.size);
      return unpack(whole, stats, signal);
    },
  };
}

/** Looks at no more bytes than it must, since a pipe may not have more for long. */
async function* unpack(
  stream: AsyncIterable<Uint8Array>,
  stats: DecodeStats,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array> {
  const iterator = stream[Symbol.asyncIterator]();
  const chunks: Uint8Array[] = [];
  const head: number[] = [];
  while (head.length < MAGIC_BYTES) {
    const next = await iterator.next();
    if (next.done === true) break;
    chunks.push(next.value);
    head.push(...next.value.subarray(0, MAGIC_BYTES));
  }
  async function* whole(): AsyncGenerator<Uint8Array> {
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
  const magic = new Uint8Array(head);
  if (sniffGzip(magic)) yield* readGzip(whole(), { stats, signal });
  else if (sniffZstd(magic)) yield* readZstd(whole(), { stats, signal });
  else yield* whole();
}

async function statFile(path: string): Promise<Deno.FileInfo> {
  try {
    const info = await Deno.stat(path);
    if (!info.isDirectory) return info;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) {
      throw new Error(`Cannot open ${path}: no such file or directory`, {
        cause: error,
      });
    }
    throw error;
  }
  throw new UsageError(
    `Cannot read ${path}: it is a folder`,
    "name the files in it",
  );
}

async function* firstBytes(
  stream: AsyncIterable<Uint8Array>,
  count: number,
): AsyncGenerator<Uint8Array> {
  let left = count;
  if (left === 0) return;
  for await (const chunk of stream) {
    yield chunk.length > left ? chunk.subarray(0, left) : chunk;
    left -= Math.min(left, chunk.length);
    if (left === 0) return;
  }
}
