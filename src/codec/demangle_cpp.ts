import { CppDemangler, NotCpp } from "./_cpp_demangler.ts";
import { CppNameTooLong, CppPrinter, printNode } from "./_cpp_node.ts";

const CLONE_REGEXP = /^(?:\.[A-Za-z_][A-Za-z_0-9]*|\.\d+)+/;
const MAX_SYMBOL_LENGTH = 32_768;

/**
 * Makes the name of a C++ function or object readable, as the Itanium ABI
 * mangles them, which all compilers but Microsoft's do.
 *
 * @param symbol Name as the linker has it.
 * @returns The name with its parameters, or `undefined` when it is no such name.
 *
 * @example A member function
 * ```ts
 * import { demangleCpp } from "../../src/codec/demangle_cpp.ts";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(
 *   demangleCpp("_ZNKSt6vectorIiSaIiEE4sizeEv"),
 *   "std::vector<int, std::allocator<int> >::size() const",
 * );
 * ```
 */
export function demangleCpp(symbol: string): string | undefined {
  const start = symbol.startsWith("_Z")
    ? 2
    : symbol.startsWith("__Z")
    ? 3
    : symbol.startsWith("___Z")
    ? 4
    : 0;
  if (start === 0 || symbol.length > MAX_SYMBOL_LENGTH) return undefined;
  try {
    const parser = new CppDemangler(symbol, start);
    const node = parser.encoding();
    const suffix = symbol.slice(parser.position);
    const clone = CLONE_REGEXP.exec(suffix)?.[0] ?? "";
    if (clone.length !== suffix.length) return undefined;
    const out = new CppPrinter();
    printNode(out, node);
    return out.text + describeClones(clone);
  } catch (error) {
    if (error instanceof NotCpp || error instanceof CppNameTooLong) {
      return undefined;
    }
    throw error;
  }
}

/** Compilers add what they did to a copy of a function: `.constprop.0`. */
function describeClones(suffix: string): string {
  let text = "";
  for (
    const [clone] of suffix.matchAll(
      /\.[A-Za-z_][A-Za-z_0-9]*(?:\.\d+)*|\.\d+/g,
    )
  ) {
    text += ` [clone ${clone}]`;
  }
  return text;
}
