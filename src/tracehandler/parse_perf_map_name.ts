import { FRAME_TYPE } from "../profile/frame_type_table.ts";

// V8: kind, tier, function, file, line, column: "JS:*fib /app/fib.js:1:13".
const V8_REGEXP =
  /^(?:JS|LazyCompile|Function|Script|Eval):[~^+*'-]*(.*?) ?((?:\/|[A-Za-z][\w+.-]*:|evalmachine).*):(\d{1,9}):(\d{1,9})$/;
// .NET: type, assembly, method, how it was compiled: "int32 [app] App::Fib(int32)[Tier0]".
const DOTNET_REGEXP = /^(.*\[[^\]]+\] .*::.*)\[[A-Za-z][A-Za-z0-9]*\]$/;
const ANONYMOUS = "(anonymous)";

/** What the name of a function tells that was compiled at run time. */
export interface PerfMapName {
  /** Type of its frames, one of `FRAME_TYPE`. */
  readonly type: number;
  /** Name without what changes as it is compiled anew. */
  readonly functionName: string;
  /** Source file, empty where unknown. */
  readonly sourceFile: string;
  /** Line, 0 where unknown. */
  readonly sourceLine: number;
  /** Column, 0 where unknown. */
  readonly sourceColumn: number;
}

/**
 * Takes the name of a function apart that was compiled at run time, as runtimes
 * write it to `/tmp/perf-PID.map`.
 *
 * @param name The name.
 * @returns Its parts; the whole name where its form is not known.
 *
 * @example A function of JavaScript
 * ```ts
 * import { parsePerfMapName } from "../../src/tracehandler/parse_perf_map_name.ts";
 * import { assertEquals } from "@std/assert";
 *
 * const { functionName, sourceLine } = parsePerfMapName("JS:*fib /app/a.js:7:13");
 * assertEquals([functionName, sourceLine], ["fib", 7]);
 * ```
 */
export function parsePerfMapName(name: string): PerfMapName {
  const script = V8_REGEXP.exec(name);
  if (script !== null) {
    const [, functionName, sourceFile, line, column] = script;
    return {
      type: FRAME_TYPE.v8,
      functionName: functionName || ANONYMOUS,
      sourceFile: sourceFile!,
      sourceLine: Number(line),
      sourceColumn: Number(column),
    };
  }
  const method = DOTNET_REGEXP.exec(name)?.[1];
  return {
    type: method === undefined ? FRAME_TYPE.native : FRAME_TYPE.dotnet,
    functionName: method ?? name,
    sourceFile: "",
    sourceLine: 0,
    sourceColumn: 0,
  };
}
