import type { FlushEngine, PackStep } from "./_pack_engine.ts";
import { Xxh64 } from "./_xxh64.ts";

/** Neither content size nor dictionary, but a checksum. */
const DESCRIPTOR = 4;
/** Window of 128 KiB: exponent 7 above 2^10. */
const WINDOW_DESCRIPTOR = 7 << 3;
const MAX_BLOCK_BYTES = 128 * 1024;
const BLOCK_RAW = 0;
const BLOCK_RLE = 1;

/**
 * Makes a valid zstd frame without packing anything but runs of one byte, for
 * runtimes whose `node:zlib` has no zstd.
 */
export class StoreZstdEngine implements FlushEngine {
  readonly #hash = new Xxh64();
  #begun = false;

  write(input: Uint8Array): Promise<PackStep> {
    this.#hash.update(input);
    const output = this.#begin();
    for (let at = 0; at < input.length; at += MAX_BLOCK_BYTES) {
      const content = input.slice(at, at + MAX_BLOCK_BYTES);
      const first = content[0]!;
      if (content.every((byte) => byte === first)) {
        output.push(blockHeader(BLOCK_RLE, content.length, false));
        output.push(content.subarray(0, 1));
      } else {
        output.push(blockHeader(BLOCK_RAW, content.length, false), content);
      }
    }
    return Promise.resolve({ output, fault: undefined });
  }

  /** Nothing is ever held back. */
  flush(): Promise<PackStep> {
    return Promise.resolve({ output: this.#begin(), fault: undefined });
  }

  end(): Promise<PackStep> {
    const output = [
      ...this.#begin(),
      blockHeader(BLOCK_RAW, 0, true),
      this.#hash.checksum(),
    ];
    return Promise.resolve({ output, fault: undefined });
  }

  [Symbol.dispose](): void {}

  #begin(): Uint8Array[] {
    if (this.#begun) return [];
    this.#begun = true;
    return [
      new Uint8Array([0x28, 0xb5, 0x2f, 0xfd, DESCRIPTOR, WINDOW_DESCRIPTOR]),
    ];
  }
}

function blockHeader(type: number, size: number, last: boolean): Uint8Array {
  const word = size * 8 + type * 2 + (last ? 1 : 0);
  return new Uint8Array([word & 0xff, (word >> 8) & 0xff, word >> 16]);
}
