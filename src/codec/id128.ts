/** An identifier of 128 bits: of a file, or of a stack trace. */
export interface Id128 {
  /** Upper 64 bits. */
  readonly hi: bigint;
  /** Lower 64 bits. */
  readonly lo: bigint;
}

/** The identifier that is all zero: none. */
export const ZERO_ID128: Id128 = { hi: 0n, lo: 0n };

const MAX_QUOTED = 64;

/**
 * @param bytes Sixteen bytes, highest first.
 * @returns The identifier.
 * @throws {SyntaxError} When there are not sixteen.
 */
export function id128FromBytes(bytes: Uint8Array): Id128 {
  if (bytes.length !== 16) {
    throw new SyntaxError(
      `Cannot read 128-bit id: it has ${bytes.length} bytes, expected 16`,
    );
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, 16);
  return { hi: view.getBigUint64(0), lo: view.getBigUint64(8) };
}

/** @param id An identifier. @returns Its sixteen bytes, highest first. */
export function id128ToBytes({ hi, lo }: Id128): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(16);
  const view = new DataView(bytes.buffer);
  view.setBigUint64(0, hi);
  view.setBigUint64(8, lo);
  return bytes;
}

/** @param id An identifier. @returns 32 lower-case hexadecimal digits. */
export function formatId128({ hi, lo }: Id128): string {
  return hex64(hi) + hex64(lo);
}

/** @param id An identifier. @returns Its digits in groups of 8, 4, 4, 4 and 12, as of a UUID. */
export function formatId128AsUuid(id: Id128): string {
  const hex = formatId128(id);
  return [
    hex.slice(0, 8),
    hex.slice(8, 12),
    hex.slice(12, 16),
    hex.slice(16, 20),
    hex.slice(20),
  ].join("-");
}

/** @param id An identifier. @returns Its bytes in base64 of the URL alphabet: 22 characters without padding. */
export function formatId128AsBase64(id: Id128): string {
  return id128ToBytes(id).toBase64({
    alphabet: "base64url",
    omitPadding: true,
  });
}

/**
 * Reads the text form: a leading `0x` and every `-` are left out, so that the
 * form of a UUID is accepted too.
 *
 * @param text 32 hexadecimal digits of either case.
 * @returns The identifier.
 * @throws {SyntaxError} When there are more or fewer digits, or others.
 *
 * @example Text and UUID mean the same
 * ```ts
 * import { formatId128, parseId128 } from "../../src/codec/id128.ts";
 * import { assertEquals } from "@std/assert";
 *
 * const id = parseId128("0x01234567-89AB-CDEF-fedc-ba9876543210");
 * assertEquals(formatId128(id), "0123456789abcdeffedcba9876543210");
 * ```
 */
export function parseId128(text: string): Id128 {
  const digits = (text.startsWith("0x") ? text.slice(2) : text)
    .replaceAll("-", "");
  if (!/^[0-9a-fA-F]{32}$/.test(digits)) {
    throw new SyntaxError(
      `Cannot read 128-bit id ${quote(text)}: expected 32 hexadecimal digits`,
    );
  }
  return {
    hi: BigInt(`0x${digits.slice(0, 16)}`),
    lo: BigInt(`0x${digits.slice(16)}`),
  };
}

/**
 * Reads the JSON form, as the profiler does: 34 characters, of which the outer
 * two are not looked at.
 *
 * @param text A JSON string of 32 hexadecimal digits, with its quotes.
 * @returns The identifier.
 * @throws {SyntaxError} When it is anything else.
 */
export function parseId128Json(text: string): Id128 {
  if (text.length !== 34) {
    throw new SyntaxError(
      `Cannot read 128-bit id ${
        quote(text)
      }: it has ${text.length} characters, expected 34`,
    );
  }
  return parseId128(text.slice(1, 33));
}

/**
 * Reads the base64 form: of the URL alphabet or the standard one, without
 * padding.
 *
 * @param text 22 characters.
 * @returns The identifier.
 * @throws {SyntaxError} When it is no such text.
 */
export function parseId128Base64(text: string): Id128 {
  const isUrl = /^[A-Za-z0-9_-]{22}$/.test(text);
  if (!isUrl && !/^[A-Za-z0-9+/]{22}$/.test(text)) {
    throw new SyntaxError(
      `Cannot read 128-bit id ${
        quote(text)
      }: expected 22 characters of base64 without padding`,
    );
  }
  return id128FromBytes(
    Uint8Array.fromBase64(text, {
      alphabet: isUrl ? "base64url" : "base64",
    }),
  );
}

/**
 * Compares as the profiler does: both halves as signed numbers, so that an
 * identifier of all ones comes before zero. Use it only where its order is
 * wanted; texts sort by value.
 *
 * @param a An identifier.
 * @param b Another.
 * @returns Below 0, 0 or above 0.
 */
export function compareId128(a: Id128, b: Id128): number {
  for (const half of ["hi", "lo"] as const) {
    const left = BigInt.asIntN(64, a[half]);
    const right = BigInt.asIntN(64, b[half]);
    if (left !== right) return left < right ? -1 : 1;
  }
  return 0;
}

/** @param id An identifier. @returns It with its halves exchanged. */
export function swapId128({ hi, lo }: Id128): Id128 {
  return { hi: lo, lo: hi };
}

/**
 * Formats as Go's `fmt` does with a verb, as log files of the profiler have it.
 *
 * @param id An identifier.
 * @param verb Verb with its flag: `%x`, `%X`, `%#x`, `%#X`, `%#v`, `%d`, `%v`, or any other letter.
 * @returns The text.
 */
export function formatId128Verb({ hi, lo }: Id128, verb: string): string {
  const hex = hi.toString(16) + hex64(lo);
  switch (verb) {
    case "%x":
      return hex;
    case "%X":
      return hex.toUpperCase();
    case "%#x":
    case "%#v":
      return `0x${hex}`;
    case "%#X":
      return `0x${hex.toUpperCase()}`;
    case "%d":
    case "%v":
      return `{${hi} ${lo}}`;
    default: {
      const letter = verb.at(-1);
      return `{%!${letter}(uint64=${hi}) %!${letter}(uint64=${lo})}`;
    }
  }
}

function hex64(half: bigint): string {
  return half.toString(16).padStart(16, "0");
}

function quote(text: string): string {
  return JSON.stringify(
    text.length > MAX_QUOTED ? `${text.slice(0, MAX_QUOTED)}…` : text,
  );
}
