import { demangleCpp } from "./demangle_cpp.ts";
import { demangleRust } from "./demangle_rust.ts";

/**
 * Makes the name of a function readable, whichever compiler made it.
 *
 * @param symbol Name as the linker has it.
 * @returns The readable name; the symbol itself where it is no mangled name.
 *
 * @example Mangled or not
 * ```ts
 * import { demangle } from "../../src/codec/demangle.ts";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(demangle("_Z3foov"), "foo()");
 * assertEquals(demangle("main"), "main");
 * ```
 */
export function demangle(symbol: string): string {
  if (!symbol.startsWith("_")) return symbol;
  // Names of libraries may have a version behind them.
  const at = symbol.indexOf("@");
  const plain = at > 0 ? symbol.slice(0, at) : symbol;
  const readable = demangleRust(plain) ?? demangleCpp(plain);
  if (readable === undefined) return symbol;
  return at > 0 ? readable + symbol.slice(at) : readable;
}
