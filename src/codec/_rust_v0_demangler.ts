const BASIC_TYPES: Readonly<Record<string, string>> = {
  a: "i8",
  b: "bool",
  c: "char",
  d: "f64",
  e: "str",
  f: "f32",
  h: "u8",
  i: "isize",
  j: "usize",
  l: "i32",
  m: "u32",
  n: "i128",
  o: "u128",
  p: "_",
  s: "i16",
  t: "u16",
  u: "()",
  v: "...",
  x: "i64",
  y: "u64",
  z: "!",
};

const MAX_DEPTH = 200;
const MAX_LENGTH = 65_536;
/** Steps after which a name that refers to itself over and over is given up. */
const MAX_STEPS = 100_000;

/** Why a name is given up; never seen outside. */
class NotRust extends Error {}

/** Reads one name of the newer way of mangling, behind its `_R`. */
export class RustV0Demangler {
  readonly #text: string;
  #at = 0;
  #out = "";
  #depth = 0;
  #steps = 0;
  /** Lifetimes that are bound here. */
  #bound = 0;
  /** Above 0: what is read is not shown. */
  #silent = 0;

  /** @param text The name without prefix and suffix. */
  constructor(text: string) {
    this.#text = text;
  }

  /** @returns The path, or `undefined` when the name is malformed. */
  demangle(): string | undefined {
    try {
      this.#path(true);
      // The crate that asked for the instance is not shown.
      if (this.#at < this.#text.length) {
        this.#silent++;
        this.#path(false);
      }
      return this.#at === this.#text.length ? this.#out : undefined;
    } catch (error) {
      if (error instanceof NotRust) return undefined;
      throw error;
    }
  }

  #path(inValue: boolean): void {
    this.#enter();
    const tag = this.#next();
    switch (tag) {
      case "C": {
        this.#disambiguator();
        this.#print(this.#identifier());
        break;
      }
      case "N":
        this.#nestedPath(inValue);
        break;
      case "M":
      case "X":
        // Where the implementation stands is not shown.
        this.#disambiguator();
        this.#silent++;
        this.#path(false);
        this.#silent--;
        this.#implementation(tag === "X");
        break;
      case "Y":
        this.#implementation(true);
        break;
      case "I":
        this.#path(inValue);
        if (inValue) this.#print("::");
        this.#print("<");
        this.#list(() => this.#genericArgument());
        this.#print(">");
        break;
      case "B":
        this.#backReference(() => this.#path(inValue));
        break;
      default:
        throw new NotRust();
    }
    this.#depth--;
  }

  #nestedPath(inValue: boolean): void {
    const space = this.#next();
    if (!/[A-Za-z]/.test(space)) throw new NotRust();
    this.#path(inValue);
    const index = this.#disambiguator();
    const name = this.#identifier();
    if (space >= "a") {
      // Internal: only what has a name is shown.
      if (name !== "") this.#print(`::${name}`);
      return;
    }
    const kind = space === "C" ? "closure" : space === "S" ? "shim" : space;
    this.#print(`::{${kind}${name === "" ? "" : `:${name}`}#${index}}`);
  }

  #implementation(hasTrait: boolean): void {
    this.#print("<");
    this.#type();
    if (hasTrait) {
      this.#print(" as ");
      this.#path(false);
    }
    this.#print(">");
  }

  #genericArgument(): void {
    if (this.#take("L")) this.#lifetime(this.#base62());
    else if (this.#take("K")) this.#constant(false);
    else this.#type();
  }

  #type(): void {
    this.#enter();
    const tag = this.#peek();
    const basic = BASIC_TYPES[tag];
    if (basic !== undefined) {
      this.#at++;
      this.#print(basic);
    } else this.#compoundType(tag);
    this.#depth--;
  }

  #compoundType(tag: string): void {
    switch (tag) {
      case "A":
      case "S":
        this.#at++;
        this.#print("[");
        this.#type();
        if (tag === "A") {
          this.#print("; ");
          this.#constant(true);
        }
        this.#print("]");
        return;
      case "T": {
        this.#at++;
        this.#print("(");
        const count = this.#list(() => this.#type());
        this.#print(count === 1 ? ",)" : ")");
        return;
      }
      case "R":
      case "Q":
        this.#at++;
        this.#print("&");
        if (this.#take("L")) {
          const lifetime = this.#base62();
          if (lifetime !== 0) {
            this.#lifetime(lifetime);
            this.#print(" ");
          }
        }
        if (tag === "Q") this.#print("mut ");
        return this.#type();
      case "P":
      case "O":
        this.#at++;
        this.#print(tag === "P" ? "*const " : "*mut ");
        return this.#type();
      case "F":
        this.#at++;
        return this.#binder(() => this.#functionType());
      case "D":
        this.#at++;
        return this.#dynamicType();
      case "B":
        this.#at++;
        return this.#backReference(() => this.#type());
      default:
        return this.#path(false);
    }
  }

  #functionType(): void {
    if (this.#take("U")) this.#print("unsafe ");
    if (this.#take("K")) {
      const abi = this.#take("C")
        ? "C"
        : this.#identifier().replaceAll("_", "-");
      this.#print(`extern "${abi}" `);
    }
    this.#print("fn(");
    this.#list(() => this.#type());
    this.#print(")");
    // Nothing is returned where it says "u".
    if (this.#take("u")) return;
    this.#print(" -> ");
    this.#type();
  }

  #dynamicType(): void {
    this.#print("dyn ");
    this.#binder(() => this.#list(() => this.#dynamicTrait(), " + "));
    if (!this.#take("L")) throw new NotRust();
    const lifetime = this.#base62();
    if (lifetime === 0) return;
    this.#print(" + ");
    this.#lifetime(lifetime);
  }

  #dynamicTrait(): void {
    let isOpen = this.#openPath();
    while (this.#take("p")) {
      this.#print(isOpen ? ", " : "<");
      isOpen = true;
      this.#print(`${this.#identifier()} = `);
      this.#type();
    }
    if (isOpen) this.#print(">");
  }

  /** A path whose list of arguments may go on; tells whether it is open. */
  #openPath(): boolean {
    if (this.#take("B")) {
      let isOpen = false;
      this.#backReference(() => isOpen = this.#openPath());
      return isOpen;
    }
    if (!this.#take("I")) {
      this.#path(false);
      return false;
    }
    this.#path(false);
    this.#print("<");
    this.#list(() => this.#genericArgument());
    return true;
  }

  #binder(show: () => void): void {
    const count = this.#take("G") ? this.#base62() + 1 : 0;
    if (count > MAX_DEPTH) throw new NotRust();
    if (count > 0) {
      this.#print("for<");
      for (let index = 0; index < count; index++) {
        if (index > 0) this.#print(", ");
        this.#bound++;
        this.#lifetime(1);
      }
      this.#print("> ");
    }
    show();
    this.#bound -= count;
  }

  #lifetime(index: number): void {
    if (index === 0) return this.#print("'_");
    const depth = this.#bound - index;
    if (depth < 0) throw new NotRust();
    this.#print(
      depth < 26 ? `'${String.fromCharCode(97 + depth)}` : `'_${depth}`,
    );
  }

  #constant(inValue: boolean): void {
    this.#enter();
    const tag = this.#next();
    switch (tag) {
      case "p":
        this.#print("_");
        break;
      case "b": {
        const digits = this.#hexDigits();
        if (digits !== "0" && digits !== "1") throw new NotRust();
        this.#print(digits === "1" ? "true" : "false");
        break;
      }
      case "c":
        this.#print(quoteCharacter(parseInt(this.#hexDigits(), 16)));
        break;
      case "h":
      case "t":
      case "m":
      case "y":
      case "o":
      case "j":
        this.#print(decimal(this.#hexDigits()));
        break;
      case "a":
      case "s":
      case "l":
      case "x":
      case "n":
      case "i":
        if (this.#take("n")) this.#print("-");
        this.#print(decimal(this.#hexDigits()));
        break;
      case "B":
        this.#backReference(() => this.#constant(inValue));
        break;
      default:
        this.#compoundConstant(tag, inValue);
    }
    this.#depth--;
  }

  #compoundConstant(tag: string, inValue: boolean): void {
    // A value that is no plain word stands in braces among arguments.
    const braces = !inValue;
    switch (tag) {
      case "e":
        // Text itself cannot be a value; what refers to it can.
        this.#braced(braces, () => this.#print(`*${this.#textConstant()}`));
        return;
      case "R":
      case "Q":
        if (tag === "R" && this.#take("e")) {
          this.#print(this.#textConstant());
          return;
        }
        this.#braced(braces, () => {
          this.#print(tag === "R" ? "&" : "&mut ");
          this.#constant(true);
        });
        return;
      case "A":
        this.#braced(braces, () => {
          this.#print("[");
          this.#list(() => this.#constant(true));
          this.#print("]");
        });
        return;
      case "T":
        this.#braced(braces, () => {
          this.#print("(");
          const count = this.#list(() => this.#constant(true));
          this.#print(count === 1 ? ",)" : ")");
        });
        return;
      case "V":
        this.#braced(braces, () => this.#structConstant());
        return;
      default:
        throw new NotRust();
    }
  }

  #structConstant(): void {
    this.#path(true);
    switch (this.#next()) {
      case "U":
        return;
      case "T":
        this.#print("(");
        this.#list(() => this.#constant(true));
        this.#print(")");
        return;
      case "S":
        this.#print(" { ");
        this.#list(() => {
          this.#disambiguator();
          this.#print(`${this.#identifier()}: `);
          this.#constant(true);
        });
        this.#print(" }");
        return;
      default:
        throw new NotRust();
    }
  }

  #textConstant(): string {
    const digits = this.#rawHexDigits();
    if (digits.length % 2 !== 0) throw new NotRust();
    const text = new TextDecoder().decode(Uint8Array.fromHex(digits));
    return JSON.stringify(text);
  }

  #braced(hasBraces: boolean, show: () => void): void {
    if (hasBraces) this.#print("{");
    show();
    if (hasBraces) this.#print("}");
  }

  /** Items up to an E. */
  #list(show: () => void, separator = ", "): number {
    let count = 0;
    while (!this.#take("E")) {
      if (count > 0) this.#print(separator);
      show();
      count++;
    }
    return count;
  }

  #backReference(show: () => void): void {
    const start = this.#at - 1;
    const target = this.#base62();
    if (target >= start) throw new NotRust();
    // What is not shown need not be read again.
    if (this.#silent > 0) return;
    const back = this.#at;
    this.#at = target;
    this.#enter();
    show();
    this.#depth--;
    this.#at = back;
  }

  #disambiguator(): number {
    return this.#take("s") ? this.#base62() + 1 : 0;
  }

  #identifier(): string {
    const isPunycode = this.#take("u");
    const digits = /^(?:0|[1-9]\d{0,5})/
      .exec(this.#text.slice(this.#at, this.#at + 6))?.[0];
    if (digits === undefined) throw new NotRust();
    this.#at += digits.length;
    this.#take("_");
    const end = this.#at + Number(digits);
    if (end > this.#text.length) throw new NotRust();
    const name = this.#text.slice(this.#at, end);
    this.#at = end;
    if (!isPunycode) return name;
    return decodePunycode(name) ?? `punycode{${name}}`;
  }

  #base62(): number {
    if (this.#take("_")) return 0;
    let value = 0;
    while (!this.#take("_")) {
      const digit = BASE62.indexOf(this.#next());
      if (digit < 0) throw new NotRust();
      // Numbers of crates have 64 bits, but are not shown.
      value = value * 62 + digit;
    }
    return value + 1;
  }

  #hexDigits(): string {
    const digits = this.#rawHexDigits().replace(/^0+/, "");
    return digits === "" ? "0" : digits;
  }

  #rawHexDigits(): string {
    const end = this.#text.indexOf("_", this.#at);
    const digits = this.#text.slice(this.#at, Math.max(0, end));
    if (end < 0 || !/^[0-9a-f]*$/.test(digits)) throw new NotRust();
    this.#at = end + 1;
    return digits;
  }

  #print(text: string): void {
    if (this.#silent > 0) return;
    this.#out += text;
    if (this.#out.length > MAX_LENGTH) throw new NotRust();
  }

  #enter(): void {
    if (++this.#depth > MAX_DEPTH || ++this.#steps > MAX_STEPS) {
      throw new NotRust();
    }
  }

  #peek(): string {
    return this.#text[this.#at] ?? "";
  }

  #next(): string {
    const character = this.#text[this.#at++];
    if (character === undefined) throw new NotRust();
    return character;
  }

  #take(character: string): boolean {
    if (this.#text[this.#at] !== character) return false;
    this.#at++;
    return true;
  }
}

const BASE62 = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";

function decimal(hex: string): string {
  // Beyond 64 bits the digits stay as they are.
  return hex.length > 16 ? `0x${hex}` : String(BigInt(`0x${hex}`));
}

function quoteCharacter(code: number): string {
  if (!(code <= 0x10ffff) || (code >= 0xd800 && code <= 0xdfff)) {
    throw new NotRust();
  }
  const character = String.fromCodePoint(code);
  if (character === "'" || character === "\\") return `'\\${character}'`;
  return code < 32 || code === 127
    ? `'\\u{${code.toString(16)}}'`
    : `'${character}'`;
}

/** Punycode with an underscore between the plain characters and the rest. */
function decodePunycode(text: string): string | undefined {
  const split = text.lastIndexOf("_");
  const plain = split < 0 ? "" : text.slice(0, split);
  const digits = split < 0 ? text : text.slice(split + 1);
  const output = Array.from(plain, (character) => character.codePointAt(0)!);
  let code = 128;
  let index = 0;
  let bias = 72;
  for (let at = 0; at < digits.length;) {
    const before = index;
    let weight = 1;
    for (let base = 36;; base += 36) {
      const digit = punycodeDigit(digits.charCodeAt(at++));
      if (digit === undefined) return undefined;
      index += digit * weight;
      const threshold = Math.max(1, Math.min(26, base - bias));
      if (digit < threshold) break;
      weight *= 36 - threshold;
      if (weight > 2 ** 32) return undefined;
    }
    const count = output.length + 1;
    let delta = index - before;
    delta = before === 0 ? Math.floor(delta / 700) : delta >> 1;
    delta += Math.floor(delta / count);
    let steps = 0;
    while (delta > 455) {
      delta = Math.floor(delta / 35);
      steps += 36;
    }
    bias = steps + Math.floor(36 * delta / (delta + 38));
    code += Math.floor(index / count);
    index %= count;
    if (code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff)) return undefined;
    output.splice(index++, 0, code);
  }
  return String.fromCodePoint(...output);
}

function punycodeDigit(unit: number): number | undefined {
  if (unit >= 97 && unit <= 122) return unit - 97;
  if (unit >= 48 && unit <= 57) return unit - 48 + 26;
  return undefined;
}
