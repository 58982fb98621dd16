import { FormatError } from "../base/errors.ts";
import { Fnv1a128 } from "../codec/fnv1a.ts";
import { formatId128, type Id128, id128FromBytes } from "../codec/id128.ts";
import { ABORT_FRAME, FRAME_TYPE } from "../profile/frame_type_table.ts";
import type { Trace, TraceFrame } from "../profile/trace.ts";
import { type HashedFrame, hashFrames } from "../profile/trace_hash.ts";
import type { Mapping } from "../profile/types.ts";
import { UNSYMBOLIZED_FILE_ID } from "./file_id.ts";
import { UNWIND_ERROR_IDS } from "./unwind_error_table.ts";

// The order matters: each pattern is tried after those before it failed.
const ABORT_REGEXP = /^<unwinding aborted due to error (.*)>$/s;
const ERROR_REGEXP = /^<error (.*)>$/s;
const UNKNOWN_REGEXP = /^\?\+0x([0-9a-fA-F]{1,16})$/;
const OFFSET_REGEXP = /\+(\d{1,15})$/;
const LINE_REGEXP = /:(\d{1,15})$/;
const NATIVE_REGEXP = /^(.*)\+0x([0-9a-fA-F]{1,16})$/s;
const FORMAT = "core dump JSON";
const MAX_LINE = 2 ** 31 - 1;

/** One frame of a {@linkcode CoredumpThread}. */
export type CoredumpFrame =
  | { readonly kind: "abort" | "error"; readonly error: string }
  | { readonly kind: "unknown"; readonly address: bigint }
  | {
    readonly kind: "symbolised";
    readonly functionName: string;
    /** Lines from the start of the function. */
    readonly functionOffset: number;
    /** Source file, may be empty. */
    readonly file: string;
    readonly line: number;
    /** Column, 0 where there is none. */
    readonly column: number;
  }
  | {
    readonly kind: "native";
    readonly module: string;
    readonly address: bigint;
  };

/** A thread of a core dump. */
export interface CoredumpThread {
  /** Its id. */
  readonly lwp: number;
  /** Frames, leaf first. */
  readonly frames: readonly CoredumpFrame[];
}

/** What the profiler's tests expect to be unwound from a core dump. */
export interface Coredump {
  /** Id of the dump. */
  readonly reference: string;
  /** Threads in the order of the file. */
  readonly threads: readonly CoredumpThread[];
  /** Paths of the modules, none where they are not listed. */
  readonly modules: readonly string[];
}

/**
 * Decodes a core dump test of the profiler.
 *
 * @param text JSON text.
 * @returns Its threads.
 * @throws {FormatError} When it is no such JSON or a frame follows no pattern.
 */
export function decodeCoredumpJson(text: string): Coredump {
  const json = parse(text);
  const reference = json["coredump-ref"];
  const { threads, modules } = json;
  if (typeof reference !== "string" || !Array.isArray(threads)) {
    throw fault("coredump-ref or threads are missing");
  }
  return {
    reference,
    threads: threads.map((thread: unknown, index) => {
      const { lwp, frames } = (thread ?? {}) as Record<string, unknown>;
      if (
        typeof lwp !== "number" || !Number.isSafeInteger(lwp) ||
        !Array.isArray(frames)
      ) throw fault(`lwp or frames of thread ${index} are missing`);
      return {
        lwp,
        frames: frames.map((frame: unknown, at) => {
          const parsed = typeof frame === "string"
            ? parseCoredumpFrame(frame)
            : undefined;
          if (parsed === undefined) {
            throw fault(
              `frame ${at} of thread ${index} is ${
                JSON.stringify(frame)?.slice(0, 64)
              }`,
            );
          }
          return parsed;
        }),
      };
    }),
    modules: Array.isArray(modules)
      ? modules.map((module: unknown) =>
        String((module as Record<string, unknown> | null)?.["local-path"] ?? "")
      )
      : [],
  };
}

/** @param text Text of a frame. @returns What it says, or `undefined` where it follows no pattern. */
export function parseCoredumpFrame(text: string): CoredumpFrame | undefined {
  let match = ABORT_REGEXP.exec(text);
  if (match !== null) return { kind: "abort", error: match[1]! };
  match = ERROR_REGEXP.exec(text);
  if (match !== null) return { kind: "error", error: match[1]! };
  match = UNKNOWN_REGEXP.exec(text);
  if (match !== null) {
    return { kind: "unknown", address: BigInt(`0x${match[1]}`) };
  }
  const symbolised = parseSymbolised(text);
  if (symbolised !== undefined) return symbolised;
  match = NATIVE_REGEXP.exec(text);
  if (match === null) return undefined;
  return {
    kind: "native",
    module: match[1]!,
    address: BigInt(`0x${match[2]}`),
  };
}

/** `FUNC+N in FILE:LINE` or `…:LINE:COL`; everything but the numbers may hold anything. */
function parseSymbolised(text: string): CoredumpFrame | undefined {
  for (
    let at = text.lastIndexOf(" in ");
    at > 0;
    at = text.lastIndexOf(" in ", at - 1)
  ) {
    const head = text.slice(Math.max(0, at - 16), at);
    const offset = OFFSET_REGEXP.exec(head)?.[1];
    if (offset === undefined) continue;
    const place = text.slice(at + " in ".length);
    const last = LINE_REGEXP.exec(place)?.[1];
    if (last === undefined) return undefined;
    const file = place.slice(0, -last.length - 1);
    const before = LINE_REGEXP.exec(file)?.[1];
    return {
      kind: "symbolised",
      functionName: text.slice(0, at - offset.length - 1),
      functionOffset: lineNumber(offset),
      file: before === undefined ? file : file.slice(0, -before.length - 1),
      line: lineNumber(before ?? last),
      column: before === undefined ? 0 : lineNumber(last),
    };
  }
  return undefined;
}

/** How {@linkcode traceOfCoredumpThread} makes a trace. */
export interface TraceOfCoredumpOptions {
  /** Type of symbolised frames, whose runtime is not told. @default {0, unknown} */
  readonly runtime?: number | undefined;
}

/**
 * Makes a named trace of a thread. Its hash follows from the texts alone.
 *
 * @param thread The thread.
 * @param options Type of symbolised frames.
 * @returns The trace.
 * @throws {FormatError} When an error of the unwinder is not known.
 */
export function traceOfCoredumpThread(
  { frames }: CoredumpThread,
  options: TraceOfCoredumpOptions = {},
): Trace {
  const converted = frames.map((frame) => convert(frame, options));
  return {
    frames: converted.map(({ frame }) => frame),
    hash: hashFrames(converted.map(({ identity }) => identity)),
  };
}

interface Converted {
  readonly frame: TraceFrame;
  readonly identity: HashedFrame;
}

function convert(
  frame: CoredumpFrame,
  { runtime = FRAME_TYPE.unknown }: TraceOfCoredumpOptions,
): Converted {
  switch (frame.kind) {
    case "abort":
    case "error": {
      const id = UNWIND_ERROR_IDS.get(frame.error);
      if (id === undefined) {
        throw fault(
          `error ${JSON.stringify(frame.error.slice(0, 64))} is not known`,
        );
      }
      const type = frame.kind === "abort" ? ABORT_FRAME : FRAME_TYPE.unknown;
      return unsymbolised(type, BigInt(id));
    }
    case "unknown":
      return unsymbolised(FRAME_TYPE.unknown, frame.address);
    case "symbolised":
      return {
        frame: {
          ...PLAIN,
          type: runtime,
          functionName: frame.functionName,
          functionOffset: frame.functionOffset,
          sourceFile: frame.file,
          sourceLine: frame.line,
          sourceColumn: frame.column,
        },
        identity: {
          fileId: idOfText(`${frame.file}\0${frame.functionName}`),
          addressOrLine: BigInt(frame.line),
        },
      };
    case "native": {
      const fileId = idOfText(frame.module);
      return {
        frame: {
          ...PLAIN,
          type: FRAME_TYPE.native,
          address: frame.address,
          mapping: mappingOf(frame.module, fileId),
        },
        identity: { fileId, addressOrLine: frame.address },
      };
    }
  }
}

const PLAIN: TraceFrame = {
  type: FRAME_TYPE.unknown,
  functionName: "",
  functionOffset: 0,
  sourceFile: "",
  sourceLine: 0,
  sourceColumn: 0,
  address: 0n,
  mapping: undefined,
};

function unsymbolised(type: number, address: bigint): Converted {
  return {
    frame: { ...PLAIN, type, address },
    identity: { fileId: UNSYMBOLIZED_FILE_ID, addressOrLine: address },
  };
}

function mappingOf(module: string, fileId: Id128): Mapping {
  return {
    start: 0n,
    end: 0n,
    fileOffset: 0n,
    fileName: module,
    buildId: "",
    fileId: formatId128(fileId),
  };
}

function idOfText(text: string): Id128 {
  const bytes = new TextEncoder().encode(text);
  return id128FromBytes(new Fnv1a128().update(bytes).digest());
}

function lineNumber(text: string): number {
  const value = Number(text);
  return value <= MAX_LINE ? value : 0;
}

function parse(text: string): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw fault(cause instanceof Error ? cause.message : String(cause));
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw fault("it is no object");
  }
  return value as Record<string, unknown>;
}

function fault(state: string): FormatError {
  return new FormatError(`Cannot read ${FORMAT}: ${state}`, {
    format: FORMAT,
    offset: 0,
  });
}
