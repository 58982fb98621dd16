import { parseArgs } from "../deps/cli.ts";
import { parseByteSize } from "../base/byte_size.ts";
import { parseDurationNs } from "../base/duration.ts";
import { nearestWord } from "../base/nearest.ts";
import type {
  OptionSpec,
  OptionValue,
  OptionValues,
} from "../formats/option_spec.ts";
import type { PositionalSpec } from "./command.ts";
import { UsageError } from "./usage_error.ts";

/** What a command accepts. */
export interface CommandLineSpec {
  readonly positionals: readonly PositionalSpec[];
  readonly options: readonly OptionSpec[];
  /** Whether arguments behind `--` go to another program; otherwise they are positionals. */
  readonly passthrough?: boolean | undefined;
}

/** What was typed. */
export interface ParsedCommandLine {
  readonly options: OptionValues;
  readonly positionals: readonly string[];
  readonly passthrough: readonly string[];
}

/**
 * Parses the arguments of one command.
 *
 * @param args Arguments behind the command's name.
 * @param spec What the command accepts.
 * @returns Options by long name, defaults filled in, and positionals.
 * @throws {UsageError} When an argument is unknown, missing or malformed.
 */
export function parseCommandLine(
  args: readonly string[],
  spec: CommandLineSpec,
): ParsedCommandLine {
  const byName = new Map(spec.options.map((option) => [option.name, option]));
  const booleans = spec.options.filter(({ type }) => type === "boolean");
  const negatable = booleans.filter((option) => option.default === true);
  const { joined, given } = joinValues(args, spec.options);
  const parsed = parseArgs(joined, {
    "--": true,
    boolean: booleans.map(({ name }) => name),
    // "_" keeps positionals such as 007 as they were typed.
    string: [
      "_",
      ...spec.options.filter(({ type }) => type !== "boolean").map(({ name }) =>
        name
      ),
    ],
    collect: spec.options.filter(({ type }) => type !== "boolean").map((
      { name },
    ) => name),
    negatable: negatable.map(({ name }) => name),
    unknown: (argument: string, key?: string) => {
      if (key === undefined) return true;
      throw unknownOption(argument, key, spec.options);
    },
  });

  const options: Record<string, OptionValue> = {};
  for (const option of spec.options) {
    if (!given.has(option.name)) {
      if (option.default !== undefined) options[option.name] = option.default;
      continue;
    }
    for (const other of option.conflicts ?? []) {
      if (given.has(other)) {
        throw new UsageError(
          `Options --${option.name} and --${other} exclude each other`,
        );
      }
    }
    const value = parsed[option.name] as unknown;
    options[option.name] = option.type === "boolean"
      ? value as boolean
      : parseValues(option, value as string[]);
  }

  const rest = (parsed["--"] as string[] | undefined) ?? [];
  const positionals = [
    ...(parsed._ as unknown[]).map(String),
    ...(spec.passthrough === true ? [] : rest),
  ];
  checkPositionals(positionals, spec, byName);
  return {
    options,
    positionals,
    passthrough: spec.passthrough === true ? rest : [],
  };
}

/**
 * Brings options into the form `--name=value`, so that a value may be `-`, a
 * negative number or the word `true` and nothing is taken for another thing.
 */
function joinValues(
  args: readonly string[],
  options: readonly OptionSpec[],
): { joined: string[]; given: Set<string> } {
  const byLong = new Map(
    options.flatMap((option) =>
      [option.name, ...option.aliases ?? []].map((name) =>
        [name, option] as const
      )
    ),
  );
  const byShort = new Map(
    options.flatMap((option) =>
      option.short === undefined ? [] : [[option.short, option] as const]
    ),
  );
  const joined: string[] = [];
  const given = new Set<string>();
  let index = 0;

  function takeValue({ name }: OptionSpec, attached: string | undefined): void {
    given.add(name);
    const next = args[index + 1] ?? "";
    // Another option in the value's place means that the value was forgotten.
    const isForgotten = next.startsWith("--") &&
      byLong.has(next.slice(2).split("=", 1)[0]!);
    if (attached === undefined && !isForgotten) index++;
    joined.push(`--${name}=${attached ?? (isForgotten ? "" : next)}`);
  }

  for (; index < args.length; index++) {
    const argument = args[index]!;
    if (argument === "--") {
      joined.push(...args.slice(index));
      break;
    }
    // A long name behind one dash is taken too, as programs in Go have it.
    const match = /^--([^=]+)(?:=(.*))?$/s.exec(argument) ??
      /^-([^=-][^=]+)(?:=(.*))?$/s.exec(argument);
    const long = match === null ? undefined : byLong.get(match[1]!);
    if (long !== undefined) {
      if (long.type !== "boolean") takeValue(long, match![2]);
      else {
        given.add(long.name);
        joined.push(`--${long.name}=${match![2] ?? "true"}`);
      }
      continue;
    }
    const negated = match?.[1]?.startsWith("no-") === true &&
        argument.startsWith("--")
      ? byLong.get(match[1].slice(3))
      : undefined;
    if (negated !== undefined) {
      given.add(negated.name);
      const value = match![2] === undefined ? "" : `=${match![2]}`;
      joined.push(`--no-${negated.name}${value}`);
      continue;
    }
    if (!/^-[^-]/.test(argument)) {
      joined.push(argument);
      continue;
    }
    for (let at = 1; at < argument.length; at++) {
      const short = byShort.get(argument[at]!);
      if (short === undefined) {
        joined.push(`-${argument.slice(at)}`);
        break;
      }
      if (short.type !== "boolean") {
        const rest = argument.slice(at + 1).replace(/^=/, "");
        takeValue(short, rest === "" ? undefined : rest);
        break;
      }
      given.add(short.name);
      joined.push(`--${short.name}=true`);
    }
  }
  return { joined, given };
}

function parseValues(
  option: OptionSpec,
  values: readonly string[],
): OptionValue {
  for (const value of values) {
    if (value === "") {
      throw new UsageError(
        `Option --${option.name} needs a value: ${option.help}`,
      );
    }
    if (option.choices !== undefined && !option.choices.includes(value)) {
      const near = nearestWord(value, option.choices);
      throw new UsageError(
        `Cannot use "${value}" for --${option.name}: choices are ${
          option.choices.join(", ")
        }`,
        near === undefined ? undefined : `did you mean ${near}?`,
      );
    }
  }
  if (option.type === "list") return values;
  if (values.length > 1) {
    throw new UsageError(
      `Option --${option.name} is given ${values.length} times, once is allowed`,
    );
  }
  const value = values[0]!;
  if (option.type === "string") return value;
  const number = parseNumber(option, value);
  if (option.min !== undefined && number < option.min) {
    throw new UsageError(
      `Cannot use ${value} for --${option.name}: smallest value is ${option.min}`,
    );
  }
  if (option.max !== undefined && number > option.max) {
    throw new UsageError(
      `Cannot use ${value} for --${option.name}: largest value is ${option.max}`,
    );
  }
  return number;
}

function parseNumber(option: OptionSpec, value: string): number {
  try {
    if (option.type === "duration") return parseDurationNs(value);
    if (option.type === "size") return parseByteSize(value);
  } catch (error) {
    if (error instanceof SyntaxError) {
      throw new UsageError(`Option --${option.name}: ${error.message}`);
    }
    throw error;
  }
  const number = /^[+-]?(0x[0-9a-f]+|\d+(\.\d+)?(e[+-]?\d+)?)$/i.test(value)
    ? Number(value)
    : NaN;
  const isWanted = option.integer === false
    ? Number.isFinite(number)
    : Number.isSafeInteger(number);
  if (!isWanted) {
    throw new UsageError(
      `Cannot use "${value}" for --${option.name}: expected ${
        option.integer === false ? "a number" : "an integer"
      }`,
    );
  }
  return number;
}

function checkPositionals(
  positionals: readonly string[],
  spec: CommandLineSpec,
  options: ReadonlyMap<string, OptionSpec>,
): void {
  const missing = spec.positionals.find(({ required }, index) =>
    required && index >= positionals.length
  );
  if (missing !== undefined) {
    throw new UsageError(`Argument ${missing.name} is missing`);
  }
  const isVariadic = spec.positionals.at(-1)?.variadic === true;
  const extra = positionals[spec.positionals.length];
  if (!isVariadic && extra !== undefined) {
    throw new UsageError(
      `Argument "${extra}" is too much`,
      options.has(extra) ? `did you mean --${extra}?` : undefined,
    );
  }
}

function unknownOption(
  argument: string,
  key: string,
  options: readonly OptionSpec[],
): UsageError {
  const near = nearestWord(key, options.map(({ name }) => name));
  return new UsageError(
    `Option ${argument.split("=", 1)[0]} is unknown`,
    near === undefined ? undefined : `did you mean --${near}?`,
  );
}
