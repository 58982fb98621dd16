import { parseJitSymbolName } from "./jit_symbol_name.ts";
import {
  formatMethod,
  methodTier,
  moduleName,
  readMethodTexts,
} from "./method_name.ts";
import { METHOD_SOURCE } from "./method_table.ts";
import { resolveAddresses } from "./resolve_addresses.ts";
import type { ResolvedAddresses } from "./resolve_addresses.ts";
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

/** Names methods and addresses; decodes what is asked for, once. */
export class CodeNames {
  /** Methods and modules of the addresses. */
  readonly resolved: ResolvedAddresses;
  readonly #symbols: SymbolCollector;
  readonly #options: FrameNameOptions;
  readonly #texts: (string | undefined)[] = [];

  /**
   * @param symbols What was collected; the stream has been read to its end.
   * @param options How to name.
   */
  constructor(symbols: SymbolCollector, options: FrameNameOptions = {}) {
    this.#symbols = symbols;
    this.#options = options;
    this.resolved = resolveAddresses(symbols);
  }

  /**
   * @param method Row of the table of methods.
   * @param module Index of the module that its code lies in, -1 where unknown.
   * @returns Its names.
   */
  ofMethod(method: number, module: number): CodeName {
    const { methods, modules } = this.#symbols;
    const { withModule = true, splitTiers = false } = this.#options;
    const path = modules.get(module)?.path ?? "";
    if (methods.source(method) === METHOD_SOURCE.symbol) {
      return this.#ofSymbol(method, path);
    }
    const texts = readMethodTexts(methods.text(method));
    const token = `0x${methods.token(method).toString(16).padStart(8, "0")}`;
    const bare = texts.name === "" && texts.namespace === ""
      ? token
      : formatMethod(texts, this.#options);
    const tier = splitTiers ? methodTier(methods.flags(method)) : "";
    const name = tier === "" ? bare : `${bare} [${tier}]`;
    const shown = path === "" ? "?" : moduleName(path);
    return {
      name: withModule ? `${shown}!${name}` : name,
      systemName: `${name} ${token}`,
      fileName: path,
    };
  }

  /**
   * @param address Index of an address.
   * @returns Name of its method, else `module+0xoffset`, else `0xaddress`.
   */
  ofAddress(address: number): string {
    return this.#texts[address] ??= this.#makeText(address);
  }

  #makeText(address: number): string {
    const { addresses, modules } = this.#symbols;
    const method = this.resolved.method[address]!;
    const module = this.resolved.module[address]!;
    if (method >= 0) return this.ofMethod(method, module).name;
    const value = addresses.value(address);
    const mapped = modules.get(module);
    if (mapped === undefined || mapped.path === "") {
      return `0x${value.toString(16)}`;
    }
    const offset = value - mapped.start + mapped.fileOffset;
    return `${mapped.path.replace(/^.*[/\\]/s, "")}+0x${offset.toString(16)}`;
  }

  #ofSymbol(method: number, path: string): CodeName {
    const { withModule = true, splitTiers = false } = this.#options;
    const text = new TextDecoder().decode(this.#symbols.methods.text(method));
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
}
