import { FormatError, LimitError, TruncatedError } from "../base/errors.ts";
import { JsonNumber } from "./json_number.ts";

const NUMBER_REGEXP = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
// deno-lint-ignore no-control-regex
const PLAIN_REGEXP = /[^"\\\u0000-\u001f]*/y;
const HEX_REGEXP = /^[0-9a-fA-F]{4}$/;
const SIMPLE_ESCAPES: Readonly<Record<string, string>> = {
  '"': '"',
  "\\": "\\",
  "/": "/",
  b: "\b",
  f: "\f",
  n: "\n",
  r: "\r",
  t: "\t",
};

/** How a {@linkcode JsonReader} reads. */
export interface JsonReaderOptions {
  /** Short name of the format, for errors. */
  readonly format: string;
  /** Deepest nesting. */
  readonly maxDepth: number;
}

/**
 * Reads JSON one member or element at a time, so that what stands before a
 * fault is not lost; numbers keep their digits.
 */
export class JsonReader {
  readonly #text: string;
  readonly #format: string;
  readonly #maxDepth: number;
  #at = 0;

  /**
   * @param text The JSON text.
   * @param options Name of the format and depth.
   */
  constructor(text: string, options: JsonReaderOptions) {
    this.#text = text;
    this.#format = options.format;
    this.#maxDepth = options.maxDepth;
  }

  /** Where the next token begins, in UTF-16 units. */
  get offset(): number {
    this.#skipSpace();
    return this.#at;
  }

  /** The first character of the next token, empty at the end. */
  get next(): string {
    return this.#text.charAt(this.offset);
  }

  /**
   * Goes through an object. Whoever takes a key must read its value.
   *
   * @returns Keys as they come.
   */
  *members(): Generator<string> {
    this.#expect("{");
    if (this.next === "}") {
      this.#at++;
      return;
    }
    while (true) {
      const key = this.#string();
      this.#expect(":");
      yield key;
      if (!this.#separator("}")) return;
    }
  }

  /** Goes through an array. Whoever takes an index must read its element. */
  *elements(): Generator<number> {
    this.#expect("[");
    if (this.next === "]") {
      this.#at++;
      return;
    }
    for (let index = 0;; index++) {
      yield index;
      if (!this.#separator("]")) return;
    }
  }

  /**
   * Reads a whole value.
   *
   * @param depth How deep it is nested already.
   * @returns Text, truth value, null, {@linkcode JsonNumber}, array or `Map`.
   */
  value(depth = 0): unknown {
    if (depth > this.#maxDepth) {
      throw new LimitError(
        `Cannot read ${this.#format} at character ${this.#at}: it is nested deeper than ${this.#maxDepth}`,
        { limit: "maxDepth", value: depth, offset: this.#at },
      );
    }
    switch (this.next) {
      case "{": {
        const members = new Map<string, unknown>();
        for (const key of this.members()) {
          members.set(key, this.value(depth + 1));
        }
        return members;
      }
      case "[": {
        const elements: unknown[] = [];
        for (const _ of this.elements()) elements.push(this.value(depth + 1));
        return elements;
      }
      case '"':
        return this.#string();
      case "t":
        return this.#word("true", true);
      case "f":
        return this.#word("false", false);
      case "n":
        return this.#word("null", null);
      default:
        return this.#number();
    }
  }

  /** Checks that nothing but white space follows. */
  end(): void {
    if (this.next !== "") throw this.#fault("the end");
  }

  #skipSpace(): void {
    while (this.#at < this.#text.length) {
      const unit = this.#text.charCodeAt(this.#at);
      if (unit !== 0x20 && unit !== 0x0a && unit !== 0x0d && unit !== 0x09) {
        return;
      }
      this.#at++;
    }
  }

  #expect(character: string): void {
    if (this.next !== character) throw this.#fault(`"${character}"`);
    this.#at++;
  }

  #separator(close: string): boolean {
    const { next } = this;
    if (next !== "," && next !== close) throw this.#fault(`"," or "${close}"`);
    this.#at++;
    return next === ",";
  }

  #word<T>(word: string, value: T): T {
    if (!this.#text.startsWith(word, this.#at)) throw this.#fault("a value");
    this.#at += word.length;
    return value;
  }

  #number(): JsonNumber {
    NUMBER_REGEXP.lastIndex = this.#at;
    const match = NUMBER_REGEXP.exec(this.#text);
    if (match === null) throw this.#fault("a value");
    this.#at += match[0].length;
    return new JsonNumber(match[0]);
  }

  #string(): string {
    if (this.next !== '"') throw this.#fault("a string");
    this.#at++;
    let text = "";
    while (true) {
      PLAIN_REGEXP.lastIndex = this.#at;
      const plain = PLAIN_REGEXP.exec(this.#text)![0];
      text += plain;
      this.#at += plain.length;
      const unit = this.#text.charAt(this.#at);
      if (unit === '"') {
        this.#at++;
        return text;
      }
      if (unit !== "\\") throw this.#fault("the end of a string");
      text += this.#escape();
    }
  }

  #escape(): string {
    const letter = this.#text.charAt(this.#at + 1);
    const simple = SIMPLE_ESCAPES[letter];
    if (simple !== undefined) {
      this.#at += 2;
      return simple;
    }
    const digits = this.#text.slice(this.#at + 2, this.#at + 6);
    if (letter !== "u" || !HEX_REGEXP.test(digits)) {
      if (this.#at + 6 > this.#text.length) this.#at = this.#text.length;
      throw this.#fault("an escape");
    }
    this.#at += 6;
    return String.fromCharCode(Number.parseInt(digits, 16));
  }

  #fault(expected: string): FormatError {
    const offset = this.#at;
    const format = this.#format;
    if (offset >= this.#text.length) {
      return new TruncatedError(
        `Cannot read ${format} at character ${offset}: text ends where ${expected} is expected`,
        { format, offset, missingBytes: 1 },
      );
    }
    return new FormatError(
      `Cannot read ${format} at character ${offset}: found ${
        JSON.stringify(this.#text.charAt(offset))
      } where ${expected} is expected`,
      { format, offset },
    );
  }
}
