import { nameMethod } from "./name_method.ts";
import type { CodeName, FrameNameOptions } from "./name_method.ts";
import { resolveAddresses } from "./resolve_addresses.ts";
import type { ResolvedAddresses } from "./resolve_addresses.ts";
import type { SymbolCollector } from "./symbol_collector.ts";

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
    return nameMethod(this.#symbols, method, module, this.#options);
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
}
