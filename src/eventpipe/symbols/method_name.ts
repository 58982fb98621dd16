import { decodeUtf16le } from "../../codec/utf16.ts";

/** The three texts that the runtime gives for a method. */
export interface MethodTexts {
  /** Namespace and type. */
  readonly namespace: string;
  /** Name within the type. */
  readonly name: string;
  /** Full signature: return type, calling convention, arguments. */
  readonly signature: string;
}

/**
 * Splits what a method event holds behind its numbers.
 *
 * @param bytes Namespace, name and signature as UTF-16, each with its terminator; may go on behind them.
 * @returns The texts; what is missing is empty.
 */
export function readMethodTexts(bytes: Uint8Array): MethodTexts {
  const texts: string[] = [];
  let start = 0;
  for (let index = 0; index < 3; index++) {
    let at = start;
    while (at + 1 < bytes.length && (bytes[at] !== 0 || bytes[at + 1] !== 0)) {
      at += 2;
    }
    texts.push(decodeUtf16le(bytes.subarray(start, at)));
    start = Math.min(at + 2, bytes.length);
  }
  return { namespace: texts[0]!, name: texts[1]!, signature: texts[2]! };
}

/** How {@linkcode formatMethod} names. */
export interface FormatMethodOptions {
  /** Whether type arguments of generic instantiations are left out. @default {false} */
  readonly mergeGenerics?: boolean | undefined;
}

/**
 * Names a method: namespace and type, name, arguments.
 *
 * @param texts The method's texts.
 * @param options What to leave out.
 * @returns For example `System.String.Concat(class System.String,class System.String)`.
 */
export function formatMethod(
  texts: MethodTexts,
  options: FormatMethodOptions = {},
): string {
  let { namespace, name } = texts;
  const open = texts.signature.indexOf("(");
  const args = open < 0 ? "" : texts.signature.slice(open);
  if (options.mergeGenerics === true) {
    namespace = dropTypeArguments(namespace);
    name = dropTypeArguments(name);
  }
  return namespace === "" ? `${name}${args}` : `${namespace}.${name}${args}`;
}

/** `List`1[System.__Canon]` and `Get[System.Int32]` without what is in brackets. */
function dropTypeArguments(text: string): string {
  let depth = 0;
  let kept = "";
  for (let at = 0; at < text.length; at++) {
    const unit = text[at]!;
    if (unit === "[") depth++;
    else if (unit === "]" && depth > 0) depth--;
    else if (depth === 0) kept += unit;
  }
  return kept;
}

/**
 * Names a module by its path.
 *
 * @param path With slashes of either kind.
 * @returns Its last part without `.dll` or `.exe` in any case.
 */
export function moduleName(path: string): string {
  return path.replace(/^.*[/\\]/s, "").replace(/\.(?:dll|exe)$/i, "");
}

/** Names of the tiers that `(flags >> 7) & 7` of a method stands for. */
const TIERS = [
  "",
  "MinOpt",
  "Optimized",
  "QuickJitted",
  "OptimizedTier1",
  "OptimizedTier1OSR",
  "QuickJittedInstrumented",
  "OptimizedTier1Instrumented",
] as const;

/**
 * Says how a method was compiled.
 *
 * @param flags Method flags of the runtime.
 * @returns Name of the tier; `PreCompiled` for code that came with the module; empty where the runtime does not say.
 */
export function methodTier(flags: number): string {
  const tier = TIERS[(flags >>> 7) & 7]!;
  return tier === "" && (flags & 8) === 0 ? "PreCompiled" : tier;
}
