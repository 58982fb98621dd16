/**
 * Makes numbers that look random and are the same in every run.
 *
 * @param seed Where to start.
 * @returns A function that gives an integer from 0 to below its argument.
 */
export function seededRandom(seed: number): (below: number) => number {
  let state = seed >>> 0;
  return (below) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor(state / 2 ** 32 * below);
  };
}

/**
 * Damages copies of byte ranges: changed bytes, flipped bits, cut ends, removed,
 * doubled and swapped ranges.
 *
 * @param corpus What is damaged, by turns.
 * @param rounds How many copies.
 * @param seed Equal seeds give equal damage.
 * @returns The damaged copies.
 */
export function* mutations(
  corpus: readonly Uint8Array[],
  rounds: number = 10_000,
  seed: number = 1,
): Generator<Uint8Array<ArrayBuffer>> {
  const random = seededRandom(seed);
  for (let round = 0; round < rounds; round++) {
    let bytes: Uint8Array<ArrayBuffer> = corpus[round % corpus.length]!.slice();
    for (let count = 1 + random(3); count > 0 && bytes.length > 1; count--) {
      const at = random(bytes.length);
      const size = 1 + random(Math.min(16, bytes.length - at));
      switch (random(6)) {
        case 0:
          bytes[at] = random(256);
          break;
        case 1:
          bytes[at]! ^= 1 << random(8);
          break;
        case 2:
          bytes[at] = [0, 0x7f, 0x80, 0xff][random(4)]!;
          break;
        case 3:
          bytes = bytes.slice(0, at);
          break;
        case 4:
          bytes = Uint8Array.from([
            ...bytes.subarray(0, at),
            ...bytes.subarray(at + size),
          ]);
          break;
        case 5:
          bytes = Uint8Array.from([
            ...bytes.subarray(0, at + size),
            ...bytes.subarray(at),
          ]);
          break;
      }
    }
    yield bytes;
  }
}
