import type { DecodeStats } from "../base/decode_stats.ts";
import { demangle } from "../codec/demangle.ts";
import { FRAME_TYPE } from "../profile/frame_type_table.ts";
import type {
  ConvertedFrame,
  FrameConverter,
  RawFrame,
  RawTrace,
} from "../profile/raw_trace.ts";
import type { TraceFrame } from "../profile/trace.ts";
import type { Mapping } from "../profile/types.ts";
import type { AddressSpace, MappedRange } from "./address_space.ts";
import type { KernelSymbols } from "./kallsyms.ts";
import { KERNEL_FILE_NAME, KERNEL_MAPPING } from "./kernel_mapping.ts";
import { parsePerfMapName } from "./parse_perf_map_name.ts";
import type { PerfMap, PerfMapSymbol } from "./perf_map.ts";
import type { FileSymbols, SymbolSource } from "./symbol_source.ts";

/** What a {@linkcode NativeFrameConverter} needs to know. */
export interface NativeFrameConverterOptions {
  /** Names of mapped files. */
  readonly symbols: SymbolSource;
  /** @param pid A process. @returns What is mapped in it now. */
  readonly spaceOf: (pid: number) => AddressSpace | undefined;
  /** What is mapped in the kernel. @default {nothing is known} */
  readonly kernelSpace?: AddressSpace | undefined;
  /** Names of the kernel; a promise only the first time. @default {none} */
  readonly kernelSymbols?:
    | (() => KernelSymbols | undefined | Promise<KernelSymbols | undefined>)
    | undefined;
  /** Counts frames that lie in nothing. */
  readonly stats?: DecodeStats | undefined;
}

const UNKNOWN_FILE_NAME = "[unknown]";
const ANONYMOUS_FILE_NAME = "[anon]";
/** Code that no file holds: compiled at run time, or made by the kernel. */
const ANONYMOUS_REGEXP =
  /^$|^\/\/|^\[(?!vdso|vsyscall)|^anon_inode:|^\/memfd:|^\/dev\/zero|^\/SYSV|^\/tmp\/perf-\d+\.map$/;

/**
 * Names addresses of programs and the kernel: by the file that is mapped there
 * and its functions, by functions that were compiled at run time, by the
 * kernel's symbols. Addresses to return to are looked up one byte before, where
 * the call is. What has no name keeps its file and place.
 */
export class NativeFrameConverter implements FrameConverter {
  // Frames carry the generation of their process's mappings themselves.
  readonly generation: number = 0;
  readonly #options: NativeFrameConverterOptions;
  readonly #mappings = new WeakMap<MappedRange, NamedMapping>();
  /** By path, place and size: processes share what they have mapped alike. */
  readonly #shared = new WeakMap<FileSymbols, Map<string, NamedMapping>>();
  readonly #kernelMappings = new WeakMap<MappedRange, Mapping>();

  /** @param options Where mappings and names come from. */
  constructor(options: NativeFrameConverterOptions) {
    this.#options = options;
  }

  convertFrame(
    frame: RawFrame,
    trace: RawTrace,
  ): ConvertedFrame | Promise<ConvertedFrame> {
    const { type, data, words, isReturnAddress } = frame;
    if (type === FRAME_TYPE.kernel) {
      return this.#convertKernel(words[0] ?? BigInt(data), isReturnAddress);
    }
    if (type !== FRAME_TYPE.native) {
      return converted(frameOf(type, words[0] ?? BigInt(data)));
    }
    const wide = words[1];
    if (wide !== undefined) {
      // Beyond what a process can have mapped.
      return converted(this.#unknownFrame(wide));
    }
    return this.#convertUser(data - (isReturnAddress ? 1 : 0), trace.pid);
  }

  convertKernelAddress(
    address: bigint,
  ): ConvertedFrame | Promise<ConvertedFrame> {
    return this.#convertKernel(address, true);
  }

  #convertUser(
    address: number,
    pid: number,
  ): ConvertedFrame | Promise<ConvertedFrame> {
    const { symbols, spaceOf } = this.#options;
    const range = spaceOf(pid)?.find(address);
    if (range === undefined || ANONYMOUS_REGEXP.test(range.file.path)) {
      return whenReady(
        symbols.perfMapOf(pid),
        (map) => this.#convertAnonymous(address, range, map),
      );
    }
    return whenReady(
      symbols.symbolsOf(range, pid),
      (found) => this.#convertMapped(address, range, found, pid),
    );
  }

  #convertMapped(
    address: number,
    range: MappedRange,
    symbols: FileSymbols | undefined,
    pid: number,
  ): ConvertedFrame | Promise<ConvertedFrame> {
    const { mapping, frames } = this.#mappingOf(range, symbols);
    const offset = address - range.start + range.fileOffset;
    const fileAddress = symbols?.addressOf(offset) ??
      Number(mapping.start) + address - range.start;
    const known = frames.get(fileAddress);
    if (known !== undefined) return known;
    const at = BigInt(fileAddress);
    const symbol = symbols?.find(fileAddress);
    if (symbol !== undefined) {
      const named = converted(
        frameOf(FRAME_TYPE.native, at, mapping, demangle(symbol.name)),
      );
      if (frames.size >= MAX_KNOWN_FRAMES) frames.clear();
      frames.set(fileAddress, named);
      return named;
    }
    // Code that was compiled ahead of time lies in files without symbols.
    return whenReady(
      this.#options.symbols.perfMapOf(pid),
      (map) => converted(compiledFrame(at, mapping, map?.find(address))),
    );
  }

  #convertAnonymous(
    address: number,
    range: MappedRange | undefined,
    map: PerfMap | undefined,
  ): ConvertedFrame {
    const symbol = map?.find(address);
    if (symbol === undefined && range === undefined) {
      return converted(this.#unknownFrame(BigInt(address)));
    }
    return converted(
      compiledFrame(BigInt(address), ANONYMOUS_MAPPING, symbol),
    );
  }

  #unknownFrame(address: bigint): TraceFrame {
    this.#options.stats?.count("perf_address_not_mapped", "notice", {
      detail: `address 0x${address.toString(16)}`,
    });
    return frameOf(FRAME_TYPE.native, address, UNKNOWN_MAPPING);
  }

  #convertKernel(
    address: bigint,
    isReturnAddress: boolean,
  ): ConvertedFrame | Promise<ConvertedFrame> {
    const exact = BigInt.asUintN(64, isReturnAddress ? address - 1n : address);
    return whenReady(
      this.#options.kernelSymbols?.(),
      (symbols) => this.#nameKernel(exact, symbols),
    );
  }

  #nameKernel(
    address: bigint,
    symbols: KernelSymbols | undefined,
  ): ConvertedFrame {
    const symbol = symbols?.find(address);
    const range = this.#options.kernelSpace?.find(kernelKey(address));
    return converted(frameOf(
      FRAME_TYPE.kernel,
      address,
      range === undefined ? KERNEL_MAPPING : this.#kernelMappingOf(range),
      symbol?.name ?? "",
    ));
  }

  #kernelMappingOf(range: MappedRange): Mapping {
    let mapping = this.#kernelMappings.get(range);
    if (mapping === undefined) {
      mapping = kernelMapping(range);
      this.#kernelMappings.set(range, mapping);
    }
    return mapping;
  }

  /** The range in the file's own addresses, so that processes share it. */
  #mappingOf(
    range: MappedRange,
    symbols: FileSymbols | undefined,
  ): NamedMapping {
    const known = this.#mappings.get(range);
    if (known !== undefined && known.symbols === symbols) return known;
    const mapping = symbols === undefined
      ? namedMapping(range, symbols)
      : this.#sharedMapping(range, symbols);
    this.#mappings.set(range, mapping);
    return mapping;
  }

  #sharedMapping(range: MappedRange, symbols: FileSymbols): NamedMapping {
    let ofFile = this.#shared.get(symbols);
    if (ofFile === undefined) {
      ofFile = new Map();
      this.#shared.set(symbols, ofFile);
    }
    const { start, end, fileOffset, file } = range;
    const key = `${fileOffset} ${end - start} ${file.path}`;
    let mapping = ofFile.get(key);
    if (mapping === undefined) {
      mapping = namedMapping(range, symbols);
      if (ofFile.size >= MAX_MAPPINGS_OF_FILE) ofFile.clear();
      ofFile.set(key, mapping);
    }
    return mapping;
  }
}

/** What a file is mapped as, with those of its frames that have names. */
interface NamedMapping {
  readonly symbols: FileSymbols | undefined;
  readonly mapping: Mapping;
  /** By address in the file. */
  readonly frames: Map<number, ConvertedFrame>;
}

const MAX_KNOWN_FRAMES = 65_536;
const MAX_MAPPINGS_OF_FILE = 256;

function namedMapping(
  range: MappedRange,
  symbols: FileSymbols | undefined,
): NamedMapping {
  const start = symbols?.addressOf(range.fileOffset) ?? range.fileOffset;
  return {
    symbols,
    mapping: {
      start: BigInt(start),
      end: BigInt(start + range.end - range.start),
      fileOffset: BigInt(range.fileOffset),
      fileName: range.file.path,
      buildId: symbols?.buildId || range.file.buildId,
      goBuildId: symbols?.goBuildId,
      fileId: symbols?.fileId,
    },
    frames: new Map(),
  };
}

/**
 * @param address An address of the kernel.
 * @returns It as a signed number, as spaces of the kernel have it: exact just below 2^64.
 */
export function kernelKey(address: bigint): number {
  return Number(BigInt.asIntN(64, address));
}

const UNKNOWN_MAPPING: Mapping = {
  start: 0n,
  end: 0n,
  fileOffset: 0n,
  fileName: UNKNOWN_FILE_NAME,
  buildId: "",
};

const ANONYMOUS_MAPPING: Mapping = {
  ...UNKNOWN_MAPPING,
  fileName: ANONYMOUS_FILE_NAME,
};

/** Modules have names of their own; the kernel itself has one only. */
function kernelMapping({ start, end, file }: MappedRange): Mapping {
  if (file.path.startsWith(KERNEL_FILE_NAME)) {
    return file.buildId === ""
      ? KERNEL_MAPPING
      : { ...KERNEL_MAPPING, buildId: file.buildId };
  }
  return {
    start: BigInt.asUintN(64, BigInt(start)),
    end: BigInt.asUintN(64, BigInt(end)),
    fileOffset: 0n,
    fileName: file.path,
    buildId: file.buildId,
  };
}

function whenReady<T, R>(
  value: T | Promise<T>,
  next: (value: T) => R | Promise<R>,
): R | Promise<R> {
  return value instanceof Promise ? value.then(next) : next(value);
}

function converted(frame: TraceFrame): ConvertedFrame {
  return { frames: [frame], isCacheable: true };
}

/** Of code that was compiled at run time. */
function compiledFrame(
  address: bigint,
  mapping: Mapping,
  symbol: PerfMapSymbol | undefined,
): TraceFrame {
  const frame = frameOf(FRAME_TYPE.native, address, mapping);
  return symbol === undefined
    ? frame
    : { ...frame, ...parsePerfMapName(symbol.name) };
}

function frameOf(
  type: number,
  address: bigint,
  mapping?: Mapping,
  functionName = "",
): TraceFrame {
  return {
    type,
    functionName,
    functionOffset: 0,
    sourceFile: "",
    sourceLine: 0,
    sourceColumn: 0,
    address,
    mapping,
  };
}
