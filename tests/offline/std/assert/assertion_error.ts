/** What every failed assertion throws. */
export class AssertionError extends Error {
  /** `"AssertionError"`. */
  override name = "AssertionError";
}
