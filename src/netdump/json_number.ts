/** A number of JSON in the digits in which it was written. */
export class JsonNumber {
  /** The digits. */
  readonly text: string;

  /** @param text A number as JSON has it. */
  constructor(text: string) {
    this.text = text;
  }
}
