import { RustV0Demangler } from "./_rust_v0_demangler.ts";

const LEGACY_REGEXP = /^_?_?ZN/;
const HASH_REGEXP = /^h[0-9a-f]{16}$/;
const SUFFIX_REGEXP = /^\.[A-Za-z0-9._@$]*$/;
/** What stands for characters that identifiers cannot hold. */
const ESCAPES: Readonly<Record<string, string>> = {
  SP: "@",
  BP: "*",
  RF: "&",
  LT: "<",
  GT: ">",
  LP: "(",
  RP: ")",
  C: ",",
};

/**
 * Makes the name of a Rust function readable, of either way of mangling. Hashes
 * that tell crates and instances apart are left out.
 *
 * @param symbol Name as the linker has it.
 * @returns The path of the function, or `undefined` when it is no Rust name.
 *
 * @example Both ways
 * ```ts
 * import { demangleRust } from "../../src/codec/demangle_rust.ts";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(
 *   demangleRust("_ZN4core3fmt9Formatter3pad17h0123456789abcdefE"),
 *   "core::fmt::Formatter::pad",
 * );
 * assertEquals(demangleRust("_RNvC6_123foo3bar"), "123foo::bar");
 * ```
 */
export function demangleRust(symbol: string): string | undefined {
  if (/^_?_?R/.test(symbol)) return demangleV0(symbol);
  return LEGACY_REGEXP.test(symbol) ? demangleLegacy(symbol) : undefined;
}

function demangleV0(symbol: string): string | undefined {
  const start = symbol.indexOf("R") + 1;
  // Names are ASCII; a dot begins what compilers add.
  const dot = symbol.indexOf(".", start);
  const body = symbol.slice(start, dot < 0 ? undefined : dot);
  if (!/^[A-Z][A-Za-z0-9_]*$/.test(body)) return undefined;
  const name = new RustV0Demangler(body).demangle();
  if (name === undefined) return undefined;
  return name + shownSuffix(dot < 0 ? "" : symbol.slice(dot));
}

function demangleLegacy(symbol: string): string | undefined {
  let at = symbol.indexOf("ZN") + 2;
  const parts: string[] = [];
  while (symbol[at] !== "E") {
    const digits = /^\d{1,4}/.exec(symbol.slice(at, at + 4))?.[0];
    if (digits === undefined) return undefined;
    at += digits.length;
    const part = symbol.slice(at, at + Number(digits));
    if (part.length !== Number(digits)) return undefined;
    parts.push(part);
    at += part.length;
  }
  // Without the hash it is a C++ name.
  if (parts.length < 2 || !HASH_REGEXP.test(parts.at(-1)!)) return undefined;
  const suffix = symbol.slice(at + 1);
  if (suffix !== "" && !SUFFIX_REGEXP.test(suffix)) return undefined;
  const path = parts.slice(0, -1).map(unescapePart).join("::");
  return path + shownSuffix(suffix);
}

function unescapePart(part: string): string {
  // An escape at the start has an underscore before it, to make an identifier.
  const text = part.startsWith("_$") ? part.slice(1) : part;
  return text
    .replaceAll(
      /\$(?:u([0-9a-f]{1,6})|([A-Z]{1,2}))\$/g,
      (whole, hex, name) => {
        if (name !== undefined) return ESCAPES[name] ?? whole;
        const code = parseInt(hex, 16);
        return code <= 0x10ffff && (code < 0xd800 || code > 0xdfff) &&
            code >= 32
          ? String.fromCodePoint(code)
          : whole;
      },
    )
    .replaceAll("..", "::");
}

/** Numbers of LLVM say nothing; other suffixes tell versions of a function apart. */
function shownSuffix(suffix: string): string {
  return suffix.replace(/\.llvm\.[0-9A-Fa-f@]+(?=\.|$)/, "");
}
