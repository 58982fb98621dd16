import type { RawTrace } from "../profile/raw_trace.ts";
import type { Trace } from "../profile/trace.ts";

/** Longer stacks are not remembered: they are rare, and memory is bounded by it. */
const MAX_WORDS = 256;

interface Entry {
  readonly words: Uint32Array;
  readonly kernelFrameCount: number;
  readonly pid: number;
  readonly generation: number;
  readonly trace: Trace;
  readonly frameCount: number;
}

/** A stack that was named before. */
export interface KnownStack {
  /** Its frames. */
  readonly trace: Trace;
  /** Raw frames in it that can be cached. */
  readonly frameCount: number;
}

/**
 * Remembers what whole stacks were converted to, those that were used lately:
 * programs are most of the time where they were before. Entries live in two
 * halves; when the newer one is full the older one is forgotten.
 */
export class StackCache {
  readonly #halfSize: number;
  // Captures are hostile: without a secret start, stacks could be chosen to collide.
  readonly #seed = Math.floor(Math.random() * 2 ** 32) | 0;
  #newer = new Map<number, Entry>();
  #older = new Map<number, Entry>();
  #hash = 0;

  /** @param capacity Most entries, above 1. */
  constructor(capacity: number) {
    this.#halfSize = capacity >> 1;
  }

  /**
   * Looks up a stack.
   *
   * @param trace A raw trace.
   * @param generation Of what names were known.
   * @returns What it was converted to, or `undefined`.
   */
  get(trace: RawTrace, generation: number): KnownStack | undefined {
    const hash = this.#hashOf(trace);
    this.#hash = hash;
    const newer = this.#newer.get(hash);
    if (newer !== undefined) {
      return isSame(newer, trace, generation) ? newer : undefined;
    }
    const older = this.#older.get(hash);
    if (older === undefined || !isSame(older, trace, generation)) {
      return undefined;
    }
    this.#put(hash, older);
    return older;
  }

  /**
   * Adds the stack that was looked up last, in vain.
   *
   * @param raw The raw trace; its words are copied.
   * @param generation As for {@linkcode StackCache.get}.
   * @param known What it was converted to.
   */
  add(raw: RawTrace, generation: number, known: KnownStack): void {
    const { frameData, kernelFrameCount, pid } = raw;
    if (frameData.length > MAX_WORDS * 2) return;
    this.#put(this.#hash, {
      words: frameData.slice(),
      kernelFrameCount,
      pid,
      generation,
      trace: known.trace,
      frameCount: known.frameCount,
    });
  }

  #put(hash: number, entry: Entry): void {
    if (this.#newer.size >= this.#halfSize) {
      this.#older = this.#newer;
      this.#newer = new Map();
    }
    this.#newer.set(hash, entry);
  }

  #hashOf({ frameData, pid }: RawTrace): number {
    let hash = this.#seed ^ pid;
    for (let word = 0; word < frameData.length; word++) {
      hash = Math.imul(hash ^ frameData[word]!, 0x9e3779b1);
      hash ^= hash >>> 15;
    }
    // Small integers are the fastest keys.
    return hash & 0x3fff_ffff;
  }
}

function isSame(entry: Entry, trace: RawTrace, generation: number): boolean {
  const { words } = entry;
  const { frameData } = trace;
  if (
    words.length !== frameData.length || entry.pid !== trace.pid ||
    entry.generation !== generation ||
    entry.kernelFrameCount !== trace.kernelFrameCount
  ) return false;
  for (let word = 0; word < words.length; word++) {
    if (words[word] !== frameData[word]) return false;
  }
  return true;
}
