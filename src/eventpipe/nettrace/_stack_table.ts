import type { DecodeStats } from "../../base/decode_stats.ts";
import { LimitError } from "../../base/errors.ts";
import { BlockDamage } from "./_block_damage.ts";
import type { ByteWindow } from "./_byte_window.ts";
import { MAX_STACK_BYTES } from "./_table_bytes.ts";
import type { NettraceStack } from "./types.ts";

/** What a {@linkcode StackTable} needs to know. */
export interface StackTableOptions {
  readonly pointerSize: 4 | 8;
  /** Most stacks between two sequence points. */
  readonly maxStacks: number;
  readonly stats: DecodeStats;
  readonly onStack: ((stack: NettraceStack) => void) | undefined;
}

/** Stacks by id; ids start anew at every sequence point. */
export class StackTable {
  readonly #pointerSize: 4 | 8;
  readonly #maxStacks: number;
  readonly #stats: DecodeStats;
  readonly #onStack: ((stack: NettraceStack) => void) | undefined;
  #stacks = new Map<number, NettraceStack>();
  #byteCount = 0;
  /** What events without a stack have. */
  readonly none: NettraceStack;

  constructor(options: StackTableOptions) {
    this.#pointerSize = options.pointerSize;
    this.#maxStacks = options.maxStacks;
    this.#stats = options.stats;
    this.#onStack = options.onStack;
    this.none = {
      id: 0,
      bytes: new Uint8Array(0),
      pointerSize: options.pointerSize,
      depth: 0,
    };
  }

  get(id: number): NettraceStack | undefined {
    return this.#stacks.get(id);
  }

  clear(): void {
    this.#stacks.clear();
    this.#byteCount = 0;
  }

  /**
   * Takes over the stacks of a block: first id, count, then length and
   * addresses of each, all numbers 32 bits wide.
   */
  addBlock(window: ByteWindow): void {
    const { view, base, end } = window;
    this.#reserve(end - window.start, base + window.start);
    // Stacks outlive the memory of their block.
    const block = window.bytes.slice(window.start, end);
    const shift = window.start;
    let at = window.start;
    if (end - at < 8) {
      throw new BlockDamage(
        "StackBlock",
        `${end - at} of 8 header bytes are there`,
        base + at,
      );
    }
    const firstId = view.getUint32(at, true);
    const count = view.getUint32(at + 4, true);
    at += 8;
    for (let index = 0; index < count; index++) {
      const size = at + 4 <= end ? view.getUint32(at, true) : 0;
      if (at + 4 + size > end) {
        throw new BlockDamage(
          "StackBlock",
          `stack ${index + 1} of ${count} exceeds the block`,
          base + at,
        );
      }
      at += 4;
      this.#add(
        (firstId + index) >>> 0,
        block.subarray(at - shift, at - shift + size),
        base + at,
      );
      at += size;
    }
  }

  /** Counts a block as a whole: one stack is enough to keep its memory. */
  #reserve(count: number, offset: number): void {
    this.#byteCount += count;
    if (this.#byteCount <= MAX_STACK_BYTES) return;
    throw new LimitError(
      `Cannot keep nettrace stacks at byte ${offset}: ${this.#byteCount} bytes since the last sequence point, limit is ${MAX_STACK_BYTES}`,
      { limit: "tableBytes", value: this.#byteCount, offset },
    );
  }

  #add(id: number, bytes: Uint8Array, offset: number): void {
    const pointerSize = this.#pointerSize;
    const depth = Math.floor(bytes.length / pointerSize);
    if (depth * pointerSize !== bytes.length) {
      this.#stats.count("nettrace_stack_remainder", "notice", {
        offset,
        detail:
          `stack of ${bytes.length} bytes with ${pointerSize}-byte addresses`,
      });
      bytes = bytes.subarray(0, depth * pointerSize);
    }
    if (this.#stacks.size >= this.#maxStacks) {
      throw new LimitError(
        `Cannot keep nettrace stacks at byte ${offset}: ${this.#stacks.size} since the last sequence point, limit is ${this.#maxStacks}`,
        {
          limit: "maxTableEntries",
          value: this.#stacks.size + 1,
          offset,
        },
      );
    }
    if (this.#stacks.has(id)) {
      this.#stats.count("nettrace_stack_redefined", "notice", {
        offset,
        detail: `stack id ${id}`,
      });
    }
    const stack: NettraceStack = { id, bytes, pointerSize, depth };
    this.#stacks.set(id, stack);
    this.#onStack?.(stack);
  }
}
