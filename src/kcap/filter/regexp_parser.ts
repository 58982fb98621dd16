import {
  foldRanges,
  invertRanges,
  LAST_CODE,
  normalizeRanges,
  PERL_CLASSES,
  POSIX_CLASSES,
  unicodeClass,
} from "./regexp_classes.ts";
import type { CodeRange, RegexpNode } from "./regexp_types.ts";

/** Highest count in braces, as in Go. */
const MAX_REPEAT = 1000;
/** Deepest nesting, as in Go. */
const MAX_DEPTH = 1000;

const NEWLINE = 0x0a;
const EMPTY: RegexpNode = { type: "empty" };

const SIMPLE_ESCAPES: Readonly<Record<string, number>> = {
  a: 0x07,
  f: 0x0c,
  n: 0x0a,
  r: 0x0d,
  t: 0x09,
  v: 0x0b,
};

interface Flags {
  /** `i`: case does not matter. */
  readonly fold: boolean;
  /** `m`: `^` and `$` are at lines. */
  readonly lines: boolean;
  /** `s`: the dot matches a line break. */
  readonly dotAll: boolean;
}

/**
 * Parses a regular expression of Go's syntax (RE2).
 *
 * @param pattern The expression.
 * @returns Its tree.
 * @throws {SyntaxError} When it is malformed, or uses what RE2 does not have:
 * look-around and references back.
 */
export function parseRegexp(pattern: string): RegexpNode {
  return new RegexpParser(pattern).parse();
}

class RegexpParser {
  readonly #pattern: string;
  readonly #units: readonly string[];
  #at = 0;
  #depth = 0;
  #flags: Flags = { fold: false, lines: false, dotAll: false };

  constructor(pattern: string) {
    this.#pattern = pattern;
    this.#units = Array.from(pattern);
  }

  parse(): RegexpNode {
    const node = this.#parseChoice();
    if (this.#at < this.#units.length) throw this.#error("unexpected )");
    return node;
  }

  #parseChoice(): RegexpNode {
    if (++this.#depth > MAX_DEPTH) {
      throw this.#error("expression nests too deeply");
    }
    const items: RegexpNode[] = [this.#parseSequence()];
    while (this.#take("|")) items.push(this.#parseSequence());
    this.#depth--;
    return items.length === 1 ? items[0]! : { type: "choice", items };
  }

  #parseSequence(): RegexpNode {
    const items: RegexpNode[] = [];
    while (true) {
      const unit = this.#units[this.#at];
      if (unit === undefined || unit === "|" || unit === ")") break;
      const item = this.#parseAtom(unit);
      // Flags and \Q…\E are no items that could be repeated.
      if (item === undefined) continue;
      items.push(this.#parseRepeat(item));
    }
    if (items.length === 0) return EMPTY;
    return items.length === 1 ? items[0]! : { type: "sequence", items };
  }

  #parseRepeat(atom: RegexpNode): RegexpNode {
    const start = this.#at;
    const range = this.#parseQuantifier();
    if (range === undefined) return atom;
    this.#take("?"); // laziness does not change whether there is a match
    const after = this.#at;
    if (this.#parseQuantifier() !== undefined) {
      throw this.#error(
        `invalid nested repetition operator: ${
          this.#units.slice(start, this.#at).join("")
        }`,
      );
    }
    this.#at = after;
    return { type: "repeat", item: atom, ...range };
  }

  #parseQuantifier(): { min: number; max: number } | undefined {
    if (this.#take("*")) return { min: 0, max: Infinity };
    if (this.#take("+")) return { min: 1, max: Infinity };
    if (this.#take("?")) return { min: 0, max: 1 };
    if (this.#units[this.#at] !== "{") return undefined;
    const rest = this.#units.slice(this.#at, this.#at + 16).join("");
    const match = /^\{(\d+)(,(\d*))?\}/.exec(rest);
    // A brace that is no count stands for itself.
    if (match === null) return undefined;
    const min = Number(match[1]);
    const max = match[2] === undefined
      ? min
      : match[3] === ""
      ? Infinity
      : Number(match[3]);
    if (
      min > MAX_REPEAT || (max !== Infinity && (max > MAX_REPEAT || max < min))
    ) throw this.#error(`invalid repeat count: ${match[0]}`);
    this.#at += match[0].length;
    return { min, max };
  }

  #parseAtom(unit: string): RegexpNode | undefined {
    this.#at++;
    switch (unit) {
      case "(":
        return this.#parseGroup();
      case "[":
        return this.#parseClass();
      case ".":
        return ranges(
          this.#flags.dotAll
            ? [[0, LAST_CODE]]
            : invertRanges([[NEWLINE, NEWLINE]]),
        );
      case "^":
        return {
          type: "assertion",
          assertion: this.#flags.lines ? "beginLine" : "beginText",
        };
      case "$":
        return {
          type: "assertion",
          assertion: this.#flags.lines ? "endLine" : "endText",
        };
      case "\\":
        return this.#parseEscape();
      case "*":
      case "+":
      case "?":
        throw this.#error(
          `missing argument to repetition operator: ${unit}`,
        );
      default:
        return this.#literal(unit.codePointAt(0)!);
    }
  }

  #literal(code: number): RegexpNode {
    const only: readonly CodeRange[] = [[code, code]];
    return ranges(this.#flags.fold ? foldRanges(only) : only);
  }

  #parseGroup(): RegexpNode | undefined {
    const outer = this.#flags;
    if (this.#take("?")) {
      const rest = this.#units.slice(this.#at, this.#at + 128).join("");
      const name = /^P?<([A-Za-z0-9_]+)>/.exec(rest);
      if (name !== null) this.#at += name[0].length;
      else {
        const match = /^([imsU]*)(-[imsU]+)?([:)])/.exec(rest);
        if (match === null || match[0] === ")") {
          throw this.#error("invalid or unsupported Perl syntax");
        }
        this.#at += match[0].length;
        this.#flags = withFlags(outer, match[1]!, match[2] ?? "");
        if (match[3] === ")") return undefined;
      }
    }
    const node = this.#parseChoice();
    if (!this.#take(")")) throw this.#error("missing closing )");
    this.#flags = outer;
    return node;
  }

  #parseEscape(): RegexpNode | undefined {
    const unit = this.#units[this.#at];
    if (unit === undefined) {
      throw this.#error("trailing backslash at end of expression");
    }
    switch (unit) {
      case "A":
        this.#at++;
        return { type: "assertion", assertion: "beginText" };
      case "z":
        this.#at++;
        return { type: "assertion", assertion: "endText" };
      case "b":
        this.#at++;
        return { type: "assertion", assertion: "wordBoundary" };
      case "B":
        this.#at++;
        return { type: "assertion", assertion: "noWordBoundary" };
      case "Q":
        this.#at++;
        return this.#parseQuoted();
    }
    const found = this.#parseClassEscape();
    if (found !== undefined) return ranges(this.#folded(found));
    return this.#literal(this.#parseCode());
  }

  #parseQuoted(): RegexpNode | undefined {
    const items: RegexpNode[] = [];
    while (this.#at < this.#units.length) {
      if (this.#units[this.#at] === "\\" && this.#units[this.#at + 1] === "E") {
        this.#at += 2;
        break;
      }
      items.push(this.#literal(this.#units[this.#at++]!.codePointAt(0)!));
    }
    // A repetition belongs to the last character only.
    const last = items.pop();
    if (last === undefined) return undefined;
    const repeated = this.#parseRepeat(last);
    return { type: "sequence", items: [...items, repeated] };
  }

  /** `\d`, `\PL` and the like; `undefined` when it is something else. */
  #parseClassEscape(): readonly CodeRange[] | undefined {
    const unit = this.#units[this.#at]!;
    const perl = PERL_CLASSES[unit.toLowerCase()];
    if (perl !== undefined) {
      this.#at++;
      return unit === unit.toLowerCase() ? perl : invertRanges(perl);
    }
    if (unit !== "p" && unit !== "P") return undefined;
    const rest = this.#units.slice(this.#at + 1, this.#at + 64).join("");
    const match = /^(?:\{(\^?)([^}]*)\}|([A-Za-z]))/.exec(rest);
    const found = match === null
      ? undefined
      : unicodeClass(match[3] ?? match[2]!);
    if (match === null || found === undefined) {
      throw this.#error("invalid character class range");
    }
    this.#at += 1 + match[0].length;
    const isInverted = (unit === "P") !== (match[1] === "^");
    return isInverted ? invertRanges(found) : found;
  }

  /** Code of an escaped character, behind the backslash. */
  #parseCode(): number {
    const rest = this.#units.slice(this.#at, this.#at + 12).join("");
    const hex = /^x(?:\{([0-9A-Fa-f]{1,8})\}|([0-9A-Fa-f]{2}))/.exec(rest);
    if (hex !== null) {
      const code = Number.parseInt((hex[1] ?? hex[2])!, 16);
      if (code > LAST_CODE) throw this.#error("invalid escape sequence");
      this.#at += hex[0].length;
      return code;
    }
    // One digit alone would be a reference back, which RE2 does not have.
    const octal = /^(?:0[0-7]{0,2}|[1-7][0-7]{1,2})/.exec(rest);
    if (octal !== null) {
      this.#at += octal[0].length;
      return Number.parseInt(octal[0], 8);
    }
    const unit = this.#units[this.#at]!;
    this.#at++;
    if (Object.hasOwn(SIMPLE_ESCAPES, unit)) return SIMPLE_ESCAPES[unit]!;
    if (/^[A-Za-z0-9]$/.test(unit) || unit.codePointAt(0)! > 0x7f) {
      throw this.#error("invalid escape sequence");
    }
    return unit.codePointAt(0)!;
  }

  #parseClass(): RegexpNode {
    const isInverted = this.#take("^");
    const found: CodeRange[] = [];
    let isFirst = true;
    while (isFirst || this.#units[this.#at] !== "]") {
      if (this.#at >= this.#units.length) {
        throw this.#error("missing closing ]");
      }
      isFirst = false;
      const named = this.#parseNamedClass();
      if (named !== undefined) {
        found.push(...named);
        continue;
      }
      const first = this.#parseClassCode();
      let last = first;
      if (
        this.#units[this.#at] === "-" && this.#units[this.#at + 1] !== "]" &&
        this.#units[this.#at + 1] !== undefined
      ) {
        this.#at++;
        last = this.#parseClassCode();
      }
      if (last < first) throw this.#error("invalid character class range");
      found.push([first, last]);
    }
    this.#at++;
    const all = this.#folded(found);
    return ranges(isInverted ? invertRanges(all) : all);
  }

  #parseNamedClass(): readonly CodeRange[] | undefined {
    if (this.#units[this.#at] === "\\") {
      const back = this.#at++;
      const found = this.#units[this.#at] === undefined
        ? undefined
        : this.#parseClassEscape();
      if (found === undefined) this.#at = back;
      return found;
    }
    const rest = this.#units.slice(this.#at, this.#at + 16).join("");
    const match = /^\[:(\^?)([a-z]+):\]/.exec(rest);
    if (match === null) return undefined;
    const found = Object.hasOwn(POSIX_CLASSES, match[2]!)
      ? POSIX_CLASSES[match[2]!]!
      : undefined;
    if (found === undefined) {
      throw this.#error(`invalid character class range: ${match[0]}`);
    }
    this.#at += match[0].length;
    return match[1] === "^" ? invertRanges(found) : found;
  }

  #parseClassCode(): number {
    const unit = this.#units[this.#at];
    if (unit === undefined) throw this.#error("missing closing ]");
    this.#at++;
    if (unit !== "\\") return unit.codePointAt(0)!;
    if (this.#units[this.#at] === undefined) {
      throw this.#error("missing closing ]");
    }
    return this.#parseCode();
  }

  #folded(found: readonly CodeRange[]): readonly CodeRange[] {
    return this.#flags.fold ? foldRanges(found) : normalizeRanges(found);
  }

  #take(unit: string): boolean {
    if (this.#units[this.#at] !== unit) return false;
    this.#at++;
    return true;
  }

  #error(state: string): SyntaxError {
    return new SyntaxError(
      `Cannot use regular expression "${this.#pattern}" at character ${this.#at}: ${state}`,
    );
  }
}

function ranges(found: readonly CodeRange[]): RegexpNode {
  return { type: "class", ranges: found };
}

function withFlags(flags: Flags, on: string, off: string): Flags {
  const apply = (letter: string, before: boolean) =>
    off.includes(letter) ? false : on.includes(letter) || before;
  return {
    fold: apply("i", flags.fold),
    lines: apply("m", flags.lines),
    dotAll: apply("s", flags.dotAll),
  };
}
