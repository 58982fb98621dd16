/** Words of 32 bits of a key. */
export const FRAME_KEY_WORDS = 8;

const NONE = -1;

/**
 * Remembers what raw frames were converted to, the most recently used ones.
 * Keys are rows of integers and lie in typed arrays, so that looking one up
 * makes no garbage.
 *
 * @typeParam V What a frame was converted to.
 */
export class FrameCache<V> {
  readonly #capacity: number;
  readonly #mask: number;
  readonly #buckets: Int32Array;
  readonly #keys: Int32Array;
  readonly #values: (V | undefined)[] = [];
  readonly #next: Int32Array;
  readonly #older: Int32Array;
  readonly #newer: Int32Array;
  // Captures are hostile: without a secret start, keys could be chosen to collide.
  readonly #seed = Math.floor(Math.random() * 2 ** 32) | 0;
  #oldest = NONE;
  #newest = NONE;
  #size = 0;

  /**
   * @param capacity Most entries.
   * @throws {RangeError} When it is no integer above 0.
   */
  constructor(capacity: number) {
    if (!Number.isSafeInteger(capacity) || capacity <= 0) {
      throw new RangeError(
        `Cannot make frame cache: capacity is ${capacity}, expected an integer above 0`,
      );
    }
    this.#capacity = capacity;
    let buckets = 16;
    while (buckets < capacity) buckets *= 2;
    this.#mask = buckets - 1;
    this.#buckets = new Int32Array(buckets).fill(NONE);
    this.#keys = new Int32Array(capacity * FRAME_KEY_WORDS);
    this.#next = new Int32Array(capacity);
    this.#older = new Int32Array(capacity);
    this.#newer = new Int32Array(capacity);
  }

  /** Entries. */
  get size(): number {
    return this.#size;
  }

  /**
   * Looks up an entry and makes it the newest.
   *
   * @param key As many words as {@linkcode FRAME_KEY_WORDS}.
   * @returns Its value, or `undefined`.
   */
  get(key: Int32Array): V | undefined {
    const slot = this.#find(key, this.#hash(key) & this.#mask);
    if (slot === NONE) return undefined;
    if (slot !== this.#newest) {
      this.#unlink(slot);
      this.#append(slot);
    }
    return this.#values[slot];
  }

  /**
   * Adds an entry that is not there; the one that was used longest ago may have
   * to go.
   *
   * @param key As many words as {@linkcode FRAME_KEY_WORDS}; copied.
   * @param value Its value.
   */
  add(key: Int32Array, value: V): void {
    let slot: number;
    if (this.#size < this.#capacity) slot = this.#size++;
    else {
      slot = this.#oldest;
      this.#unlink(slot);
      this.#unchain(slot);
    }
    const bucket = this.#hash(key) & this.#mask;
    this.#keys.set(key, slot * FRAME_KEY_WORDS);
    this.#values[slot] = value;
    this.#next[slot] = this.#buckets[bucket]!;
    this.#buckets[bucket] = slot;
    this.#append(slot);
  }

  #find(key: Int32Array, bucket: number): number {
    const keys = this.#keys;
    probing:
    for (
      let slot = this.#buckets[bucket]!;
      slot !== NONE;
      slot = this.#next[slot]!
    ) {
      const at = slot * FRAME_KEY_WORDS;
      for (let word = 0; word < FRAME_KEY_WORDS; word++) {
        if (keys[at + word] !== key[word]) continue probing;
      }
      return slot;
    }
    return NONE;
  }

  #hash(key: Int32Array): number {
    let hash = this.#seed;
    for (let word = 0; word < FRAME_KEY_WORDS; word++) {
      hash = Math.imul(hash ^ key[word]!, 0x9e3779b1);
      hash ^= hash >>> 15;
    }
    return hash;
  }

  #unchain(slot: number): void {
    const at = slot * FRAME_KEY_WORDS;
    const key = this.#keys.subarray(at, at + FRAME_KEY_WORDS);
    const bucket = this.#hash(key) & this.#mask;
    if (this.#buckets[bucket] === slot) {
      this.#buckets[bucket] = this.#next[slot]!;
      return;
    }
    let before = this.#buckets[bucket]!;
    while (this.#next[before] !== slot) before = this.#next[before]!;
    this.#next[before] = this.#next[slot]!;
  }

  #append(slot: number): void {
    this.#older[slot] = this.#newest;
    this.#newer[slot] = NONE;
    if (this.#newest === NONE) this.#oldest = slot;
    else this.#newer[this.#newest] = slot;
    this.#newest = slot;
  }

  #unlink(slot: number): void {
    const older = this.#older[slot]!;
    const newer = this.#newer[slot]!;
    if (older === NONE) this.#oldest = newer;
    else this.#newer[older] = newer;
    if (newer === NONE) this.#newest = older;
    else this.#older[newer] = older;
  }
}
