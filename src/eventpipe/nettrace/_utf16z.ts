import { decodeUtf16le } from "../../codec/utf16.ts";

/**
 * Finds the 16-bit zero that ends a text.
 *
 * @param bytes Memory.
 * @param start Index of the first code unit.
 * @param end Index behind the last byte to look at.
 * @returns Index of the zero, or -1 when there is none.
 */
export function findUtf16Zero(
  bytes: Uint8Array,
  start: number,
  end: number,
): number {
  const last = end - 2;
  for (let at = start; at <= last; at += 2) {
    if (bytes[at] === 0 && bytes[at + 1] === 0) return at;
  }
  return -1;
}

/** A text and where it ends. */
export interface Utf16Text {
  readonly text: string;
  /** Index behind the text and its zero. */
  readonly next: number;
  /** Whether the zero was there. */
  readonly isTerminated: boolean;
}

/**
 * Reads a text that a 16-bit zero ends; without one it reaches to the end.
 *
 * @param bytes Memory.
 * @param start Index of the first code unit.
 * @param end Index behind the last byte.
 * @returns The text, lone surrogates as they are.
 */
export function readUtf16z(
  bytes: Uint8Array,
  start: number,
  end: number,
): Utf16Text {
  const zero = findUtf16Zero(bytes, start, end);
  if (zero === -1) {
    return {
      text: decodeUtf16le(bytes.subarray(start, end)),
      next: end,
      isTerminated: false,
    };
  }
  return {
    text: decodeUtf16le(bytes.subarray(start, zero)),
    next: zero + 2,
    isTerminated: true,
  };
}
