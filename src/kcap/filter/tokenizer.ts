import { WORD_OPERATORS } from "./word_operator_table.ts";

/** Kinds of tokens. */
export type TokenKind =
  | "space"
  | "end"
  | "illegal"
  | "identifier"
  | "keyword"
  | "string"
  | "badString"
  | "badEscape"
  | "integer"
  | "decimal"
  | "ip"
  | "badIp"
  | "duration"
  | "boundVariable"
  | "operator"
  | "punctuation";

/** One token of a filter expression. */
export interface Token {
  readonly kind: TokenKind;
  /** Content of strings and quoted identifiers; spelling of the rest, keywords in lower case. */
  readonly text: string;
  /** Index in code points as Fibratus counts: of a string the character before its quote. */
  readonly position: number;
}

const KEYWORDS: ReadonlySet<string> = new Set([
  "and",
  "or",
  "not",
  ...WORD_OPERATORS,
  "true",
  "false",
  "sequence",
  "maxspan",
  "by",
  "as",
]);

const ESCAPES: Readonly<Record<string, string>> = {
  n: "\n",
  "\\": "\\",
  '"': '"',
  "'": "'",
};

/** Longest first. */
const OPERATORS = ["~=", "!=", "<>", "<=", ">=", "=", "<", ">"];
const PUNCTUATION = "()[],.|";

/**
 * Cuts a filter expression into tokens, one at a time; blanks are tokens too,
 * because some places of the grammar have none.
 */
export class Tokenizer {
  readonly #units: readonly string[];
  #at = 0;
  #isBehindSpace = false;

  /** @param expression Line breaks as `\n`. */
  constructor(expression: string) {
    this.#units = Array.from(expression);
  }

  /** Index of the next code point; set it back to read tokens again. */
  get at(): number {
    return this.#at;
  }

  set at(value: number) {
    this.#at = value;
    this.#isBehindSpace = false;
  }

  /** @returns The next token; `end` again and again at the end. */
  next(): Token {
    const start = this.#at;
    const unit = this.#units[start];
    if (unit === undefined) {
      // Fibratus counts the end once per attempt to read it, and a run of
      // blanks makes one.
      const position = this.#units.length + (this.#isBehindSpace ? 2 : 1);
      return { kind: "end", text: "", position };
    }
    this.#isBehindSpace = false;
    if (isSpace(unit)) return this.#space(start);
    if (isIdentifierStart(unit)) return this.#word(start);
    if (unit === "'" || unit === '"') return this.#quoted(unit, start);
    if (isDigit(unit) || (unit === "." && isDigit(this.#units[start + 1]))) {
      return this.#number(start);
    }
    if (unit === "$") {
      this.#at++;
      const text = this.#run(isIdentifierPart);
      return {
        kind: text === "" ? "illegal" : "boundVariable",
        text,
        position: start,
      };
    }
    const two = unit + (this.#units[start + 1] ?? "");
    for (const operator of OPERATORS) {
      if (operator === unit || operator === two) {
        this.#at += operator.length;
        return { kind: "operator", text: operator, position: start };
      }
    }
    this.#at++;
    const kind = PUNCTUATION.includes(unit) ? "punctuation" : "illegal";
    return { kind, text: unit, position: start };
  }

  #space(start: number): Token {
    this.#run(isSpace);
    this.#isBehindSpace = true;
    return { kind: "space", text: " ", position: start };
  }

  #word(start: number): Token {
    const text = this.#run(isIdentifierPart);
    const lower = text.toLowerCase();
    return KEYWORDS.has(lower)
      ? { kind: "keyword", text: lower, position: start }
      : { kind: "identifier", text, position: start };
  }

  #quoted(quote: string, start: number): Token {
    const isString = quote === "'";
    const position = isString ? start - 1 : start;
    const parts: string[] = [];
    this.#at = start + 1;
    while (true) {
      const unit = this.#units[this.#at];
      if (unit === undefined || unit === "\n") {
        return { kind: "badString", text: parts.join(""), position };
      }
      this.#at++;
      if (unit === quote) {
        const kind = isString ? "string" : "identifier";
        return { kind, text: parts.join(""), position };
      }
      if (unit !== "\\") {
        parts.push(unit);
        continue;
      }
      const next = this.#units[this.#at] ?? "";
      if (!Object.hasOwn(ESCAPES, next)) {
        return { kind: "badEscape", text: next, position: this.#at };
      }
      parts.push(ESCAPES[next]!);
      this.#at++;
    }
  }

  #number(position: number): Token {
    let text = this.#run(isDigit);
    if (this.#units[this.#at] === ".") {
      this.#at++;
      const fraction = this.#run(isDigit);
      // A dot that no digit follows belongs to the number all the same.
      if (this.#units[this.#at] !== "." || fraction === "") {
        text = `${text === "" ? "0" : text}.${
          fraction === "" ? "0" : fraction
        }`;
        return { kind: "decimal", text, position };
      }
      text += `.${fraction}${
        this.#run((unit) => isDigit(unit) || unit === ".")
      }`;
      const groups = text.split(".");
      const isIp = groups.length === 4 && groups.every(isIpGroup);
      return { kind: isIp ? "ip" : "badIp", text, position };
    }
    if (isIdentifierStart(this.#units[this.#at])) {
      text += this.#run(isIdentifierPart);
      return { kind: "duration", text, position };
    }
    return { kind: "integer", text, position };
  }

  #run(belongs: (unit: string) => boolean): string {
    const start = this.#at;
    while (this.#at < this.#units.length && belongs(this.#units[this.#at]!)) {
      this.#at++;
    }
    return this.#units.slice(start, this.#at).join("");
  }
}

function isSpace(unit: string): boolean {
  return unit === " " || unit === "\t" || unit === "\n";
}

function isDigit(unit: string | undefined): boolean {
  return unit !== undefined && unit >= "0" && unit <= "9" && unit.length === 1;
}

function isIdentifierStart(unit: string | undefined): boolean {
  return unit !== undefined && /^[A-Za-z_]$/.test(unit);
}

function isIdentifierPart(unit: string): boolean {
  return /^[A-Za-z0-9_.$]$/.test(unit);
}

function isIpGroup(group: string): boolean {
  return /^\d{1,3}$/.test(group) && Number(group) <= 255;
}
