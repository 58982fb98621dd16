import type { Limits } from "../base/limits.ts";
import { readZstd } from "../container/zstd.ts";

/**
 * Unpacks compressed records: the pieces of one zstd stream that may never end.
 * What a piece holds comes out with it.
 */
export class PerfUnpacker implements AsyncDisposable {
  readonly #pieces: AsyncGenerator<Uint8Array, void, undefined>;
  /** Output that was asked for and did not come yet. */
  #next: Promise<IteratorResult<Uint8Array, void>> | undefined;
  #give: ((piece: Uint8Array | undefined) => void) | undefined;
  #hungry = Promise.withResolvers<undefined>();
  #isDamaged = false;

  /** @param limits Bounds on what comes out. */
  constructor(limits: Partial<Limits>) {
    this.#pieces = readZstd(this.#feed(), { limits });
  }

  /** Whether a piece could not be unpacked; all after it cannot either. */
  get isDamaged(): boolean {
    return this.#isDamaged;
  }

  /**
   * Unpacks a piece.
   *
   * @param piece What one record holds; must stay until the call is done.
   * @returns What came of it; valid for as long as it is kept.
   * @throws {FormatError} When it is damaged, or the piece before was.
   * @throws {LimitError} When more comes out than the limits allow.
   */
  async unpack(piece: Uint8Array): Promise<readonly Uint8Array[]> {
    // The generator asks for the first piece when it is asked for output.
    this.#next ??= this.#pieces.next();
    await this.#hungry.promise;
    this.#hungry = Promise.withResolvers();
    this.#give!(piece);
    const output: Uint8Array[] = [];
    try {
      while (true) {
        const result = await Promise.race([
          this.#next,
          this.#hungry.promise,
        ]);
        if (result === undefined || result.done === true) return output;
        output.push(result.value.slice());
        this.#next = this.#pieces.next();
      }
    } catch (error) {
      this.#isDamaged = true;
      this.#next = undefined;
      throw error;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isDamaged = true;
    this.#give?.(undefined);
    try {
      await this.#next;
    } catch {
      // The stream was not meant to end here.
    }
    await this.#pieces.return();
  }

  async *#feed(): AsyncGenerator<Uint8Array, void, undefined> {
    while (true) {
      const { promise, resolve } = Promise.withResolvers<
        Uint8Array | undefined
      >();
      this.#give = resolve;
      this.#hungry.resolve(undefined);
      const piece = await promise;
      if (piece === undefined) return;
      yield piece;
    }
  }
}
