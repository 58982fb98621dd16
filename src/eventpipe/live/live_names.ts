import { FRAME_TYPE } from "../../profile/frame_type_table.ts";
import type {
  ConvertedFrame,
  FrameConverter,
  RawFrame,
} from "../../profile/raw_trace.ts";
import type { TraceFrame } from "../../profile/trace.ts";
import type { Mapping } from "../../profile/types.ts";
import type { EventCollector, EventHandler } from "../event_collector.ts";
import type { NettraceMetadata } from "../nettrace/types.ts";
import { LiveCode } from "../symbols/live_code.ts";
import { moduleMapping } from "../symbols/module_mapping.ts";
import { nameMethod } from "../symbols/name_method.ts";
import type { FrameNameOptions } from "../symbols/name_method.ts";
import { SymbolCollector } from "../symbols/symbol_collector.ts";

/** Addresses without a name that are remembered, so that they are not asked for again. */
const MAX_NAMELESS = 65_536;
const BIT_32 = 2 ** 32;

/**
 * What the code of a running process is called. It learns of code that is
 * loaded from the stream of a session, and of the code that was there before
 * from lists that the runtime gives on request; each list replaces all that was
 * known, so that memory follows the code that there is.
 */
export class LiveNames implements FrameConverter, EventCollector {
  readonly #options: FrameNameOptions;
  #symbols = new SymbolCollector();
  #code = new LiveCode(this.#symbols.methods);
  #placed = 0;
  #listed = 0;
  #generation = 0;
  #mappings = new Map<number, Mapping>();
  readonly #nameless = new Set<bigint>();
  /** The list that is being made; code that is loaded meanwhile belongs to it too. */
  #next: SymbolCollector | undefined;

  /** @param options How frames are named; without module by default, which is the mapping's. */
  constructor(options: FrameNameOptions = {}) {
    this.#options = { withModule: false, ...options };
  }

  get generation(): number {
    return this.#generation;
  }

  /** Methods that were loaded since the last list. */
  get loadedCount(): number {
    return this.#symbols.methods.length - this.#listed;
  }

  handlerOf(metadata: NettraceMetadata): EventHandler | undefined {
    if (this.#symbols.handlerOf(metadata) === undefined) return undefined;
    let symbols: SymbolCollector | undefined;
    let handler: EventHandler | undefined;
    let next: SymbolCollector | undefined;
    let nextHandler: EventHandler | undefined;
    return (event) => {
      if (symbols !== this.#symbols) {
        symbols = this.#symbols;
        handler = symbols.handlerOf(metadata);
      }
      handler?.(event);
      if (this.#next === undefined) return;
      if (next !== this.#next) {
        next = this.#next;
        nextHandler = next.handlerOf(metadata);
      }
      nextHandler?.(event);
    };
  }

  /** @returns What takes the runtime's list of all code; hand it to {@linkcode LiveNames.endList}. */
  beginList(): SymbolCollector {
    return this.#next = new SymbolCollector();
  }

  /**
   * Takes over a list.
   *
   * @param isComplete Whether it came to its end; else it is dropped.
   */
  endList(isComplete: boolean): void {
    const next = this.#next;
    this.#next = undefined;
    if (next === undefined || !isComplete) return;
    this.#symbols = next;
    this.#listed = next.methods.length;
    this.#code = new LiveCode(next.methods);
    this.#placed = 0;
    this.#mappings = new Map();
    this.#nameless.clear();
    this.#generation++;
    this.update();
  }

  /** Takes in what came since the last call. */
  update(): void {
    const { methods } = this.#symbols;
    let replaces = false;
    for (; this.#placed < methods.length; this.#placed++) {
      if (this.#code.place(this.#placed)) replaces = true;
    }
    if (replaces) this.#generation++;
  }

  /**
   * @param words Frames of a trace, as `encodeRawFrames` makes them.
   * @returns Addresses in it that have no name and were not given up.
   */
  unknownIn(words: Uint32Array): bigint[] {
    const unknown: bigint[] = [];
    for (let at = 0; at < words.length; at += 2) {
      const isWide = lengthOf(words[at + 1]!) > 1;
      const low = isWide ? words[at + 2]! : words[at]!;
      const high = isWide ? words[at + 3]! : words[at + 1]! & 0xfffff;
      const isLeaf = at === 0;
      if (isWide) at += 2;
      if (this.#find(low, high, isLeaf) >= 0) continue;
      const address = (BigInt(high) << 32n) | BigInt(low);
      if (!this.#nameless.has(address)) unknown.push(address);
    }
    return unknown;
  }

  /** @param addresses Addresses that no list names. */
  giveUp(addresses: Iterable<bigint>): void {
    for (const address of addresses) {
      if (this.#nameless.size >= MAX_NAMELESS) this.#nameless.clear();
      this.#nameless.add(address);
    }
  }

  convertFrame(frame: RawFrame): ConvertedFrame {
    const [wide] = frame.words;
    const address = wide ?? BigInt(frame.data);
    const low = Number(address & 0xffff_ffffn);
    const high = Number(address >> 32n);
    const method = this.#find(low, high, !frame.isReturnAddress);
    if (method < 0) {
      return { frames: [nativeFrame(address)], isCacheable: false };
    }
    const module = this.#symbols.methods.module(method);
    const { name } = nameMethod(this.#symbols, method, module, this.#options);
    return {
      frames: [{
        ...nativeFrame(0n),
        type: FRAME_TYPE.dotnet,
        functionName: name,
        mapping: this.#mappingOf(module),
      }],
      // Its module may be described later.
      isCacheable: this.#symbols.modules.get(module) !== undefined,
    };
  }

  convertKernelAddress(address: bigint): ConvertedFrame {
    return {
      frames: [{ ...nativeFrame(address), type: FRAME_TYPE.kernel }],
      isCacheable: true,
    };
  }

  /** Behind a call lies the address to return to, which may be the neighbour's. */
  #find(low: number, high: number, isLeaf: boolean): number {
    if (isLeaf) return this.#code.find(0, low, high);
    return low === 0
      ? this.#code.find(0, BIT_32 - 1, high - 1)
      : this.#code.find(0, low - 1, high);
  }

  #mappingOf(module: number): Mapping | undefined {
    let mapping = this.#mappings.get(module);
    if (mapping === undefined) {
      const described = this.#symbols.modules.get(module);
      if (described === undefined || described.path === "") return undefined;
      mapping = moduleMapping(described);
      this.#mappings.set(module, mapping);
    }
    return mapping;
  }
}

function lengthOf(half: number): number {
  return (half >>> 20) & 15;
}

function nativeFrame(address: bigint): TraceFrame {
  return {
    type: FRAME_TYPE.native,
    functionName: "",
    functionOffset: 0,
    sourceFile: "",
    sourceLine: 0,
    sourceColumn: 0,
    address,
    mapping: undefined,
  };
}
