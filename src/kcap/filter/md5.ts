const SHIFTS = [
  [7, 12, 17, 22],
  [5, 9, 14, 20],
  [4, 11, 16, 23],
  [6, 10, 15, 21],
] as const;

/** Whole parts of 2^32 times the sine of 1 to 64. */
const SINES = Int32Array.from(
  { length: 64 },
  (_, index) => Math.floor(Math.abs(Math.sin(index + 1)) * 2 ** 32) | 0,
);

/**
 * Computes an MD5 digest (RFC 1321), which Web Crypto does not have.
 *
 * @param bytes The data.
 * @returns 32 lower-case hexadecimal digits.
 */
export function md5Hex(bytes: Uint8Array): string {
  const paddedBytes = ((bytes.length + 8) >> 6) * 64 + 64;
  const padded = new Uint8Array(paddedBytes);
  padded.set(bytes);
  padded[bytes.length] = 0x80;
  const view = new DataView(padded.buffer);
  view.setBigUint64(paddedBytes - 8, BigInt(bytes.length) * 8n, true);
  const state = Int32Array.of(0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476);
  const words = new Int32Array(16);
  for (let at = 0; at < paddedBytes; at += 64) {
    for (let index = 0; index < 16; index++) {
      words[index] = view.getInt32(at + 4 * index, true);
    }
    addBlock(state, words);
  }
  return new Uint8Array(littleEndian(state)).toHex();
}

function addBlock(state: Int32Array, words: Int32Array): void {
  let [a, b, c, d] = state as unknown as [number, number, number, number];
  for (let step = 0; step < 64; step++) {
    const round = step >> 4;
    let mixed: number;
    let index: number;
    if (round === 0) {
      mixed = (b & c) | (~b & d);
      index = step;
    } else if (round === 1) {
      mixed = (d & b) | (~d & c);
      index = (5 * step + 1) & 15;
    } else if (round === 2) {
      mixed = b ^ c ^ d;
      index = (3 * step + 5) & 15;
    } else {
      mixed = c ^ (b | ~d);
      index = (7 * step) & 15;
    }
    const sum = (a + mixed + SINES[step]! + words[index]!) | 0;
    const shift = SHIFTS[round]![step & 3]!;
    a = d;
    d = c;
    c = b;
    b = (b + ((sum << shift) | (sum >>> (32 - shift)))) | 0;
  }
  state[0] = state[0]! + a;
  state[1] = state[1]! + b;
  state[2] = state[2]! + c;
  state[3] = state[3]! + d;
}

function littleEndian(words: Int32Array): ArrayBuffer {
  const view = new DataView(new ArrayBuffer(4 * words.length));
  for (const [index, word] of words.entries()) {
    view.setInt32(4 * index, word, true);
  }
  return view.buffer;
}
