import { LimitError } from "../base/errors.ts";

/**
 * Splits a stream of UTF-8 text into lines, however its pieces are cut. Lines
 * end with LF or CRLF; a byte order mark at the start is dropped; malformed
 * UTF-8 becomes U+FFFD.
 *
 * @example A line in two pieces
 * ```ts
 * import { LineSplitter } from "../../src/container/line_splitter.ts";
 * import { assertEquals } from "@std/assert";
 *
 * const encoder = new TextEncoder();
 * const splitter = new LineSplitter({ maxLineCharacters: 100 });
 * assertEquals(splitter.push(encoder.encode("one\r\ntw")), ["one"]);
 * assertEquals(splitter.push(encoder.encode("o\nthree")), ["two"]);
 * assertEquals(splitter.finish(), ["three"]);
 * ```
 */
export class LineSplitter {
  readonly #decoder = new TextDecoder("utf-8");
  readonly #maxLineCharacters: number;
  #rest = "";
  #lines = 0;

  /** @param options Longest line, in UTF-16 units. */
  constructor(options: { readonly maxLineCharacters: number }) {
    this.#maxLineCharacters = options.maxLineCharacters;
  }

  /**
   * @param chunk The next bytes.
   * @returns The lines that are complete with them, without line breaks.
   * @throws {LimitError} When a line is too long.
   */
  push(chunk: Uint8Array): readonly string[] {
    return this.#split(this.#decoder.decode(chunk, { stream: true }));
  }

  /**
   * Says that the text is complete.
   *
   * @returns The last line, if it has no line break at its end.
   */
  finish(): readonly string[] {
    const lines = this.#split(this.#decoder.decode());
    const last = this.#rest;
    this.#rest = "";
    return last === "" ? lines : [...lines, withoutReturn(last)];
  }

  #split(text: string): string[] {
    const lines = text.split("\n");
    lines[0] = this.#rest + lines[0]!;
    this.#rest = lines.pop()!;
    for (let index = 0; index < lines.length; index++) {
      lines[index] = withoutReturn(lines[index]!);
      this.#check(lines[index]!, index);
    }
    this.#check(this.#rest, lines.length);
    this.#lines += lines.length;
    return lines;
  }

  #check(line: string, index: number): void {
    if (line.length <= this.#maxLineCharacters) return;
    const number = this.#lines + index + 1;
    throw new LimitError(
      `Cannot read line ${number}: it has more than ${this.#maxLineCharacters} characters`,
      { limit: "maxRecordBytes", value: line.length, offset: number },
    );
  }
}

function withoutReturn(line: string): string {
  return line.endsWith("\r") ? line.slice(0, -1) : line;
}
