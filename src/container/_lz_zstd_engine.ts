import type { FlushEngine, PackStep } from "./_pack_engine.ts";
import { Xxh64 } from "./_xxh64.ts";
import {
  encodeZstdSequences,
  MAX_SEQUENCE_LENGTH,
  type ZstdSequences,
} from "./_zstd_sequences.ts";

/** Neither content size nor dictionary, but a checksum. */
const DESCRIPTOR = 4;
const BLOCK_BYTES = 128 * 1024;
/** Exponent 9 above 2^10. */
const WINDOW_BYTES = 512 * 1024;
const WINDOW_DESCRIPTOR = 9 << 3;
const BLOCK_RAW = 0;
const BLOCK_RLE = 1;
const BLOCK_COMPRESSED = 2;
const HASH_BITS = 16;
const HASH_BYTES = 4;
/** Matches that are not far longer than this many bytes are not worth a far offset. */
const MIN_MATCH_BYTES = 5;
/** The search skips a byte more for each 64 bytes without a match, up to a limit. */
const SKIP_SHIFT = 6;
const MAX_SKIP = 15;

/**
 * Packs a zstd frame in TypeScript, for runtimes whose `node:zlib` has no zstd:
 * repeated bytes within half a mebibyte become copies, all others stay as they
 * are. The result is larger than that of the lowest level of the reference.
 */
export class LzZstdEngine implements FlushEngine {
  readonly #hash = new Xxh64();
  readonly #finder = new MatchFinder();
  #begun = false;

  write(input: Uint8Array): Promise<PackStep> {
    this.#hash.update(input);
    const output = this.#begin();
    for (let at = 0; at < input.length;) {
      const taken = this.#finder.append(input.subarray(at));
      at += taken;
      if (this.#finder.pending === BLOCK_BYTES) output.push(...this.#block());
    }
    return Promise.resolve({ output, fault: undefined });
  }

  flush(): Promise<PackStep> {
    const output = this.#begin();
    if (this.#finder.pending > 0) output.push(...this.#block());
    return Promise.resolve({ output, fault: undefined });
  }

  async end(): Promise<PackStep> {
    const { output } = await this.flush();
    return {
      output: [
        ...output,
        blockHeader(BLOCK_RAW, 0, true),
        this.#hash.checksum(),
      ],
      fault: undefined,
    };
  }

  [Symbol.dispose](): void {}

  #begin(): Uint8Array[] {
    if (this.#begun) return [];
    this.#begun = true;
    return [
      new Uint8Array([0x28, 0xb5, 0x2f, 0xfd, DESCRIPTOR, WINDOW_DESCRIPTOR]),
    ];
  }

  /** The pending bytes as one block, in the form that is smallest. */
  #block(): Uint8Array[] {
    const content = this.#finder.content();
    const first = content[0]!;
    if (content.every((byte) => byte === first)) {
      this.#finder.skip();
      return [
        blockHeader(BLOCK_RLE, content.length, false),
        new Uint8Array([first]),
      ];
    }
    const { literals, sequences } = this.#finder.parse();
    const section = encodeZstdSequences(sequences);
    const size = literalHeader(literals.length).length + literals.length +
      section.length;
    if (size >= content.length) {
      // Repeated offsets must be those that a reader has seen.
      this.#finder.forget();
      return [blockHeader(BLOCK_RAW, content.length, false), content.slice()];
    }
    return [
      blockHeader(BLOCK_COMPRESSED, size, false),
      literalHeader(literals.length),
      literals,
      section,
    ];
  }
}

/** Finds repeated bytes in the window. */
class MatchFinder {
  readonly #bytes = new Uint8Array(2 * WINDOW_BYTES);
  /** Where four bytes of a hash were last seen, plus 1. */
  readonly #heads = new Int32Array(1 << HASH_BITS);
  readonly #literalLengths = new Int32Array(BLOCK_BYTES / 4);
  readonly #matchLengths = new Int32Array(BLOCK_BYTES / 4);
  readonly #offsetValues = new Int32Array(BLOCK_BYTES / 4);
  /** The pending bytes lie from `#start` to `#end`; before them is what was packed. */
  #start = 0;
  #end = 0;
  #lastOffset = 1;
  #rememberedOffset = 1;

  get pending(): number {
    return this.#end - this.#start;
  }

  /** @returns How many bytes were taken: those up to the end of a block. */
  append(input: Uint8Array): number {
    const taken = Math.min(input.length, BLOCK_BYTES - this.pending);
    if (this.#end + taken > this.#bytes.length) this.#slide();
    this.#bytes.set(input.subarray(0, taken), this.#end);
    this.#end += taken;
    return taken;
  }

  /** The pending bytes, as a view. */
  content(): Uint8Array {
    return this.#bytes.subarray(this.#start, this.#end);
  }

  /** Takes the pending bytes as packed. */
  skip(): void {
    this.#start = this.#end;
  }

  /** Takes the offsets back that the block before was to have used. */
  forget(): void {
    this.#lastOffset = this.#rememberedOffset;
  }

  /** Parses the pending bytes greedily. */
  parse(): { literals: Uint8Array; sequences: ZstdSequences } {
    const bytes = this.#bytes;
    const heads = this.#heads;
    const end = this.#end;
    const literals = new Uint8Array(this.pending);
    this.#rememberedOffset = this.#lastOffset;
    let literalCount = 0;
    let length = 0;
    let anchor = this.#start;
    let at = this.#start;
    while (at + HASH_BYTES <= end) {
      const hash = hashOf(bytes, at);
      const found = heads[hash]! - 1;
      heads[hash] = at + 1;
      let size = 0;
      if (found >= 0 && at - found <= WINDOW_BYTES) {
        const limit = Math.min(end, at + MAX_SEQUENCE_LENGTH);
        while (at + size < limit && bytes[found + size] === bytes[at + size]) {
          size++;
        }
      }
      if (size < MIN_MATCH_BYTES) {
        at += 1 + Math.min(MAX_SKIP, (at - anchor) >> SKIP_SHIFT);
        continue;
      }
      const offset = at - found;
      const run = at - anchor;
      literals.set(bytes.subarray(anchor, at), literalCount);
      literalCount += run;
      this.#literalLengths[length] = run;
      this.#matchLengths[length] = size;
      // Value 1 repeats the last offset, but only behind literals.
      this.#offsetValues[length] = offset === this.#lastOffset && run > 0
        ? 1
        : offset + 3;
      this.#lastOffset = offset;
      length++;
      at += size;
      anchor = at;
      if (at + HASH_BYTES <= end) heads[hashOf(bytes, at - 2)] = at - 1;
    }
    literals.set(bytes.subarray(anchor, end), literalCount);
    literalCount += end - anchor;
    this.#start = end;
    return {
      literals: literals.subarray(0, literalCount),
      sequences: {
        length,
        literalLengths: this.#literalLengths,
        matchLengths: this.#matchLengths,
        offsetValues: this.#offsetValues,
      },
    };
  }

  /** Moves the newest bytes to the front. */
  #slide(): void {
    const by = this.#end - WINDOW_BYTES;
    this.#bytes.copyWithin(0, by, this.#end);
    this.#start -= by;
    this.#end -= by;
    const heads = this.#heads;
    for (let hash = 0; hash < heads.length; hash++) {
      heads[hash] = Math.max(0, heads[hash]! - by);
    }
  }
}

function hashOf(bytes: Uint8Array, at: number): number {
  const word = bytes[at]! | bytes[at + 1]! << 8 | bytes[at + 2]! << 16 |
    bytes[at + 3]! << 24;
  return Math.imul(word, 0x9e3779b1) >>> (32 - HASH_BITS);
}

function blockHeader(type: number, size: number, last: boolean): Uint8Array {
  const word = size * 8 + type * 2 + (last ? 1 : 0);
  return new Uint8Array([word & 0xff, (word >> 8) & 0xff, word >> 16]);
}

/** Header of literals that are stored as they are. */
function literalHeader(size: number): Uint8Array {
  if (size < 32) return new Uint8Array([size << 3]);
  if (size < 4096) {
    return new Uint8Array([(size << 4 | 4) & 0xff, size >> 4]);
  }
  return new Uint8Array([
    (size << 4 | 12) & 0xff,
    (size >> 4) & 0xff,
    size >> 12,
  ]);
}
