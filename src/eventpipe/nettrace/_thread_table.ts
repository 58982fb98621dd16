import type { DecodeStats } from "../../base/decode_stats.ts";
import { LimitError } from "../../base/errors.ts";
import { ByteReader } from "../../codec/byte_reader.ts";
import { BlockDamage, NETTRACE_FORMAT, readInBlock } from "./_block_damage.ts";
import type { ByteWindow } from "./_byte_window.ts";
import { readString6 } from "./_string6.ts";
import { MAX_TABLE_BYTES } from "./_table_bytes.ts";
import type { NettraceThread } from "./types.ts";

const ITEM = { name: 1, processId: 2, threadId: 3, attribute: 4 } as const;

/** What a {@linkcode ThreadTable} needs to know. */
export interface ThreadTableOptions {
  /** Most threads at a time. */
  readonly maxThreads: number;
  readonly stats: DecodeStats;
  readonly onThread: (thread: NettraceThread) => void;
  /** A thread is removed, which may be unknown; it is there until the call returns. */
  readonly onRemoved: (
    index: number | bigint,
    sequence: number,
    thread: NettraceThread | undefined,
    offset: number,
  ) => void;
}

interface Entry {
  readonly thread: NettraceThread;
  readonly size: number;
}

/** Threads of a version 6 stream by index. */
export class ThreadTable {
  readonly #options: ThreadTableOptions;
  #entries = new Map<number | bigint, Entry>();
  #byteCount = 0;

  constructor(options: ThreadTableOptions) {
    this.#options = options;
  }

  get(index: number | bigint): NettraceThread | undefined {
    return this.#entries.get(index)?.thread;
  }

  clear(): void {
    this.#entries.clear();
    this.#byteCount = 0;
  }

  /** Rows of u16 size, varuint64 index and items of u8 kind and content. */
  addBlock(window: ByteWindow): void {
    const reader = readerOf(window);
    while (reader.remaining > 0) {
      const { offset } = reader;
      const thread = readInBlock(
        "ThreadBlock",
        () => readThread(reader.sub(reader.u16())),
      );
      this.#add(thread, reader.offset - offset, offset);
    }
  }

  /** Entries of varuint64 index and varuint32 number of the thread's last event. */
  removeBlock(window: ByteWindow): void {
    const reader = readerOf(window);
    while (reader.remaining > 0) {
      const { offset } = reader;
      const [index, sequence] = readInBlock(
        "RemoveThreadBlock",
        () => [threadKeyOf(reader.varuint64()), reader.varuint32()] as const,
      );
      const entry = this.#entries.get(index);
      if (entry === undefined) {
        this.#options.stats.count("nettrace_thread_unknown", "notice", {
          offset,
          detail: `removal of thread index ${index}`,
        });
      }
      this.#options.onRemoved(index, sequence, entry?.thread, offset);
      if (entry !== undefined) {
        this.#entries.delete(index);
        this.#byteCount -= entry.size;
      }
    }
  }

  #add(thread: NettraceThread, size: number, offset: number): void {
    const key = threadKeyOf(thread.index);
    const { stats, maxThreads } = this.#options;
    const known = this.#entries.get(key);
    if (known !== undefined) {
      this.#byteCount -= known.size;
      stats.count("nettrace_thread_redefined", "notice", {
        offset,
        detail: `thread index ${key}`,
      });
    } else if (this.#entries.size >= maxThreads) {
      throw new LimitError(
        `Cannot keep nettrace threads at byte ${offset}: ${this.#entries.size} are there, limit is ${maxThreads}`,
        { limit: "maxTableEntries", value: this.#entries.size + 1, offset },
      );
    }
    this.#byteCount += size;
    if (this.#byteCount > MAX_TABLE_BYTES) {
      throw new LimitError(
        `Cannot keep nettrace threads at byte ${offset}: they take ${this.#byteCount} bytes, limit is ${MAX_TABLE_BYTES}`,
        { limit: "tableBytes", value: this.#byteCount, offset },
      );
    }
    this.#entries.set(key, { thread, size });
    this.#options.onThread(thread);
  }
}

/** Small keys as numbers, so that tables by key stay fast. */
export function threadKeyOf(index: bigint): number | bigint {
  return index <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(index) : index;
}

function readThread(row: ByteReader): NettraceThread {
  const index = row.varuint64();
  let name: string | undefined;
  let processId: number | undefined;
  let threadId: number | undefined;
  const attributes: [string, string][] = [];
  while (row.remaining > 0) {
    const { offset } = row;
    const kind = row.u8();
    switch (kind) {
      case ITEM.name:
        name = readString6(row);
        break;
      case ITEM.processId:
        processId = Number(row.varuint64());
        break;
      case ITEM.threadId:
        threadId = Number(row.varuint64());
        break;
      case ITEM.attribute:
        attributes.push([readString6(row), readString6(row)]);
        break;
      default:
        throw new BlockDamage(
          "ThreadBlock",
          `item kind ${kind} is unknown`,
          offset,
        );
    }
  }
  return { index, name, processId, threadId, attributes };
}

function readerOf(window: ByteWindow): ByteReader {
  return new ByteReader(window.bytes.subarray(window.start, window.end), {
    littleEndian: true,
    format: NETTRACE_FORMAT,
    baseOffset: window.base + window.start,
  });
}
