import { nearestWord } from "../../base/nearest.ts";
import { LEVEL_NAMES } from "../level_name_table.ts";
import { PROVIDER_NAME } from "../provider_name_table.ts";
import { CLR_KEYWORDS } from "./clr_keyword_table.ts";
import type { ProviderConfig } from "./types.ts";

/** Level of a provider that is given none. */
export const DEFAULT_LEVEL = 4;
const MAX_LEVEL = 5;
const LEVELS = LEVEL_NAMES.map((name) => name.toLowerCase());

/** A provider as it is written, and where. */
export interface ParsedProvider extends ProviderConfig {
  readonly keywords: bigint;
  readonly arguments: string;
}

/**
 * Reads a list of providers, `Name[:Keywords[:Level[:Arguments]]]` separated
 * by commas. Commas separate before anything else does.
 *
 * @param text The list.
 * @returns The providers in order.
 * @throws {SyntaxError} When a part is wrong; the text names it.
 */
export function parseProviders(text: string): ParsedProvider[] {
  const providers: ParsedProvider[] = [];
  let at = 0;
  for (const part of text.split(",")) {
    try {
      providers.push(parseProvider(part));
    } catch (error) {
      if (!(error instanceof SyntaxError)) throw error;
      throw new SyntaxError(`${error.message} (at character ${at + 1})`, {
        cause: error,
      });
    }
    at += part.length + 1;
  }
  return providers;
}

function parseProvider(text: string): ParsedProvider {
  const [name = "", keywords = "", level = "", ...rest] = text.split(":");
  if (name.trim() === "") {
    throw new SyntaxError(
      `Cannot read provider "${text}": provider name was not specified`,
    );
  }
  return {
    name: name.trim(),
    keywords: parseKeywords(keywords),
    level: parseLevel(level),
    arguments: formatArguments(parseArguments(rest.join(":"))),
  };
}

/**
 * Reads keywords in hexadecimal.
 *
 * @param text With or without `0x`; blank is 0.
 * @returns The keywords.
 * @throws {SyntaxError} When it is no such number or has more than 64 bits.
 */
export function parseKeywords(text: string): bigint {
  const trimmed = text.trim();
  if (trimmed === "") return 0n;
  const digits = trimmed.replace(/^0x/i, "");
  if (!/^[0-9a-f]+$/i.test(digits)) {
    throw new SyntaxError(
      `Cannot read keywords "${trimmed}": expected a hexadecimal number`,
    );
  }
  const value = BigInt(`0x${digits}`);
  if (value > 0xffff_ffff_ffff_ffffn) {
    throw new SyntaxError(
      `Cannot read keywords "${trimmed}": the number has more than 64 bits`,
    );
  }
  return value;
}

/**
 * Reads a level.
 *
 * @param text A number, of which 5 is the most that counts, or a name; blank is 4.
 * @returns 0 to 5.
 * @throws {SyntaxError} When it is neither.
 */
export function parseLevel(text: string): number {
  const trimmed = text.trim().toLowerCase();
  if (trimmed === "") return DEFAULT_LEVEL;
  if (/^\d+$/.test(trimmed)) return Math.min(Number(trimmed), MAX_LEVEL);
  const level = LEVELS.indexOf(trimmed);
  if (level >= 0) return level;
  throw new SyntaxError(
    `Cannot read level "${text.trim()}": expected 0 to 5 or ${
      LEVELS.join(", ")
    }`,
  );
}

/**
 * Reads names of the runtime's keywords, joined by `+`.
 *
 * @param text For example `gc+exception`.
 * @returns The provider of the runtime with these keywords.
 * @param level Level of the provider.
 * @throws {SyntaxError} When a name is unknown.
 */
export function parseClrEvents(
  text: string,
  level: number = DEFAULT_LEVEL,
): ParsedProvider {
  let keywords = 0n;
  for (const part of text.split("+")) {
    const name = part.trim().toLowerCase();
    const mask = Object.hasOwn(CLR_KEYWORDS, name)
      ? CLR_KEYWORDS[name]
      : undefined;
    if (mask === undefined) {
      const near = nearestWord(name, Object.keys(CLR_KEYWORDS));
      throw new SyntaxError(
        `Cannot read CLR events: ${part.trim()} is not a valid CLR event keyword${
          near === undefined ? "" : `, the nearest is ${near}`
        }`,
      );
    }
    keywords |= mask;
  }
  return { name: PROVIDER_NAME.runtime, keywords, level, arguments: "" };
}

/**
 * Reads arguments of a provider: `key=value` separated by `;`, where quotes
 * hold `=` and `;`, and a backslash takes the special meaning of a quote.
 *
 * @param text The arguments; blank is none.
 * @returns Keys and values in order.
 * @throws {SyntaxError} When a pair has no `=`, two of them, or a key that occurred.
 */
export function parseArguments(text: string): [key: string, value: string][] {
  const pairs: [string, string][] = [];
  if (text.trim() === "") return pairs;
  const source = unescape(text);
  let start = 0;
  let isQuoted = false;
  let equals = -1;
  for (let at = 0; at <= source.length; at++) {
    const unit = source[at];
    if (unit === '"') isQuoted = !isQuoted;
    if (unit === "=" && !isQuoted) {
      if (equals >= 0) {
        throw argumentError(text, at, "value contains '=', quote it");
      }
      equals = at;
    }
    if (at < source.length && (unit !== ";" || isQuoted)) continue;
    // One separator may end the last pair.
    if (at === source.length && start === at && pairs.length > 0) break;
    if (equals < 0) {
      throw argumentError(text, start, "expected key=value");
    }
    const key = unquote(source.slice(start, equals).trim());
    if (key === "") throw argumentError(text, start, "key is empty");
    if (pairs.some(([other]) => other === key)) {
      throw argumentError(text, start, `key "${key}" occurs twice`);
    }
    pairs.push([key, unquote(source.slice(equals + 1, at))]);
    start = at + 1;
    equals = -1;
  }
  if (isQuoted) throw argumentError(text, text.length, "quote is not closed");
  return pairs;
}

/**
 * Renders arguments of a provider as they are sent.
 *
 * @param pairs Keys and values.
 * @returns `key=value` joined by `;`; what holds one of these is quoted.
 */
export function formatArguments(
  pairs: Iterable<readonly [key: string, value: string]>,
): string {
  return Array.from(pairs, ([key, value]) => `${quote(key)}=${quote(value)}`)
    .join(";");
}

function quote(text: string): string {
  return /[;=]/.test(text) ? `"${text}"` : text;
}

function unquote(text: string): string {
  return text.length >= 2 && text.startsWith('"') && text.endsWith('"')
    ? text.slice(1, -1)
    : text;
}

const ESCAPES: Readonly<Record<string, string>> = {
  n: "\n",
  r: "\r",
  t: "\t",
  a: "\x07",
  e: "\x1b",
  f: "\f",
  v: "\v",
  b: "\b",
};

function unescape(text: string): string {
  return text.replace(
    /\\(?:u([0-9a-f]{4})|x([0-9a-f]{2})|([\s\S])|$)/gi,
    (match, unit?: string, byte?: string, other?: string, at?: number) => {
      const code = unit ?? byte;
      if (code !== undefined) return String.fromCharCode(parseInt(code, 16));
      if (other === undefined) {
        throw argumentError(text, at ?? 0, "backslash stands at the end");
      }
      if (Object.hasOwn(ESCAPES, other)) return ESCAPES[other]!;
      if (/[a-z0-9]/i.test(other)) {
        throw argumentError(text, at ?? 0, `escape ${match} is unknown`);
      }
      return other;
    },
  );
}

function argumentError(text: string, at: number, state: string): SyntaxError {
  return new SyntaxError(
    `Cannot read arguments "${text}": at character ${at + 1}, ${state}`,
  );
}
