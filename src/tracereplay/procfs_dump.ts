import { FormatError } from "../base/errors.ts";

/** Real, effective and saved id of a process. */
export interface ProcfsIds {
  readonly real?: number;
  readonly effective?: number;
  readonly saved?: number;
}

/**
 * One process of `runsc trace procfs`. Names are those of its JSON; what is
 * empty is absent. Numbers above 2^53 are bigints.
 */
export interface ProcfsProcess {
  readonly exe?: string;
  readonly args?: readonly string[];
  readonly env?: readonly string[];
  readonly cwd?: string;
  readonly fdlist?: readonly {
    readonly number?: number;
    readonly path?: string;
    readonly mode?: number;
  }[];
  /** Nanoseconds since 1970. */
  readonly "clone_ts"?: bigint;
  readonly root?: string;
  readonly limits?: Readonly<
    Record<string, {
      readonly cur?: number | bigint;
      readonly max?: number | bigint;
    }>
  >;
  readonly cgroup?: readonly {
    readonly "hierarchy_id"?: string;
    readonly controllers?: string;
    readonly path?: string;
  }[];
  readonly status?: {
    readonly comm?: string;
    readonly pid?: number;
    readonly ppid?: number;
    readonly uid?: ProcfsIds;
    readonly gid?: ProcfsIds;
    readonly "vm_size"?: number | bigint;
    readonly "vm_rss"?: number | bigint;
  };
  readonly stat?: { readonly pgid?: number; readonly sid?: number };
  readonly maps?: readonly Readonly<Record<string, unknown>>[];
}

const HEADING = "PROCFS DUMP";

interface SourceContext {
  readonly source?: string;
}

/**
 * Reads the output of `runsc trace procfs`: a heading, then one line of JSON
 * per process.
 *
 * @param text The output.
 * @returns The processes.
 * @throws {FormatError} When a line is not a JSON object; `offset` is the number of the line.
 *
 * @example One process
 * ```ts
 * import { parseProcfsDump } from "../../src/tracereplay/procfs_dump.ts";
 * import { assertEquals } from "@std/assert";
 *
 * const [process] = parseProcfsDump(
 *   'PROCFS DUMP\n\n{"clone_ts":1755855600001000003,"status":{"pid":1}}\n',
 * );
 * assertEquals(process?.clone_ts, 1755855600001000003n);
 * ```
 */
export function parseProcfsDump(text: string): readonly ProcfsProcess[] {
  const processes: ProcfsProcess[] = [];
  for (const [index, line] of text.split("\n").entries()) {
    const trimmed = line.trim();
    if (trimmed === "" || trimmed === HEADING) continue;
    processes.push(parseLine(trimmed, index + 1));
  }
  return processes;
}

function parseLine(line: string, number: number): ProcfsProcess {
  let value: unknown;
  try {
    value = JSON.parse(line, keepWideNumbers);
  } catch (error) {
    throw notAProcess(number, error);
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw notAProcess(number);
  }
  return value as ProcfsProcess;
}

/** A double would round times and limits. */
function keepWideNumbers(
  this: unknown,
  key: string,
  value: unknown,
  context?: SourceContext,
): unknown {
  if (typeof value !== "number" || context?.source === undefined) return value;
  const isInteger = /^-?\d+$/.test(context.source);
  if (!isInteger) return value;
  return key === "clone_ts" || !Number.isSafeInteger(value)
    ? BigInt(context.source)
    : value;
}

function notAProcess(number: number, cause?: unknown): FormatError {
  return new FormatError(
    `Cannot read procfs dump at line ${number}: line is not a JSON object`,
    { format: "procfs dump", offset: number, cause },
  );
}
