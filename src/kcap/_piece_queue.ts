/** Hands pieces from one that pushes to one that reads, with back-pressure. */
export class PieceQueue {
  #pieces: Uint8Array[] = [];
  #isReading = false;
  #isEnded = false;
  #error: { readonly cause: unknown } | undefined;
  #changed = Promise.withResolvers<void>();

  /**
   * Hands over a piece and waits until it is taken.
   *
   * @param piece Must not change any more.
   * @throws {Error} What {@linkcode PieceQueue.fail} was given.
   */
  async push(piece: Uint8Array): Promise<void> {
    this.#pieces.push(piece);
    this.#tell();
    await this.#until(() => !this.#pieces.includes(piece));
  }

  /**
   * Waits until all pieces are taken and the reader asks for more, having done
   * with the last one what it does.
   *
   * @throws {Error} What {@linkcode PieceQueue.fail} was given.
   */
  drain(): Promise<void> {
    return this.#until(() => this.#isReading && this.#pieces.length === 0);
  }

  /** Says that nothing more comes. */
  end(): void {
    this.#isEnded = true;
    this.#tell();
  }

  /** @param cause Why nothing more is taken. */
  fail(cause: unknown): void {
    this.#error ??= { cause };
    this.#tell();
  }

  /** @returns The pieces as they come; to be read once. */
  async *read(): AsyncGenerator<Uint8Array, void, undefined> {
    while (true) {
      const piece = this.#pieces.shift();
      if (piece !== undefined) {
        this.#isReading = false;
        this.#tell();
        yield piece;
      } else if (this.#isEnded) return;
      else {
        this.#isReading = true;
        this.#tell();
        await this.#changed.promise;
      }
    }
  }

  async #until(isReached: () => boolean): Promise<void> {
    while (this.#error === undefined && !isReached()) {
      await this.#changed.promise;
    }
    if (this.#error !== undefined) throw this.#error.cause;
  }

  #tell(): void {
    this.#changed.resolve();
    this.#changed = Promise.withResolvers();
  }
}
