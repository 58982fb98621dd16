/**
 * SHA-1 of a short message, synchronously (`crypto.subtle` is asynchronous and
 * a decoder must not be). Used where a format derives identifiers with it,
 * never for security.
 *
 * @param message The message, below 2^29 bytes.
 * @returns 20 bytes.
 */
export function sha1(message: Uint8Array): Uint8Array<ArrayBuffer> {
  const blockCount = (message.length + 8 >> 6) + 1;
  const padded = new Uint8Array(blockCount * 64);
  padded.set(message);
  padded[message.length] = 0x80;
  const view = new DataView(padded.buffer);
  view.setUint32(padded.length - 4, message.length * 8);

  const state = new Int32Array([
    0x67452301,
    0xefcdab89,
    0x98badcfe,
    0x10325476,
    0xc3d2e1f0,
  ]);
  const words = new Int32Array(80);
  for (let start = 0; start < padded.length; start += 64) {
    for (let index = 0; index < 16; index++) {
      words[index] = view.getInt32(start + 4 * index);
    }
    for (let index = 16; index < 80; index++) {
      words[index] = rotateLeft(
        words[index - 3]! ^ words[index - 8]! ^ words[index - 14]! ^
          words[index - 16]!,
        1,
      );
    }
    let [a, b, c, d, e] = state as unknown as [
      number,
      number,
      number,
      number,
      number,
    ];
    for (let index = 0; index < 80; index++) {
      const next =
        (rotateLeft(a, 5) + roundFunction(index, b, c, d) + e + words[index]!) |
        0;
      e = d;
      d = c;
      c = rotateLeft(b, 30);
      b = a;
      a = next;
    }
    state[0]! += a;
    state[1]! += b;
    state[2]! += c;
    state[3]! += d;
    state[4]! += e;
  }

  const digest = new Uint8Array(20);
  const digestView = new DataView(digest.buffer);
  state.forEach((word, index) => digestView.setInt32(4 * index, word));
  return digest;
}

function roundFunction(index: number, b: number, c: number, d: number): number {
  if (index < 20) return ((b & c) | (~b & d)) + 0x5a827999;
  if (index < 40) return (b ^ c ^ d) + 0x6ed9eba1;
  if (index < 60) return ((b & c) | (b & d) | (c & d)) + 0x8f1bbcdc;
  return (b ^ c ^ d) + 0xca62c1d6;
}

function rotateLeft(word: number, count: number): number {
  return (word << count) | (word >>> (32 - count));
}
