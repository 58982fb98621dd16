// XXH3 with seed 0 and the default secret. Short inputs take 64-bit integers;
// the loop over long ones works on 32-bit halves, which is much faster.
const P32_1 = 0x9e3779b1;
const P32_2 = 0x85ebca77n;
const P32_3 = 0xc2b2ae3dn;
const P1 = 0x9e3779b185ebca87n;
const P2 = 0xc2b2ae3d27d4eb4fn;
const P3 = 0x165667b19e3779f9n;
const P4 = 0x85ebca77c2b2ae63n;
const P5 = 0x27d4eb2f165667c5n;
const MX1 = 0x165667919e3779f9n;
const MX2 = 0x9fb21c651e98df25n;
const BIT_32 = 2 ** 32;

const STRIPE_BYTES = 64;
const BLOCK_BYTES = 1024;

const SECRET = Uint8Array.fromHex(
  "b8fe6c3923a44bbe7c01812cf721ad1cded46de9839097db7240a4a4b7b3671f" +
    "cb79e64eccc0e578825ad07dccff7221b8084674f743248ee03590e6813a264c" +
    "3c2852bb91c300cb88d0658b1b532ea371644897a20df94e3819ef46a9deacd8" +
    "a8fa763fe39c343ff9dcbbc7c70b4f1d8a51e04bcdb45931c89f7ec9d9787364" +
    "eac5ac8334d3ebc3c581a0fffa1363eb170ddd51b7f0da49d316552629d4689e" +
    "2b16be587d47a1fc8ff8b8d17ad031ce45cb3a8f95160428afd7fbcabb4b407e",
);
const SECRET_VIEW = new DataView(SECRET.buffer);

/**
 * Hashes bytes with XXH3 of 64 bits and seed 0.
 *
 * @param bytes What to hash.
 * @returns The hash, from 0 to 2^64 - 1.
 *
 * @example The hash of nothing
 * ```ts
 * import { xxh3 } from "../../src/codec/xxh3.ts";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(xxh3(new Uint8Array(0)).toString(16), "2d06800538d394c2");
 * ```
 */
export function xxh3(bytes: Uint8Array): bigint {
  const { length } = bytes;
  const read = readerOf(bytes);
  if (length === 0) return xorAvalanche(k64(56) ^ k64(64));
  if (length <= 3) {
    return xorAvalanche(BigInt(packShort(bytes)) ^ (k32(0) ^ k32(4)));
  }
  const n = BigInt(length);
  if (length <= 8) {
    const joined = u64(read.u32(length - 4) + (read.u32(0) << 32n));
    return rotateMix(joined ^ (k64(8) ^ k64(16)), n);
  }
  if (length <= 16) {
    const low = read.u64(0) ^ (k64(24) ^ k64(32));
    const high = read.u64(length - 8) ^ (k64(40) ^ k64(48));
    return avalanche(u64(n + swapBytes(low) + high + fold(low, high)));
  }
  if (length <= 128) {
    let sum = u64(n * P1);
    for (let i = (length - 1) >> 5; i >= 0; i--) {
      sum = u64(
        sum + mix16(read, 16 * i, 32 * i) +
          mix16(read, length - 16 * (i + 1), 32 * i + 16),
      );
    }
    return avalanche(sum);
  }
  if (length <= 240) {
    let sum = u64(n * P1);
    for (let i = 0; i < 8; i++) sum = u64(sum + mix16(read, 16 * i, 16 * i));
    sum = avalanche(sum);
    for (let i = 8; i < length >> 4; i++) {
      sum = u64(sum + mix16(read, 16 * i, 16 * (i - 8) + 3));
    }
    return avalanche(u64(sum + mix16(read, length - 16, 119)));
  }
  return mergeLanes(hashLong(bytes), 11, u64(n * P1));
}

/** A hash of 128 bits. */
export interface Xxh3Hash128 {
  /** Upper 64 bits. */
  readonly hi: bigint;
  /** Lower 64 bits. */
  readonly lo: bigint;
}

/**
 * Hashes bytes with XXH3 of 128 bits and seed 0.
 *
 * @param bytes What to hash.
 * @returns The hash.
 */
export function xxh3Hash128(bytes: Uint8Array): Xxh3Hash128 {
  const { length } = bytes;
  const read = readerOf(bytes);
  if (length === 0) {
    return {
      hi: xorAvalanche(k64(80) ^ k64(88)),
      lo: xorAvalanche(k64(64) ^ k64(72)),
    };
  }
  if (length <= 3) {
    const packed = packShort(bytes);
    const swapped = Number(swapBytes(BigInt(packed) << 32n) & 0xffffffffn);
    const rotated = BigInt(((swapped << 13) | (swapped >>> 19)) >>> 0);
    return {
      hi: xorAvalanche(rotated ^ (k32(8) ^ k32(12))),
      lo: xorAvalanche(BigInt(packed) ^ (k32(0) ^ k32(4))),
    };
  }
  const n = BigInt(length);
  if (length <= 8) return hash128Of4To8(read, length);
  if (length <= 16) return hash128Of9To16(read, length);
  if (length <= 128) {
    const pair: Pair = { low: u64(n * P1), high: 0n };
    for (let i = (length - 1) >> 5; i >= 0; i--) {
      mix32(read, pair, 16 * i, length - 16 * (i + 1), 32 * i);
    }
    return finishPair(pair, n);
  }
  if (length <= 240) {
    const pair: Pair = { low: u64(n * P1), high: 0n };
    for (let i = 32; i <= 128; i += 32) {
      mix32(read, pair, i - 32, i - 16, i - 32);
    }
    pair.low = avalanche(pair.low);
    pair.high = avalanche(pair.high);
    for (let i = 160; i <= length; i += 32) {
      mix32(read, pair, i - 32, i - 16, 3 + i - 160);
    }
    mix32(read, pair, length - 16, length - 32, 103);
    return finishPair(pair, n);
  }
  const lanes = hashLong(bytes);
  return {
    hi: mergeLanes(lanes, 117, u64(~u64(n * P2))),
    lo: mergeLanes(lanes, 11, u64(n * P1)),
  };
}

interface Input {
  u32(offset: number): bigint;
  u64(offset: number): bigint;
}

function readerOf(bytes: Uint8Array): Input {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return {
    u32: (offset) => BigInt(view.getUint32(offset, true)),
    u64: (offset) => view.getBigUint64(offset, true),
  };
}

function hash128Of4To8(read: Input, length: number): Xxh3Hash128 {
  const n = BigInt(length);
  const joined = read.u32(0) + (read.u32(length - 4) << 32n);
  const product = (joined ^ (k64(16) ^ k64(24))) * u64(P1 + 4n * n);
  let lo = u64(product);
  const hi = u64((product >> 64n) + (lo << 1n));
  lo ^= hi >> 3n;
  lo ^= lo >> 35n;
  lo = u64(lo * MX2);
  lo ^= lo >> 28n;
  return { hi: avalanche(hi), lo };
}

function hash128Of9To16(read: Input, length: number): Xxh3Hash128 {
  const first = read.u64(0);
  let last = read.u64(length - 8);
  const product = (first ^ last ^ (k64(32) ^ k64(40))) * P1;
  let low = u64(u64(product) + (BigInt(length - 1) << 54n));
  last ^= k64(48) ^ k64(56);
  const high = u64(
    (product >> 64n) + last + (last & 0xffffffffn) * (P32_2 - 1n),
  );
  low ^= swapBytes(high);
  const second = low * P2;
  return {
    hi: avalanche(u64((second >> 64n) + high * P2)),
    lo: avalanche(u64(second)),
  };
}

interface Pair {
  low: bigint;
  high: bigint;
}

function mix32(
  read: Input,
  pair: Pair,
  one: number,
  two: number,
  secret: number,
): void {
  pair.low = u64(pair.low + mix16(read, one, secret)) ^
    u64(read.u64(two) + read.u64(two + 8));
  pair.high = u64(pair.high + mix16(read, two, secret + 16)) ^
    u64(read.u64(one) + read.u64(one + 8));
}

function finishPair({ low, high }: Pair, n: bigint): Xxh3Hash128 {
  return {
    lo: avalanche(u64(low + high)),
    hi: u64(-avalanche(u64(low * P1 + high * P4 + n * P2))),
  };
}

/** The eight lanes after the whole input, as pairs of 32-bit halves, lower first. */
function hashLong(bytes: Uint8Array): Uint32Array {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const lanes = new Uint32Array(16);
  [P32_3, P1, P2, P3, P4, P32_2, P5, BigInt(P32_1)].forEach((start, lane) => {
    lanes[lane * 2] = Number(start & 0xffffffffn);
    lanes[lane * 2 + 1] = Number(start >> 32n);
  });
  const { length } = bytes;
  const blocks = Math.floor((length - 1) / BLOCK_BYTES);
  for (let block = 0; block < blocks; block++) {
    for (let stripe = 0; stripe < 16; stripe++) {
      accumulate(
        lanes,
        view,
        block * BLOCK_BYTES + stripe * STRIPE_BYTES,
        8 * stripe,
      );
    }
    scramble(lanes);
  }
  const start = blocks * BLOCK_BYTES;
  const stripes = Math.floor((length - 1 - start) / STRIPE_BYTES);
  for (let stripe = 0; stripe < stripes; stripe++) {
    accumulate(lanes, view, start + stripe * STRIPE_BYTES, 8 * stripe);
  }
  accumulate(lanes, view, length - STRIPE_BYTES, 121);
  return lanes;
}

function accumulate(
  lanes: Uint32Array,
  view: DataView,
  offset: number,
  secret: number,
): void {
  for (let lane = 0; lane < 8; lane++) {
    const low = view.getUint32(offset + lane * 8, true);
    const high = view.getUint32(offset + lane * 8 + 4, true);
    addTo(lanes, lane ^ 1, low, high);
    const a = (low ^ SECRET_VIEW.getUint32(secret + lane * 8, true)) >>> 0;
    const b = (high ^ SECRET_VIEW.getUint32(secret + lane * 8 + 4, true)) >>>
      0;
    const productHigh = highHalf(a, b);
    addTo(lanes, lane, Math.imul(a, b) >>> 0, productHigh);
  }
}

function scramble(lanes: Uint32Array): void {
  for (let lane = 0; lane < 8; lane++) {
    let low = lanes[lane * 2]!;
    let high = lanes[lane * 2 + 1]!;
    low = low ^ (high >>> 15) ^ SECRET_VIEW.getUint32(128 + lane * 8, true);
    high ^= SECRET_VIEW.getUint32(132 + lane * 8, true);
    low >>>= 0;
    lanes[lane * 2] = Math.imul(low, P32_1);
    lanes[lane * 2 + 1] = highHalf(low, P32_1) + Math.imul(high, P32_1);
  }
}

/** Upper 32 bits of the product of two 32-bit numbers; all steps are exact in doubles. */
function highHalf(a: number, b: number): number {
  const withLow = a * (b & 0xffff);
  const withHigh = a * (b >>> 16);
  return Math.floor((Math.floor(withLow / 0x10000) + withHigh) / 0x10000);
}

function addTo(
  lanes: Uint32Array,
  lane: number,
  low: number,
  high: number,
): void {
  const sum = lanes[lane * 2]! + low;
  lanes[lane * 2] = sum;
  lanes[lane * 2 + 1] = lanes[lane * 2 + 1]! + high + (sum >= BIT_32 ? 1 : 0);
}

function mergeLanes(
  lanes: Uint32Array,
  secret: number,
  start: bigint,
): bigint {
  let sum = start;
  for (let i = 0; i < 4; i++) {
    sum += fold(
      laneAt(lanes, 2 * i) ^ k64(secret + 16 * i),
      laneAt(lanes, 2 * i + 1) ^ k64(secret + 16 * i + 8),
    );
  }
  return avalanche(u64(sum));
}

function laneAt(lanes: Uint32Array, lane: number): bigint {
  return BigInt(lanes[lane * 2]!) | (BigInt(lanes[lane * 2 + 1]!) << 32n);
}

function mix16(read: Input, offset: number, secret: number): bigint {
  return fold(
    read.u64(offset) ^ k64(secret),
    read.u64(offset + 8) ^ k64(secret + 8),
  );
}

function packShort(bytes: Uint8Array): number {
  const { length } = bytes;
  return ((bytes[0]! << 16) | (bytes[length >> 1]! << 24) |
    bytes[length - 1]! | (length << 8)) >>> 0;
}

function k32(offset: number): bigint {
  return BigInt(SECRET_VIEW.getUint32(offset, true));
}

function k64(offset: number): bigint {
  return SECRET_VIEW.getBigUint64(offset, true);
}

function u64(value: bigint): bigint {
  return BigInt.asUintN(64, value);
}

function fold(a: bigint, b: bigint): bigint {
  const product = a * b;
  return u64(product) ^ (product >> 64n);
}

function avalanche(hash: bigint): bigint {
  let h = hash ^ (hash >> 37n);
  h = u64(h * MX1);
  return h ^ (h >> 32n);
}

function xorAvalanche(hash: bigint): bigint {
  let h = hash ^ (hash >> 33n);
  h = u64(h * P2);
  h ^= h >> 29n;
  h = u64(h * P3);
  return h ^ (h >> 32n);
}

function rotateMix(hash: bigint, n: bigint): bigint {
  let h = hash ^ rotateLeft(hash, 49n) ^ rotateLeft(hash, 24n);
  h = u64(h * MX2);
  h ^= (h >> 35n) + n;
  h = u64(h * MX2);
  return h ^ (h >> 28n);
}

function rotateLeft(value: bigint, bits: bigint): bigint {
  return u64(value << bits) | (value >> (64n - bits));
}

function swapBytes(value: bigint): bigint {
  let swapped = 0n;
  for (let shift = 0n; shift < 64n; shift += 8n) {
    swapped = (swapped << 8n) | ((value >> shift) & 0xffn);
  }
  return swapped;
}
