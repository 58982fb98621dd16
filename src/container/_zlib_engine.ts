import type { Transform } from "node:stream";

/** What one step of a {@linkcode ZlibEngine} gave. */
export interface ZlibStep {
  /** Output of the step, in order; also what came before a fault. */
  readonly output: readonly Uint8Array[];
  /** The fault that ended the engine, if there was one. */
  readonly fault: Error | undefined;
}

/**
 * Drives a transform of `node:zlib` step by step: one input, then all of its
 * output. So memory is bounded by what one input can become, and a fault never
 * swallows output that was made before it, as piping would.
 */
export class ZlibEngine implements Disposable {
  readonly #stream: Transform;
  #output: Uint8Array[] = [];
  #fault: Error | undefined;
  #ended = false;
  #wake: (() => void) | undefined;

  /** @param stream The transform; nobody else may use it. */
  constructor(stream: Transform) {
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

  /** @param input The next bytes; must stay unchanged until the step is done. @returns What came of them. */
  async write(input: Uint8Array): Promise<ZlibStep> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#wake = resolve;
    this.#stream.write(input, () => resolve());
    await promise;
    return this.#step();
  }

  /** Says that the input is complete. @returns The rest of the output. */
  async end(): Promise<ZlibStep> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#wake = resolve;
    if (this.#fault === undefined && !this.#ended) {
      this.#stream.end();
      await promise;
    }
    return this.#step();
  }

  /** Frees the engine's memory. */
  [Symbol.dispose](): void {
    this.#stream.destroy();
  }

  #step(): ZlibStep {
    // What the stream has buffered goes to the listener above.
    while (this.#fault === undefined && this.#stream.readableLength > 0) {
      if (this.#stream.read() === null) break;
    }
    const output = this.#output;
    this.#output = [];
    return { output, fault: this.#fault };
  }
}
