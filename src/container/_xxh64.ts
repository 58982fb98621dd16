// 64-bit numbers are pairs of 32-bit halves in the loop over long input: big
// integers are about fifty times as slow.
const P1 = 0x9e3779b185ebca87n;
const P2 = 0xc2b2ae3d27d4eb4fn;
const P3 = 0x165667b19e3779f9n;
const P4 = 0x85ebca77c2b2ae63n;
const P5 = 0x27d4eb2f165667c5n;
const P1_LOW = 0x85ebca87;
const P1_HIGH = 0x9e3779b1;
const P2_LOW = 0x27d4eb4f;
const P2_HIGH = 0xc2b2ae3d;
const STRIPE_BYTES = 32;

/** Hashes a stream with XXH64 and seed 0, as the checksum of a zstd frame is made. */
export class Xxh64 {
  /** Low and high halves of the four lanes. */
  readonly #lanes = new Int32Array(8);
  readonly #tail = new Uint8Array(STRIPE_BYTES);
  #tailBytes = 0;
  #length = 0;

  constructor() {
    [P1 + P2, P2, 0n, -P1].forEach((start, lane) => {
      this.#lanes[lane * 2] = Number(BigInt.asIntN(32, start));
      this.#lanes[lane * 2 + 1] = Number(BigInt.asIntN(32, start >> 32n));
    });
  }

  /** @param bytes The next bytes. */
  update(bytes: Uint8Array): void {
    this.#length += bytes.length;
    let at = 0;
    if (this.#tailBytes > 0) {
      at = Math.min(bytes.length, STRIPE_BYTES - this.#tailBytes);
      this.#tail.set(bytes.subarray(0, at), this.#tailBytes);
      this.#tailBytes += at;
      if (this.#tailBytes < STRIPE_BYTES) return;
      this.#stripes(this.#tail, 0, STRIPE_BYTES);
      this.#tailBytes = 0;
    }
    const end = at + Math.floor((bytes.length - at) / STRIPE_BYTES) *
        STRIPE_BYTES;
    this.#stripes(bytes, at, end);
    this.#tailBytes = bytes.length - end;
    this.#tail.set(bytes.subarray(end));
  }

  /** @returns The hash of all bytes so far, from 0 to 2^64 - 1. */
  digest(): bigint {
    let hash = this.#length < STRIPE_BYTES ? P5 : this.#mergeLanes();
    hash = u64(hash + BigInt(this.#length));
    const view = new DataView(this.#tail.buffer);
    let at = 0;
    for (; at + 8 <= this.#tailBytes; at += 8) {
      hash ^= round(0n, view.getBigUint64(at, true));
      hash = u64(rotate(hash, 27n) * P1 + P4);
    }
    if (at + 4 <= this.#tailBytes) {
      hash ^= u64(BigInt(view.getUint32(at, true)) * P1);
      hash = u64(rotate(hash, 23n) * P2 + P3);
      at += 4;
    }
    for (; at < this.#tailBytes; at++) {
      hash ^= u64(BigInt(this.#tail[at]!) * P5);
      hash = u64(rotate(hash, 11n) * P1);
    }
    hash = u64((hash ^ (hash >> 33n)) * P2);
    hash = u64((hash ^ (hash >> 29n)) * P3);
    return hash ^ (hash >> 32n);
  }

  /** @returns What a zstd frame ends with: the lower half of the hash, little-endian. */
  checksum(): Uint8Array<ArrayBuffer> {
    const bytes = new Uint8Array(8);
    new DataView(bytes.buffer).setBigUint64(0, this.digest(), true);
    return bytes.slice(0, 4);
  }

  #stripes(bytes: Uint8Array, start: number, end: number): void {
    if (start === end) return;
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    const lanes = this.#lanes;
    for (let lane = 0; lane < 4; lane++) {
      let low = lanes[lane * 2]!;
      let high = lanes[lane * 2 + 1]!;
      for (let at = start + lane * 8; at < end; at += STRIPE_BYTES) {
        // lane = rotate(lane + word * P2, 31) * P1
        const wordLow = view.getUint32(at, true);
        const productLow = Math.imul(wordLow, P2_LOW);
        const productHigh = highHalf(wordLow, P2_LOW) +
          Math.imul(wordLow, P2_HIGH) +
          Math.imul(view.getInt32(at + 4, true), P2_LOW);
        const sum = (low >>> 0) + (productLow >>> 0);
        low = sum | 0;
        high = (high + productHigh + (sum > 0xffff_ffff ? 1 : 0)) | 0;
        const turnedLow = (low << 31) | (high >>> 1);
        const turnedHigh = (high << 31) | (low >>> 1);
        low = Math.imul(turnedLow, P1_LOW);
        high = (highHalf(turnedLow >>> 0, P1_LOW) +
          Math.imul(turnedLow, P1_HIGH) + Math.imul(turnedHigh, P1_LOW)) | 0;
      }
      lanes[lane * 2] = low;
      lanes[lane * 2 + 1] = high;
    }
  }

  #mergeLanes(): bigint {
    const lanes = [0, 2, 4, 6].map((at) =>
      BigInt(this.#lanes[at]! >>> 0) | BigInt(this.#lanes[at + 1]! >>> 0) << 32n
    );
    const turns = [1n, 7n, 12n, 18n];
    let hash = 0n;
    lanes.forEach((lane, index) => hash += rotate(lane, turns[index]!));
    hash = u64(hash);
    for (const lane of lanes) {
      hash = u64((hash ^ round(0n, lane)) * P1 + P4);
    }
    return hash;
  }
}

/** Upper 32 bits of the product of two unsigned 32-bit numbers. */
function highHalf(a: number, b: number): number {
  const aLow = a & 0xffff;
  const aHigh = a >>> 16;
  const bLow = b & 0xffff;
  const bHigh = b >>> 16;
  // Each term is below 2^34, so doubles are exact.
  const middle = aHigh * bLow + Math.floor(aLow * bLow / 65536);
  const other = aLow * bHigh + middle % 65536;
  return (aHigh * bHigh + Math.floor(middle / 65536) +
    Math.floor(other / 65536)) | 0;
}

function round(lane: bigint, word: bigint): bigint {
  return u64(rotate(u64(lane + word * P2), 31n) * P1);
}

function rotate(value: bigint, by: bigint): bigint {
  return u64(value << by | value >> (64n - by));
}

function u64(value: bigint): bigint {
  return BigInt.asUintN(64, value);
}
