import { FormatError } from "../base/errors.ts";
import { nearestWord } from "../base/nearest.ts";
import { FOREIGN_FORMATS } from "./foreign_table.ts";
import { FORMATS } from "./format_table.ts";
import type { FormatEntry, FormatInput } from "./types.ts";

/** Options of {@linkcode detectFormat}. */
export interface DetectFormatOptions {
  /** Name of the format to take without looking. */
  readonly from?: string | undefined;
}

/**
 * Finds the format of an input by its content; its name never decides.
 *
 * @param input The input.
 * @param options A format to take instead.
 * @returns The line of the format table.
 * @throws {FormatError} When the input is empty or of no known format.
 * @throws {RangeError} When `from` is not the name of a format.
 */
export function detectFormat(
  input: Pick<FormatInput, "name" | "head">,
  options: DetectFormatOptions = {},
): FormatEntry {
  const { from } = options;
  if (from !== undefined) return findFormat(from);
  const entry = FORMATS.find(({ sniff }) => sniff(input.head));
  if (entry !== undefined) return entry;
  throw new FormatError(
    `Cannot tell the format of ${input.name}: ${describeHead(input.head)}`,
    { format: "unknown", offset: 0 },
  );
}

/**
 * @param name Name of a format.
 * @returns Its line of the format table.
 * @throws {RangeError} When there is no such format.
 */
export function findFormat(name: string): FormatEntry {
  const entry = FORMATS.find((candidate) => candidate.name === name);
  if (entry !== undefined) return entry;
  const names = FORMATS.map((candidate) => candidate.name);
  const near = nearestWord(name, names);
  throw new RangeError(
    `Cannot use format "${name}": ${
      near === undefined
        ? `formats are ${names.join(", ")}`
        : `did you mean ${near}?`
    }`,
  );
}

function describeHead(head: Uint8Array): string {
  if (head.length === 0) return "it is empty";
  const hex = head.subarray(0, 16).toHex();
  const start = String.fromCharCode(...head.subarray(0, 32));
  const foreign = FOREIGN_FORMATS.find(({ magic }) => hex.startsWith(magic));
  if (foreign !== undefined) {
    return `it looks like ${foreign.title}${
      foreign.hint === undefined ? "" : `; ${foreign.hint}`
    }`;
  }
  const text = /^[\t\n\r\x20-\x7e]{4,}$/.test(start) ? start : undefined;
  if (text !== undefined) {
    return `it looks like text that begins with ${JSON.stringify(text)}`;
  }
  return `its first bytes are ${hex.replace(/../g, "$& ").trim()}`;
}
