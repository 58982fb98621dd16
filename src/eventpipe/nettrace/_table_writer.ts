import { ByteWriter } from "../../codec/byte_writer.ts";
import { writeString6 } from "./_field_list_writer.ts";
import { writeLabels, type WrittenLabels } from "./_label_writer.ts";
import type { NettraceLabels, NettraceStack, NettraceThread } from "./types.ts";

const MAX_U16 = 0xffff;

/**
 * Collects entries of a table that begins anew at every sequence point and gives
 * them their ids, from 1 on. Entries are told apart by their bytes.
 */
class EntryTable {
  readonly #block = new ByteWriter({ littleEndian: true });
  #ids = new Map<string, number>();
  #written = 0;

  constructor() {
    this.#start();
  }

  /** Bytes that wait to be written. */
  get length(): number {
    return this.#block.length;
  }

  /** Adds an entry by writing it. @returns Its id. */
  add(write: (block: ByteWriter) => void): number {
    const start = this.#block.length;
    write(this.#block);
    const key = this.#block.view().subarray(start).toHex();
    const known = this.#ids.get(key);
    if (known !== undefined) {
      this.#block.truncate(start);
      return known;
    }
    const id = this.#ids.size + 1;
    this.#ids.set(key, id);
    return id;
  }

  /** Hands out the block of the new entries, if there are any. */
  takeNew(use: (content: Uint8Array) => void): void {
    const count = this.#ids.size - this.#written;
    if (count === 0) return;
    this.#block.u32At(0, this.#written + 1);
    this.#block.u32At(4, count);
    use(this.#block.view());
    this.#start();
  }

  clear(): void {
    this.#ids = new Map();
    this.#start();
  }

  #start(): void {
    this.#block.clear();
    this.#block.zeros(8);
    this.#written = this.#ids.size;
  }
}

/** Gives stacks their ids between two sequence points. */
export class StackTableWriter extends EntryTable {
  /** Ids of stacks that a decoder gives again and again as the same object. */
  #known = new Map<NettraceStack, number>();

  /** @returns The stack's id, 0 for an empty one. */
  idOf(stack: NettraceStack): number {
    if (stack.depth === 0) return 0;
    const known = this.#known.get(stack);
    if (known !== undefined) return known;
    const id = this.add((block) => {
      block.u32(stack.bytes.length);
      block.bytes(stack.bytes);
    });
    if (stack.id > 0) this.#known.set(stack, id);
    return id;
  }

  override clear(): void {
    super.clear();
    this.#known = new Map();
  }
}

/** Gives label lists their indexes between two sequence points. */
export class LabelTableWriter extends EntryTable {
  /** @returns The list's index, 0 for an empty one. */
  indexOf(
    labels: NettraceLabels,
    activityId: string | undefined,
    relatedActivityId: string | undefined,
  ): number {
    if (
      labels.index === 0 && activityId === undefined &&
      relatedActivityId === undefined
    ) return 0;
    const written: WrittenLabels = { ...labels, activityId, relatedActivityId };
    let isEmpty = false;
    const index = this.add((block) => {
      isEmpty = !writeLabels(block, written);
      // An empty list has no form of its own.
      if (isEmpty) block.u8(0);
    });
    return isEmpty ? 0 : index;
  }
}

/** Gives threads of version 6 their indexes and collects their rows. */
export class ThreadTableWriter {
  readonly #rows = new ByteWriter({ littleEndian: true });
  readonly #byThread = new Map<NettraceThread, number>();
  readonly #byProcess = new Map<
    number | undefined,
    Map<number | bigint, number>
  >();
  #count = 0;

  /** Bytes that wait to be written. */
  get length(): number {
    return this.#rows.length;
  }

  /** Threads so far. */
  get count(): number {
    return this.#count;
  }

  /** @returns The index of a thread of a version 6 source. */
  indexOf(thread: NettraceThread): number {
    let index = this.#byThread.get(thread);
    if (index === undefined) {
      index = this.#count++;
      this.#byThread.set(thread, index);
      this.#writeRow(index, thread);
    }
    return index;
  }

  /** @returns The index of a thread of which only the number is known. */
  indexOfId(
    processId: number | undefined,
    key: number | bigint,
    threadId: number | undefined,
  ): number {
    let threads = this.#byProcess.get(processId);
    if (threads === undefined) {
      this.#byProcess.set(processId, threads = new Map());
    }
    let index = threads.get(key);
    if (index === undefined) {
      index = this.#count++;
      threads.set(key, index);
      this.#writeRow(index, {
        name: undefined,
        processId,
        threadId,
        attributes: [],
      });
    }
    return index;
  }

  /** Hands out the rows of the new threads, if there are any. */
  takeNew(use: (content: Uint8Array) => void): void {
    if (this.#rows.length === 0) return;
    use(this.#rows.view());
    this.#rows.clear();
  }

  #writeRow(
    index: number,
    thread: Omit<NettraceThread, "index">,
  ): void {
    const rows = this.#rows;
    const start = rows.length;
    rows.u16(0);
    rows.varuint(index);
    for (
      const [kind, id] of [[2, thread.processId], [3, thread.threadId]] as const
    ) {
      if (id === undefined) continue;
      rows.u8(kind);
      rows.varuint(BigInt(id));
    }
    const idsEnd = rows.length;
    if (thread.name !== undefined) {
      rows.u8(1);
      writeString6(rows, thread.name);
    }
    for (const [key, value] of thread.attributes) {
      rows.u8(4);
      writeString6(rows, key);
      writeString6(rows, value);
    }
    // The ids are what matters, should a row exceed its 16-bit size.
    if (rows.length - start - 2 > MAX_U16) rows.truncate(idsEnd);
    rows.u16At(start, rows.length - start - 2);
  }
}
