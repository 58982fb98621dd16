import { JsonNumber } from "./json_number.ts";

/** How a {@linkcode JsonWriter} writes. */
export interface JsonWriterOptions {
  /** Whether `<`, `>` and `&` are escaped. */
  readonly escapeHtml: boolean;
  /** Whether members are sorted by the bytes of their keys. */
  readonly sortKeys: boolean;
  /** Whether numbers pass through a double, as they do in Go's untyped JSON. */
  readonly asDoubles: boolean;
  /** Blanks per level; 0 writes one line. */
  readonly indent: number;
}

// deno-lint-ignore no-control-regex
const CONTROL_REGEXP = /[\u0000-\u001f"\\\u2028\u2029]/g;
const HTML_REGEXP = /[<>&]/g;
const SHORT_ESCAPES: Readonly<Record<string, string>> = {
  '"': '\\"',
  "\\": "\\\\",
  "\n": "\\n",
  "\r": "\\r",
  "\t": "\\t",
};

/**
 * Writes JSON as Go's `encoding/json` does: which characters are escaped, and
 * how, differs from `JSON.stringify`.
 */
export class JsonWriter {
  readonly #options: JsonWriterOptions;

  /** @param options How to write. */
  constructor(options: JsonWriterOptions) {
    this.#options = options;
  }

  /**
   * @param value Text, truth value, number, bigint, {@linkcode JsonNumber}, null, array, or object as `Map`.
   * @param level How deep it is nested.
   * @returns Its text.
   */
  write(value: unknown, level = 0): string {
    switch (typeof value) {
      case "string":
        return this.string(value);
      case "boolean":
        return String(value);
      case "number":
        return String(value);
      case "bigint":
        return this.#options.asDoubles ? String(Number(value)) : String(value);
    }
    if (value instanceof JsonNumber) {
      return this.#options.asDoubles ? doubleText(value.text) : value.text;
    }
    if (Array.isArray(value)) {
      return this.#block(
        "[",
        value.map((element) => this.write(element, level + 1)),
        "]",
        level,
      );
    }
    if (value instanceof Map) {
      let entries = [...value.entries()] as [string, unknown][];
      if (this.#options.sortKeys) {
        entries = entries.sort(([a], [b]) => compareBytes(a, b));
      }
      const colon = this.#options.indent > 0 ? ": " : ":";
      return this.#block(
        "{",
        entries.map(([key, member]) =>
          `${this.string(key)}${colon}${this.write(member, level + 1)}`
        ),
        "}",
        level,
      );
    }
    return "null";
  }

  /** @param text Any text. @returns It as a JSON string; lone surrogates become U+FFFD. */
  string(text: string): string {
    let escaped = text.toWellFormed().replace(
      CONTROL_REGEXP,
      (unit) => SHORT_ESCAPES[unit] ?? unicodeEscape(unit),
    );
    if (this.#options.escapeHtml) {
      escaped = escaped.replace(HTML_REGEXP, unicodeEscape);
    }
    return `"${escaped}"`;
  }

  #block(
    open: string,
    parts: readonly string[],
    close: string,
    level: number,
  ): string {
    const { indent } = this.#options;
    if (parts.length === 0) return open + close;
    if (indent === 0) return open + parts.join(",") + close;
    const outer = "\n" + " ".repeat(indent * level);
    const inner = outer + " ".repeat(indent);
    return open + inner + parts.join("," + inner) + outer + close;
  }
}

/**
 * Compares texts by the bytes of their UTF-8 form.
 *
 * @param a A text.
 * @param b Another one.
 * @returns Below 0, 0 or above 0.
 */
export function compareBytes(a: string, b: string): number {
  const length = Math.min(a.length, b.length);
  for (let index = 0; index < length; index++) {
    const left = a.charCodeAt(index);
    const right = b.charCodeAt(index);
    if (left === right) continue;
    // Surrogates stand for code points above all others.
    const isLeftHigh = left >= 0xd800 && left < 0xe000;
    const isRightHigh = right >= 0xd800 && right < 0xe000;
    if (isLeftHigh !== isRightHigh) return isLeftHigh ? 1 : -1;
    return left - right;
  }
  return a.length - b.length;
}

function unicodeEscape(unit: string): string {
  return `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`;
}

function doubleText(text: string): string {
  const number = Number(text);
  return Number.isFinite(number) ? String(number) : text;
}
