import type { Transform } from "node:stream";
import type { FlushEngine, PackStep } from "./_pack_engine.ts";

/** A transform of `node:zlib`. */
type ZlibStream = Transform & { flush(callback: () => void): void };

/**
 * Drives a transform of `node:zlib` step by step: one input, then all of its
 * output. So memory is bounded by what one input can become, and a fault never
 * swallows output that was made before it, as piping would.
 */
export class ZlibEngine implements FlushEngine {
  readonly #stream: ZlibStream;
  #output: Uint8Array[] = [];
  #fault: Error | undefined;
  #ended = false;
  #wake: (() => void) | undefined;

  /** @param stream The transform; nobody else may use it. */
  constructor(stream: ZlibStream) {
    this.#stream = stream;
    stream.on("data", (chunk: Uint8Array) => {
      this.#output.push(
        new Uint8Array(chunk.buffer, chunk.byteOffset, chunk.byteLength),
      );
    });
    stream.on("error", (error: Error) => {
      this.#fault ??= error;
      this.#wake?.();
    });
    stream.on("end", () => {
      this.#ended = true;
      this.#wake?.();
    });
  }

  /** Whether the compressed data said that it is complete and bytes followed it. */
  get ended(): boolean {
    return this.#ended;
  }

  async write(input: Uint8Array): Promise<PackStep> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#wake = resolve;
    this.#stream.write(input, () => resolve());
    await promise;
    return this.#step();
  }

  async flush(): Promise<PackStep> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#wake = resolve;
    this.#stream.flush(() => resolve());
    await promise;
    return this.#step();
  }

  async end(): Promise<PackStep> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#wake = resolve;
    if (this.#fault === undefined && !this.#ended) {
      this.#stream.end();
      await promise;
    }
    return this.#step();
  }

  [Symbol.dispose](): void {
    this.#stream.destroy();
  }

  #step(): PackStep {
    // What the stream has buffered goes to the listener above.
    while (this.#fault === undefined && this.#stream.readableLength > 0) {
      if (this.#stream.read() === null) break;
    }
    const output = this.#output;
    this.#output = [];
    return { output, fault: this.#fault };
  }
}
