import { Decompress } from "../deps/fzstd.ts";
import type { PackEngine, PackStep } from "./_pack_engine.ts";

/**
 * Unpacks one zstd frame with a decoder in JavaScript, for runtimes whose
 * `node:zlib` has none. It does not verify checksums.
 */
export class FzstdEngine implements PackEngine {
  readonly #decoder: Decompress;
  #output: Uint8Array[] = [];
  #fault: Error | undefined;

  constructor() {
    this.#decoder = new Decompress((chunk: Uint8Array) => {
      // The decoder uses its buffer again.
      if (chunk.length > 0) this.#output.push(chunk.slice());
    });
  }

  write(input: Uint8Array): Promise<PackStep> {
    return this.#step(input, false);
  }

  end(): Promise<PackStep> {
    return this.#step(new Uint8Array(0), true);
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
}
