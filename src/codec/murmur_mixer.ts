/**
 * Spreads the bits of a 32-bit number over the whole result: the finaliser of
 * MurmurHash3. Different numbers give different results.
 *
 * @param value From 0 to 2^32 - 1; higher bits are cut.
 * @returns From 0 to 2^32 - 1.
 */
export function mixUint32(value: number): number {
  let x = value >>> 0;
  x = Math.imul(x ^ (x >>> 16), 0x85ebca6b);
  x = Math.imul(x ^ (x >>> 13), 0xc2b2ae35);
  return (x ^ (x >>> 16)) >>> 0;
}

/**
 * Spreads the bits of a 64-bit number over the whole result: the finaliser of
 * MurmurHash3. Different numbers give different results.
 *
 * @param value From 0 to 2^64 - 1; higher bits are cut.
 * @returns From 0 to 2^64 - 1.
 *
 * @example A vector
 * ```ts
 * import { mixUint64 } from "../../src/codec/murmur_mixer.ts";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(mixUint64(2n), 4233148493373801447n);
 * ```
 */
export function mixUint64(value: bigint): bigint {
  let x = BigInt.asUintN(64, value);
  x = BigInt.asUintN(64, (x ^ (x >> 33n)) * 0xff51afd7ed558ccdn);
  x = BigInt.asUintN(64, (x ^ (x >> 33n)) * 0xc4ceb9fe1a85ec53n);
  return x ^ (x >> 33n);
}
