/** How a {@linkcode LruCache} lets entries grow old. */
export interface LruCacheOptions {
  /** Milliseconds after which an entry has expired; 0 is never. @default {0} */
  readonly lifetimeMs?: number | undefined;
  /** Milliseconds of a clock that is never set back; needed where entries expire. @default {always 0} */
  readonly now?: (() => number) | undefined;
}

const NONE = -1;
const FIRST_CAPACITY = 64;

/**
 * A map of bounded size that forgets the entry which was used longest ago.
 *
 * @typeParam K Keys, compared as by `Map`.
 * @typeParam V Values, never `undefined`.
 *
 * @example The least recently used entry goes
 * ```ts
 * import { LruCache } from "../../src/tracehandler/lru_cache.ts";
 * import { assertEquals } from "@std/assert";
 *
 * const cache = new LruCache<string, number>(2);
 * cache.add("a", 1);
 * cache.add("b", 2);
 * cache.get("a");
 * cache.add("c", 3);
 * assertEquals(cache.keys(), ["a", "c"]);
 * ```
 */
export class LruCache<K, V> {
  readonly #capacity: number;
  readonly #lifetimeMs: number;
  readonly #now: () => number;
  readonly #slots = new Map<K, number>();
  // One slot per entry, in a ring of neighbours from the oldest to the newest.
  #keys: (K | undefined)[] = [];
  #values: (V | undefined)[] = [];
  #expiry: Float64Array = new Float64Array(0);
  #older: Int32Array = new Int32Array(0);
  #newer: Int32Array = new Int32Array(0);
  #oldest = NONE;
  #newest = NONE;
  #free = NONE;
  #used = 0;

  /**
   * @param capacity Most entries, an integer above 0.
   * @param options Lifetime and clock.
   * @throws {RangeError} When the capacity is no integer above 0: "capacity must be positive".
   */
  constructor(capacity: number, options: LruCacheOptions = {}) {
    const { lifetimeMs = 0, now = () => 0 } = options;
    if (!Number.isSafeInteger(capacity) || capacity <= 0) {
      throw new RangeError(CAPACITY_MESSAGE);
    }
    this.#capacity = capacity;
    this.#lifetimeMs = lifetimeMs;
    this.#now = now;
  }

  /** Entries, also those that expired and were not met since. */
  get size(): number {
    return this.#slots.size;
  }

  /**
   * Adds an entry or replaces its value; either makes it the newest and starts
   * its lifetime.
   *
   * @param key The key.
   * @param value Its value.
   * @returns Whether another entry had to go.
   */
  add(key: K, value: V): boolean {
    let slot = this.#slots.get(key);
    let evicted = false;
    if (slot === undefined) {
      if (this.#slots.size >= this.#capacity) {
        this.#drop(this.#oldest);
        evicted = true;
      }
      slot = this.#takeSlot();
      this.#keys[slot] = key;
      this.#slots.set(key, slot);
      this.#append(slot);
    } else this.#touch(slot);
    this.#values[slot] = value;
    this.#restart(slot, this.#lifetimeMs);
    return evicted;
  }

  /**
   * Looks up an entry and makes it the newest; one that expired is removed.
   *
   * @param key The key.
   * @returns Its value, or `undefined`.
   */
  get(key: K): V | undefined {
    const slot = this.#slots.get(key);
    if (slot === undefined) return undefined;
    if (this.#hasExpired(slot)) {
      this.#drop(slot);
      return undefined;
    }
    this.#touch(slot);
    return this.#values[slot];
  }

  /** @param key The key. @returns Its value unless it expired; its age stays as it is. */
  peek(key: K): V | undefined {
    const slot = this.#slots.get(key);
    if (slot === undefined || this.#hasExpired(slot)) return undefined;
    return this.#values[slot];
  }

  /** @param key The key. @returns Whether it is there and has not expired; its age stays as it is. */
  contains(key: K): boolean {
    const slot = this.#slots.get(key);
    return slot !== undefined && !this.#hasExpired(slot);
  }

  /**
   * Looks up an entry, also one that expired, makes it the newest and starts
   * its lifetime anew.
   *
   * @param key The key.
   * @param lifetimeMs The new lifetime in milliseconds; 0 is for ever.
   * @returns Its value, or `undefined`.
   */
  getAndRefresh(key: K, lifetimeMs: number): V | undefined {
    const slot = this.#slots.get(key);
    if (slot === undefined) return undefined;
    this.#touch(slot);
    this.#restart(slot, lifetimeMs);
    return this.#values[slot];
  }

  /** @param key The key. @returns Whether there was such an entry; it is gone now. */
  remove(key: K): boolean {
    const slot = this.#slots.get(key);
    if (slot === undefined) return false;
    this.#drop(slot);
    return true;
  }

  /** Removes all that expired. @returns How many. */
  purgeExpired(): number {
    let count = 0;
    for (let slot = this.#oldest; slot !== NONE;) {
      const next = this.#newer[slot]!;
      if (this.#hasExpired(slot)) {
        this.#drop(slot);
        count++;
      }
      slot = next;
    }
    return count;
  }

  /** @returns Keys from the oldest to the newest. */
  keys(): K[] {
    const keys: K[] = [];
    for (let slot = this.#oldest; slot !== NONE; slot = this.#newer[slot]!) {
      keys.push(this.#keys[slot]!);
    }
    return keys;
  }

  #restart(slot: number, lifetimeMs: number): void {
    this.#expiry[slot] = lifetimeMs === 0 ? 0 : this.#now() + lifetimeMs;
  }

  #hasExpired(slot: number): boolean {
    const expiry = this.#expiry[slot]!;
    return expiry !== 0 && expiry <= this.#now();
  }

  #touch(slot: number): void {
    if (slot === this.#newest) return;
    this.#unlink(slot);
    this.#append(slot);
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

  #drop(slot: number): void {
    this.#slots.delete(this.#keys[slot]!);
    this.#unlink(slot);
    this.#keys[slot] = undefined;
    this.#values[slot] = undefined;
    this.#newer[slot] = this.#free;
    this.#free = slot;
  }

  #takeSlot(): number {
    const free = this.#free;
    if (free !== NONE) {
      this.#free = this.#newer[free]!;
      return free;
    }
    if (this.#used === this.#older.length) this.#grow();
    return this.#used++;
  }

  #grow(): void {
    const capacity = Math.min(
      this.#capacity,
      Math.max(FIRST_CAPACITY, this.#used * 2),
    );
    const expiry = new Float64Array(capacity);
    expiry.set(this.#expiry);
    this.#expiry = expiry;
    this.#older = grown(this.#older, capacity);
    this.#newer = grown(this.#newer, capacity);
  }
}

/** Words of the cache that the profiler is built on; they are part of its interface. */
const CAPACITY_MESSAGE = "capacity must be positive";

function grown(column: Int32Array, capacity: number): Int32Array {
  const result = new Int32Array(capacity);
  result.set(column);
  return result;
}
