import { Decompress } from "../deps/fzstd.ts";
import type { PackEngine, PackStep } from "./_pack_engine.ts";
import { Xxh64 } from "./_xxh64.ts";

const DESCRIPTOR_OFFSET = 4;
const CHECKSUM_FLAG = 4;
const CHECKSUM_BYTES = 4;

/**
 * Unpacks one zstd frame with a decoder in JavaScript, for runtimes whose
 * `node:zlib` has none. The first input must hold the whole header, the last
 * one the whole checksum.
 */
export class FzstdEngine implements PackEngine {
  readonly #decoder: Decompress;
  #output: Uint8Array[] = [];
  #fault: Error | undefined;
  /** Undefined before the header, and in a frame without checksum. */
  #hash: Xxh64 | undefined;
  #begun = false;
  #lastInput = new Uint8Array(0);

  constructor() {
    this.#decoder = new Decompress((chunk: Uint8Array) => {
      if (chunk.length === 0) return;
      this.#hash?.update(chunk);
      // The decoder uses its buffer again.
      this.#output.push(chunk.slice());
    });
  }

  write(input: Uint8Array): Promise<PackStep> {
    if (!this.#begun) {
      this.#begun = true;
      if ((input[DESCRIPTOR_OFFSET]! & CHECKSUM_FLAG) !== 0) {
        this.#hash = new Xxh64();
      }
    }
    this.#lastInput = input.slice(-CHECKSUM_BYTES);
    return this.#step(input, false);
  }

  async end(): Promise<PackStep> {
    const { output, fault } = await this.#step(new Uint8Array(0), true);
    return { output, fault: fault ?? this.#checksumFault() };
  }

  [Symbol.dispose](): void {
    this.#output = [];
  }

  #step(input: Uint8Array, final: boolean): Promise<PackStep> {
    try {
      if (this.#fault === undefined) this.#decoder.push(input, final);
    } catch (error) {
      this.#fault = error instanceof Error ? error : new Error(String(error));
    }
    const output = this.#output;
    this.#output = [];
    return Promise.resolve({ output, fault: this.#fault });
  }

  #checksumFault(): Error | undefined {
    if (this.#hash === undefined) return undefined;
    const got = this.#hash.checksum().toHex();
    const wanted = this.#lastInput.toHex();
    return got === wanted ? undefined : new Error(
      `Cannot verify frame: checksum is ${got}, expected ${wanted}`,
    );
  }
}
