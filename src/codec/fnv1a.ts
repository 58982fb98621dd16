const BIT_32 = 2 ** 32;
// Prime of the 128-bit form: 2^88 + 0x13b.
const PRIME_LOW = 0x13b;
const BASIS_64 = 0xcbf29ce484222325n;
const PRIME_64 = 0x100000001b3n;

/**
 * Hashes bytes with FNV-1a of 128 bits, piece by piece. The state is four
 * 32-bit limbs, which is several times faster than 128-bit integers.
 *
 * @example A hash of two pieces
 * ```ts
 * import { Fnv1a128 } from "../../src/codec/fnv1a.ts";
 * import { assertEquals } from "@std/assert";
 *
 * const hash = new Fnv1a128();
 * hash.update(new TextEncoder().encode("a"));
 * hash.update(new TextEncoder().encode("bc"));
 * assertEquals(hash.digest().toHex(), "a68d622cec8b5822836dbc7977af7f3b");
 * ```
 */
export class Fnv1a128 {
  // Lowest limb first; the start is the offset basis.
  #a = 0x6295c58d;
  #b = 0x62b82175;
  #c = 0x07bb0142;
  #d = 0x6c62272e;

  /**
   * @param bytes The next bytes.
   * @returns Itself.
   */
  update(bytes: Uint8Array): this {
    let a = this.#a;
    let b = this.#b;
    let c = this.#c;
    let d = this.#d;
    for (let index = 0; index < bytes.length; index++) {
      a = (a ^ bytes[index]!) >>> 0;
      // Exact in doubles: each product stays below 2^42.
      const p0 = a * PRIME_LOW;
      const p1 = b * PRIME_LOW + Math.floor(p0 / BIT_32);
      const p2 = c * PRIME_LOW + Math.floor(p1 / BIT_32) + ((a << 24) >>> 0);
      const p3 = d * PRIME_LOW + Math.floor(p2 / BIT_32) +
        (((b << 24) | (a >>> 8)) >>> 0);
      a = p0 % BIT_32;
      b = p1 % BIT_32;
      c = p2 % BIT_32;
      d = p3 % BIT_32;
    }
    this.#a = a;
    this.#b = b;
    this.#c = c;
    this.#d = d;
    return this;
  }

  /** @returns The 16 bytes of the hash of all bytes so far, highest first. */
  digest(): Uint8Array<ArrayBuffer> {
    const bytes = new Uint8Array(16);
    const view = new DataView(bytes.buffer);
    view.setUint32(0, this.#d);
    view.setUint32(4, this.#c);
    view.setUint32(8, this.#b);
    view.setUint32(12, this.#a);
    return bytes;
  }
}

/**
 * Hashes bytes with FNV-1a of 64 bits.
 *
 * @param bytes What to hash.
 * @returns The hash, from 0 to 2^64 - 1.
 */
export function fnv1a64(bytes: Uint8Array): bigint {
  let hash = BASIS_64;
  for (let index = 0; index < bytes.length; index++) {
    hash = BigInt.asUintN(64, (hash ^ BigInt(bytes[index]!)) * PRIME_64);
  }
  return hash;
}
