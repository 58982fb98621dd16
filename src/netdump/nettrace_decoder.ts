import type { DecodeStats } from "../base/decode_stats.ts";
import { FormatError, LimitError } from "../base/errors.ts";
import { resolveLimits } from "../base/limits.ts";
import type { Limits } from "../base/limits.ts";
import { JsonNumber } from "./json_number.ts";
import { JsonReader } from "./_json_reader.ts";
import {
  TRACE_HEADER_FIELDS,
  TRACE_RECORD_FIELDS,
} from "./nettrace_field_table.ts";
import type { TraceField, TraceFieldKind } from "./nettrace_field_table.ts";
import { parseTraceTime } from "./nettrace_time.ts";
import { TRACE_LISTS, UNDEFINED_TIME } from "./nettrace_types.ts";
import type { NetworkTrace, TraceListName } from "./nettrace_types.ts";

const FORMAT = "network trace";
const ROOT = "trace";

/** How {@linkcode decodeNetworkTrace} decodes. */
export interface DecodeNetworkTraceOptions {
  /** Name of the file, for errors. */
  readonly name?: string | undefined;
  /** Whether values of a wrong kind throw; otherwise they are counted and read as empty. @default {false} */
  readonly strict?: boolean | undefined;
  /** Whether a text that breaks off gives what stands before the fault. @default {false} */
  readonly lenient?: boolean | undefined;
  /** Counts what was wrong. */
  readonly stats?: DecodeStats | undefined;
  /** Bounds: depth and number of records. */
  readonly limits?: Partial<Limits> | undefined;
}

/**
 * Tells whether a file begins as a network trace does, whichever form it has.
 *
 * @param head Its first bytes.
 * @returns True for a JSON object with the keys of a network trace in it.
 */
export function sniffNetworkTrace(head: Uint8Array): boolean {
  const text = new TextDecoder("latin1").decode(head);
  return /^(\u00ef\u00bb\u00bf)?\s*\{/.test(text) &&
    /"traceBeginAt"\s*:\s*"/.test(text);
}

/**
 * Decodes a network trace in any of its forms. `null` and missing lists are
 * empty, unknown members are kept.
 *
 * @param source JSON as bytes (UTF-8, with or without byte order mark) or text.
 * @param options Strictness, limits and where faults are counted.
 * @returns The trace.
 * @throws {TruncatedError} When the text breaks off and `lenient` is not set.
 * @throws {FormatError} When it is not JSON or not an object, or a value is wrong and `strict` is set.
 * @throws {LimitError} When it is nested too deep or has too many records.
 *
 * @example Reading a trace
 * ```ts
 * import { decodeNetworkTrace } from "../../src/netdump/nettrace_decoder.ts";
 * import { assertEquals } from "@std/assert";
 *
 * const trace = decodeNetworkTrace('{"description":"ping","dials":null}');
 * assertEquals(trace.description, "ping");
 * assertEquals(trace.dials, []);
 * ```
 */
export function decodeNetworkTrace(
  source: Uint8Array | string,
  options: DecodeNetworkTraceOptions = {},
): NetworkTrace {
  return new NetworkTraceDecoder(options).decode(source);
}

type Mutable = Record<string, unknown>;

class NetworkTraceDecoder {
  readonly #options: DecodeNetworkTraceOptions;
  readonly #maxDepth: number;
  readonly #maxRecords: number;

  constructor(options: DecodeNetworkTraceOptions) {
    const limits = resolveLimits(options.limits);
    this.#options = options;
    this.#maxDepth = limits.maxDepth;
    this.#maxRecords = limits.maxTableEntries;
  }

  decode(source: Uint8Array | string): NetworkTrace {
    const text = typeof source === "string"
      ? source.replace(/^\ufeff/, "")
      : new TextDecoder().decode(source);
    const reader = new JsonReader(text, {
      format: this.#options.name ?? FORMAT,
      maxDepth: this.#maxDepth,
    });
    const trace: Mutable = { uuid: undefined };
    for (const { name, kind } of TRACE_HEADER_FIELDS) trace[name] = empty(kind);
    for (const name of TRACE_LISTS) trace[name] = [];
    if (reader.next !== "{") {
      throw new FormatError(
        `Cannot read ${
          this.#options.name ?? FORMAT
        } at character ${reader.offset}: it is no JSON object`,
        { format: FORMAT, offset: reader.offset },
      );
    }
    try {
      this.#readTop(reader, trace);
      reader.end();
    } catch (error) {
      const isFault = error instanceof FormatError ||
        error instanceof LimitError;
      if (!isFault || this.#options.lenient !== true) throw error;
      this.#options.stats?.count("nettrace_broken_off", "error", {
        offset: error.offset,
        detail: error.message,
      });
    }
    return trace as unknown as NetworkTrace;
  }

  #readTop(reader: JsonReader, trace: Mutable): void {
    const extra: Mutable = {};
    for (const key of reader.members()) {
      const list = TRACE_LISTS.find((name) => name === key);
      const header = TRACE_HEADER_FIELDS.find((field) => field.key === key);
      if (list !== undefined && reader.next === "[") {
        // A key that comes twice counts once, as everywhere in JSON.
        const records: unknown[] = trace[list] = [];
        for (const index of reader.elements()) {
          if (index >= this.#maxRecords) {
            throw new LimitError(
              `Cannot read ${list} of ${
                this.#options.name ?? FORMAT
              }: more than ${this.#maxRecords} records`,
              {
                limit: "maxTableEntries",
                value: index + 1,
                offset: reader.offset,
              },
            );
          }
          const offset = reader.offset;
          const record = this.#record(
            reader.value(),
            list,
            `${list}[${index}]`,
            offset,
          );
          if (record !== undefined) records.push(record);
        }
      } else if (list !== undefined) {
        const { offset } = reader;
        const value = reader.value();
        if (value !== null) this.#fault(`${ROOT}.${key}`, "a list", offset);
      } else if (header !== undefined || key === "uuid") {
        const { offset } = reader;
        const name = header?.name ?? key;
        trace[name] = this.#value(
          reader.value(),
          header?.kind ?? "string",
          `${ROOT}.${key}`,
          offset,
        );
      } else {
        extra[key] = reader.value();
        this.#options.stats?.count("nettrace_unknown_key", "info", {
          detail: `${ROOT}.${key}`,
        });
      }
    }
    if (Object.keys(extra).length > 0) trace["extra"] = extra;
  }

  #record(
    value: unknown,
    list: TraceListName,
    path: string,
    offset: number,
  ): Mutable | undefined {
    if (value instanceof Map) {
      return this.#object(value, TRACE_RECORD_FIELDS[list], path, offset);
    }
    this.#fault(path, "an object", offset);
    return undefined;
  }

  #object(
    members: ReadonlyMap<string, unknown>,
    fields: readonly TraceField[],
    path: string,
    offset: number,
  ): Mutable {
    const object: Mutable = {};
    for (const { key, name, kind, of, omit } of fields) {
      const value = members.get(key);
      object[name] = value === undefined || value === null
        ? emptyMember(kind, of, omit)
        : this.#value(value, kind, `${path}.${key}`, offset, of);
    }
    let extra: Mutable | undefined;
    for (const [key, value] of members) {
      if (fields.some((field) => field.key === key)) continue;
      extra ??= {};
      extra[key] = value;
      this.#options.stats?.count("nettrace_unknown_key", "info", {
        detail: `${path}.${key}`,
        offset,
      });
    }
    if (extra !== undefined) object["extra"] = extra;
    return object;
  }

  #value(
    value: unknown,
    kind: TraceFieldKind,
    path: string,
    offset: number,
    of: readonly TraceField[] = [],
  ): unknown {
    if (value === null) return empty(kind);
    switch (kind) {
      case "string":
        return typeof value === "string"
          ? value
          : this.#wrong(path, "text", offset, kind);
      case "bool":
        return typeof value === "boolean"
          ? value
          : this.#wrong(path, "true or false", offset, kind);
      case "time":
        return this.#time(value, path, offset);
      case "strings":
        return Array.isArray(value)
          ? value.map((text, index) =>
            this.#value(text, "string", `${path}[${index}]`, offset)
          )
          : this.#wrong(path, "a list", offset, kind);
      case "object":
        return value instanceof Map
          ? this.#object(value, of, path, offset)
          : this.#wrong(path, "an object", offset, kind);
      case "list":
        if (!Array.isArray(value)) {
          return this.#wrong(path, "a list", offset, kind);
        }
        return value.flatMap((element, index) => {
          if (element instanceof Map) {
            return this.#object(element, of, `${path}[${index}]`, offset);
          }
          this.#fault(`${path}[${index}]`, "an object", offset);
          return [];
        });
      default:
        return this.#number(value, kind, path, offset);
    }
  }

  #time(value: unknown, path: string, offset: number): unknown {
    if (typeof value === "string") {
      try {
        return parseTraceTime(value);
      } catch (error) {
        if (!(error instanceof SyntaxError)) throw error;
        this.#fault(path, `a time instead of ${JSON.stringify(value)}`, offset);
        return UNDEFINED_TIME;
      }
    }
    return this.#wrong(path, "a time", offset, "time");
  }

  #number(
    value: unknown,
    kind: TraceFieldKind,
    path: string,
    offset: number,
  ): number | bigint {
    const number = value instanceof JsonNumber
      ? integerOf(value.text)
      : undefined;
    const [least, most] = RANGES[kind]!;
    const isWhole = number !== undefined && number >= least && number <= most;
    if (!isWhole) {
      this.#fault(path, `an integer from ${least} to ${most}`, offset);
      return kind === "u64" ? 0n : 0;
    }
    return kind === "u64" ? number : Number(number);
  }

  #wrong(
    path: string,
    expected: string,
    offset: number,
    kind: TraceFieldKind,
  ): unknown {
    this.#fault(path, expected, offset);
    return empty(kind);
  }

  #fault(path: string, expected: string, offset: number): void {
    const { name = FORMAT, strict, stats } = this.#options;
    const detail = `${path} is not ${expected}`;
    if (strict === true) {
      throw new FormatError(`Cannot read ${name}: ${detail}`, {
        format: FORMAT,
        offset,
        record: path,
      });
    }
    stats?.count("nettrace_bad_value", "error", { offset, detail });
  }
}

const RANGES: Readonly<Record<string, readonly [bigint, bigint]>> = {
  u8: [0n, 0xffn],
  u16: [0n, 0xffffn],
  u32: [0n, 0xffff_ffffn],
  u64: [0n, 0xffff_ffff_ffff_ffffn],
  int: [-(2n ** 31n), 2n ** 31n - 1n],
};

function integerOf(text: string): bigint | undefined {
  const number = Number(text);
  // An integer of 64 bits that went through a double may be written as 2^64 or above.
  if (number === 2 ** 64) return 0xffff_ffff_ffff_ffffn;
  if (/^-?\d{1,20}$/.test(text)) return BigInt(text);
  return Number.isInteger(number) ? BigInt(number) : undefined;
}

function empty(kind: TraceFieldKind): unknown {
  switch (kind) {
    case "time":
      return UNDEFINED_TIME;
    case "string":
      return "";
    case "bool":
      return false;
    case "u64":
      return 0n;
    case "list":
    case "strings":
      return [];
    case "object":
      return undefined;
    default:
      return 0;
  }
}

/** An object that must be there is there, even if empty; others are absent. */
function emptyMember(
  kind: TraceFieldKind,
  of: readonly TraceField[] | undefined,
  omit: boolean,
): unknown {
  if (kind !== "object" || omit || of === undefined) return empty(kind);
  return Object.fromEntries(
    of.map((field) => [field.name, emptyMember(field.kind, field.of, false)]),
  );
}
