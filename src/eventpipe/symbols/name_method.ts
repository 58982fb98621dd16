import { parseJitSymbolName } from "./jit_symbol_name.ts";
import {
  formatMethod,
  methodTier,
  moduleName,
  readMethodTexts,
} from "./method_name.ts";
import { METHOD_SOURCE } from "./method_table.ts";
import type { SymbolCollector } from "./symbol_collector.ts";

/** How frames are named. */
export interface FrameNameOptions {
  /** Whether names begin with the module: `module!Type.Method(args)`. @default {true} */
  readonly withModule?: boolean | undefined;
  /** Whether type arguments of generic instantiations are left out, so that all of them are one row. @default {false} */
  readonly mergeGenerics?: boolean | undefined;
  /** Whether a method has one row per tier that it was compiled in. @default {false} */
  readonly splitTiers?: boolean | undefined;
}

/** Names of a piece of code. */
export interface CodeName {
  /** Name for people. */
  readonly name: string;
  /** The name with its metadata token, or as a universal trace gives it. */
  readonly systemName: string;
  /** Path of the module, empty where unknown. */
  readonly fileName: string;
}

/** Where {@linkcode nameMethod} finds what it names. */
export type NamedCode = Pick<SymbolCollector, "methods" | "modules">;

/**
 * Names a method.
 *
 * @param code Methods and modules.
 * @param method Row of the table of methods.
 * @param module Index of the module that its code lies in, -1 where unknown.
 * @param options How to name.
 * @returns Its names.
 */
export function nameMethod(
  code: NamedCode,
  method: number,
  module: number,
  options: FrameNameOptions = {},
): CodeName {
  const { methods, modules } = code;
  const { withModule = true, splitTiers = false } = options;
  const path = modules.get(module)?.path ?? "";
  if (methods.source(method) === METHOD_SOURCE.symbol) {
    return nameSymbol(methods.text(method), path, options);
  }
  const texts = readMethodTexts(methods.text(method));
  const token = `0x${methods.token(method).toString(16).padStart(8, "0")}`;
  const bare = texts.name === "" && texts.namespace === ""
    ? token
    : formatMethod(texts, options);
  const tier = splitTiers ? methodTier(methods.flags(method)) : "";
  const name = tier === "" ? bare : `${bare} [${tier}]`;
  const shown = path === "" ? "?" : moduleName(path);
  return {
    name: withModule ? `${shown}!${name}` : name,
    systemName: `${name} ${token}`,
    fileName: path,
  };
}

function nameSymbol(
  bytes: Uint8Array,
  path: string,
  { withModule = true, splitTiers = false }: FrameNameOptions,
): CodeName {
  const text = new TextDecoder().decode(bytes);
  const jit = parseJitSymbolName(text);
  const module = jit?.module ?? moduleName(path);
  const tier = splitTiers && jit !== undefined ? ` [${jit.tier}]` : "";
  const name = `${jit?.method ?? text}${tier}`;
  return {
    name: withModule && module !== "" ? `${module}!${name}` : name,
    systemName: text,
    fileName: path || module,
  };
}
