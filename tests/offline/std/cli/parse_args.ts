/**
 * Stands in for `@std/cli/parse-args` on networks without JSR.
 *
 * @module
 */

/** How {@linkcode parseArgs} is to read the arguments. */
export interface ParseOptions {
  /** Keep what follows `--` apart, in `"--"` of the result. @default {false} */
  "--"?: boolean;
  /** Other names per option; every name gets the value. */
  alias?: Record<string, string | readonly string[]>;
  /** Options without a value; `true`: all `--x` without `=`. @default {false} */
  boolean?: boolean | string | readonly string[];
  /** Values of options that were not given. */
  default?: Record<string, unknown>;
  /** Read nothing after the first argument that is no option. @default {false} */
  stopEarly?: boolean;
  /** Options whose values stay text, even if they look like a number. */
  string?: string | readonly string[];
  /** Options whose values are gathered in an array. */
  collect?: string | readonly string[];
  /** Options that `--no-x` sets to `false`. */
  negatable?: string | readonly string[];
  /** Called for options not named here; `false` drops them. */
  unknown?: (arg: string, key?: string, value?: unknown) => unknown;
}

/** The values by option, and what belongs to no option. */
export interface Args {
  /** The values by option, dotted names nested. */
  [name: string]: unknown;
  /** The arguments that belong to no option; numbers if they look like one. */
  _: (string | number)[];
  /** What follows `--`, if that was asked for. */
  "--"?: string[];
}

type Value = string | number | boolean;
type Tree = Record<string, unknown>;

/**
 * Parses arguments the way that minimist does.
 *
 * @param args The arguments.
 * @param options How to read them.
 * @returns The values.
 * @throws {TypeError} When an alias is undefined.
 */
export function parseArgs(
  args: readonly string[],
  options: ParseOptions = {},
): Args {
  return new Parser(options).parse(args);
}

class Parser {
  readonly #options: ParseOptions;
  readonly #aliases: Map<string, Set<string>>;
  readonly #booleans: ReadonlySet<string>;
  readonly #strings: ReadonlySet<string>;
  readonly #collected: ReadonlySet<string>;
  readonly #negatable: ReadonlySet<string>;
  readonly #allBooleans: boolean;
  readonly #result: Args = { _: [] };
  #args: readonly string[] = [];
  #at = 0;

  constructor(options: ParseOptions) {
    this.#options = options;
    this.#aliases = readAliases(options.alias ?? {});
    this.#allBooleans = options.boolean === true;
    this.#booleans = this.#namesOf(
      typeof options.boolean === "boolean" ? [] : options.boolean,
    );
    this.#strings = this.#namesOf(options.string);
    this.#collected = this.#namesOf(options.collect);
    this.#negatable = this.#namesOf(options.negatable);
  }

  parse(args: readonly string[]): Args {
    const end = args.indexOf("--");
    this.#args = end < 0 ? args : args.slice(0, end);
    const rest = end < 0 ? [] : args.slice(end + 1);
    while (this.#at < this.#args.length) {
      const arg = this.#args[this.#at++] ?? "";
      if (/^--./s.test(arg)) {
        this.#readLong(arg);
      } else if (/^-./s.test(arg)) {
        this.#readShort(arg);
      } else if (this.#readPositional(arg) === "stop") {
        break;
      }
    }
    this.#fillIn();
    if (this.#options["--"]) this.#result["--"] = rest;
    else this.#result._.push(...rest);
    return this.#result;
  }

  #readLong(arg: string): void {
    const { no, name = "", value } =
      /^--(?<no>no-(?=.))?(?<name>.[^=]*)(?:=(?<value>.*))?$/s.exec(arg)
        ?.groups ?? {};
    // A value makes the negation part of the value's story: it is dropped.
    if (value !== undefined) {
      const read = this.#booleans.has(name) ? value !== "false" : value;
      this.#set(name, read, arg);
      return;
    }
    if (no && this.#negatable.has(name)) {
      this.#set(name, false, arg, { once: true });
      return;
    }
    const key = `${no ?? ""}${name}`;
    const next = this.#args[this.#at];
    const takesNext = next && !this.#allBooleans && !next.startsWith("-") &&
      !this.#isBoolean(key);
    this.#setFromNext(key, arg, Boolean(takesNext));
  }

  /** `-abc`, `-n5`, `-n=5`, `-n 5`: letters until one takes the rest. */
  #readShort(arg: string): void {
    const last = arg.length - 1;
    for (let i = 1; i < last; i++) {
      const letter = arg.charAt(i);
      const rest = arg.slice(i + 1);
      if (rest === "-") {
        this.#set(letter, rest, arg);
        continue;
      }
      const value = valueWithin(letter, rest);
      if (value !== undefined) {
        this.#set(letter, value, arg);
        return;
      }
      this.#set(letter, this.#strings.has(letter) ? "" : true, arg);
    }
    const key = arg.charAt(last);
    if (key === "-") return;
    const next = this.#args[this.#at];
    const takesNext = next && !/^--?[^-]/.test(next) && !this.#isBoolean(key);
    this.#setFromNext(key, arg, Boolean(takesNext));
  }

  #readPositional(arg: string): "go on" | "stop" {
    if (this.#options.unknown?.(arg) !== false) {
      const keep = this.#strings.has("_") || !isNumeric(arg);
      this.#result._.push(keep ? arg : Number(arg));
    }
    if (!this.#options.stopEarly) return "go on";
    this.#result._.push(...this.#args.slice(this.#at));
    return "stop";
  }

  /** Even a boolean takes a next argument that is `true` or `false`. */
  #setFromNext(key: string, arg: string, takesNext: boolean): void {
    const next = this.#args[this.#at];
    if (takesNext && next) {
      this.#at++;
      this.#set(key, next, arg);
    } else if (next === "true" || next === "false") {
      this.#at++;
      this.#set(key, next === "true", arg);
    } else {
      this.#set(key, this.#strings.has(key) ? "" : true, arg);
    }
  }

  #set(
    key: string,
    value: Value,
    arg: string,
    { once = false }: { once?: boolean } = {},
  ): void {
    const known = this.#booleans.has(key) || this.#strings.has(key) ||
      this.#aliases.has(key) || this.#collected.has(key) ||
      (this.#allBooleans && /^--[^=]+$/.test(arg));
    if (!known && this.#options.unknown?.(arg, key, value) === false) return;
    const read = typeof value === "string" && !this.#strings.has(key) &&
        isNumeric(value)
      ? Number(value)
      : value;
    const collect = !once && this.#collected.has(key);
    for (const name of [key, ...this.#aliases.get(key) ?? []]) {
      assign(this.#result, name, read, collect);
    }
  }

  /** Gives a value to the options that were not there. */
  #fillIn(): void {
    for (const [key, value] of Object.entries(this.#options.default ?? {})) {
      if (has(this.#result, key)) continue;
      for (const name of [key, ...this.#aliases.get(key) ?? []]) {
        assign(this.#result, name, value, false);
      }
    }
    for (const name of this.#booleans) {
      if (has(this.#result, name)) continue;
      assign(this.#result, name, this.#collected.has(name) ? [] : false, false);
    }
    for (const name of this.#strings) {
      if (!this.#collected.has(name) || has(this.#result, name)) continue;
      assign(this.#result, name, [], false);
    }
  }

  #isBoolean(key: string): boolean {
    return this.#booleans.has(key) ||
      [...this.#aliases.get(key) ?? []].some((name) =>
        this.#booleans.has(name)
      );
  }

  #namesOf(list: string | readonly string[] = []): Set<string> {
    const names = (typeof list === "string" ? [list] : list).filter(Boolean);
    return new Set(
      names.flatMap((name) => [name, ...this.#aliases.get(name) ?? []]),
    );
  }
}

function readAliases(
  alias: Record<string, string | readonly string[]>,
): Map<string, Set<string>> {
  const all = new Map<string, Set<string>>();
  for (const [name, value] of Object.entries(alias)) {
    if (value === undefined) {
      throw new TypeError(
        `Cannot read aliases: that of "${name}" is undefined`,
      );
    }
    const others = typeof value === "string" ? [value] : value;
    all.set(name, new Set(others));
    for (const other of others) {
      all.set(other, new Set([name, ...others.filter((it) => it !== other)]));
    }
  }
  return all;
}

/** What the text behind a letter gives it, if it does not name more letters. */
function valueWithin(letter: string, rest: string): string | undefined {
  if (rest === "=") return "";
  if (/[A-Za-z]/.test(letter)) {
    const value = /=(.+)/.exec(rest)?.[1];
    if (value !== undefined) return value;
    if (/-?\d+(\.\d*)?(e-?\d+)?$/.test(rest)) return rest;
  }
  // The last character is an option of its own and does not end the letters.
  return rest.length > 1 && /^\W/.test(rest) ? rest : undefined;
}

function isNumeric(text: string): boolean {
  return text.trim() !== "" && Number.isFinite(Number(text));
}

function assign(
  tree: Tree,
  name: string,
  value: unknown,
  collect: boolean,
): void {
  const path = name.split(".");
  const last = path.pop() ?? "";
  let at = tree;
  for (const part of path) {
    if (isUnsafe(at, part)) return;
    at = (at[part] ??= {}) as Tree;
  }
  if (isUnsafe(at, last)) return;
  const old = at[last];
  if (!collect) at[last] = value;
  else if (Array.isArray(old)) old.push(value);
  else at[last] = old ? [old, value] : [value];
}

function has(tree: Tree, name: string): boolean {
  let at: unknown = tree;
  for (const part of name.split(".")) {
    if (!Object.hasOwn(at as Tree, part)) return false;
    at = (at as Tree)[part];
  }
  return true;
}

/** Names that would reach the prototype of everything. */
function isUnsafe(tree: Tree, name: string): boolean {
  return name === "__proto__" ||
    (name === "constructor" && typeof tree[name] === "function");
}
