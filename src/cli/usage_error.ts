/** The command line is wrong; the command ends with exit code 2. */
export class UsageError extends Error {
  override name = "UsageError";
  /** What to do instead, where that is known. */
  readonly hint: string | undefined;

  /**
   * @param message What is wrong.
   * @param hint What to do instead.
   */
  constructor(message: string, hint?: string) {
    super(message);
    this.hint = hint;
  }
}
