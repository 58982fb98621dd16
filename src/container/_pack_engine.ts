/** What one step of a {@linkcode PackEngine} gave. */
export interface PackStep {
  /** Output of the step, in order; also what came before a fault. */
  readonly output: readonly Uint8Array[];
  /** The fault that ended the engine, if there was one. */
  readonly fault: Error | undefined;
}

/** Something that packs bytes and can be told to hold nothing back. */
export interface FlushEngine extends PackEngine {
  /**
   * Brings out all that was written so far, so that it can be unpacked although
   * the stream goes on.
   *
   * @returns What came of it.
   */
  flush(): Promise<PackStep>;
}

/** Something that packs or unpacks bytes step by step. */
export interface PackEngine extends Disposable {
  /**
   * @param input The next bytes; must stay unchanged until the step is done.
   * @returns What came of them.
   */
  write(input: Uint8Array): Promise<PackStep>;
  /**
   * Says that the input is complete.
   *
   * @returns The rest of the output.
   */
  end(): Promise<PackStep>;
}
