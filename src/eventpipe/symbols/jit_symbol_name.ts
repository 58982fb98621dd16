/** What the name of a compiled method in a universal trace says. */
export interface JitSymbolName {
  /** Module that the method belongs to. */
  readonly module: string;
  /** Type, name and arguments. */
  readonly method: string;
  /** How it was compiled, for example `QuickJitted`. */
  readonly tier: string;
}

/**
 * Takes apart the name that the runtime gives compiled code in a perf map:
 * `<return type> [<module>] <type>::<method>(<args>)[<tier>]`.
 *
 * @param name The name.
 * @returns Its parts, `undefined` when it has another form.
 *
 * @example An instance method
 * ```ts
 * import { parseJitSymbolName } from "../../../src/eventpipe/symbols/jit_symbol_name.ts";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(
 *   parseJitSymbolName("instance void [App] App.Program::Run(int32)[QuickJitted]"),
 *   { module: "App", method: "App.Program::Run(int32)", tier: "QuickJitted" },
 * );
 * ```
 */
export function parseJitSymbolName(name: string): JitSymbolName | undefined {
  const tierStart = name.lastIndexOf("[");
  if (tierStart < 0 || !name.endsWith("]")) return undefined;
  const tier = name.slice(tierStart + 1, -1);
  // Return types have modules in brackets too, but no space behind them.
  for (let at = name.indexOf(" ["); at > 0; at = name.indexOf(" [", at + 1)) {
    const close = name.indexOf("]", at);
    if (close + 1 >= tierStart) return undefined;
    if (name[close + 1] !== " ") continue;
    const module = name.slice(at + 2, close);
    const method = name.slice(close + 2, tierStart).trim();
    if (module === "" || method === "" || !/^[^\]]+$/.test(tier)) {
      return undefined;
    }
    return { module, method, tier };
  }
  return undefined;
}
