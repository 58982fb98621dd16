import { LimitError } from "../base/errors.ts";
import {
  ELF_MACHINE,
  ELF_SECTION_TYPE,
  type ElfFile,
  type ElfSection,
  elfStringAt,
} from "./elf.ts";
import { sortOrder } from "./_sort_order.ts";

// A symbol: u32 name, u8 info (low 4 bits type, high 4 bits binding), u8 other,
// u16 section, u64 value, u64 size.
const SYMBOL_BYTES = 24;
const TYPE_FUNCTION = 2;
const TYPE_INDIRECT_FUNCTION = 10;
const BINDING_GLOBAL = 1;
const PIECE_SYMBOLS = 65_536;
const MAX_SYMBOLS = 50_000_000;
const MAX_STRING_TABLE_BYTES = 1024 * 1024 * 1024;
const MAX_PLT_ENTRIES = 1_000_000;
const RELOCATION_BYTES = 24;
/** First of the section numbers that are no sections. */
const RESERVED_SECTIONS = 0xff00;

/** A function of an ELF file. */
export interface ElfSymbol {
  /** Name as the linker has it. */
  readonly name: string;
  /** Address in the file's own addresses. */
  readonly address: number;
  /** Bytes, 0 where unknown. */
  readonly size: number;
}

/** Functions of an ELF file by address. */
export interface ElfSymbolTable {
  /** How many. */
  readonly length: number;
  /** Where they come from: `.symtab`, `.dynsym`, or nowhere. */
  readonly origin: ".symtab" | ".dynsym" | "";
  /**
   * Finds the function that covers an address: the last one that does not begin
   * behind it, if it reaches so far. One whose size is not known reaches to the
   * end of its section.
   *
   * @param address Address in the file's own addresses.
   * @returns The function, or `undefined`.
   */
  find(address: number): ElfSymbol | undefined;
  /** @returns All functions in order of their addresses. */
  symbols(): Generator<ElfSymbol, void, undefined>;
}

/** How {@linkcode readElfSymbols} reads. */
export interface ReadElfSymbolsOptions {
  /** Most symbols of a table, functions or not. @default {50000000} */
  readonly maxSymbols?: number | undefined;
  /** Whether the dynamic table is read where there is no full one. @default {true} */
  readonly dynamic?: boolean | undefined;
}

/**
 * Reads the functions of a file: of its full table of symbols, or of the dynamic
 * one where it was stripped. Entries of the procedure linkage table get the
 * names of the functions that they lead to, with `@plt`.
 *
 * @param elf The file.
 * @param options Limits.
 * @returns The functions; none where there is no table that can be read.
 * @throws {LimitError} When a table has more symbols than the limit.
 */
export async function readElfSymbols(
  elf: ElfFile,
  options: ReadElfSymbolsOptions = {},
): Promise<ElfSymbolTable> {
  const { maxSymbols = MAX_SYMBOLS, dynamic = true } = options;
  const ofType = (type: number) =>
    elf.sections.find((section) => section.type === type && section.size > 0);
  const full = ofType(ELF_SECTION_TYPE.symbols);
  const section = full ??
    (dynamic ? ofType(ELF_SECTION_TYPE.dynamicSymbols) : undefined);
  const builder = new SymbolTableBuilder(elf);
  if (section === undefined) return builder.build("");
  await builder.addSection(section, maxSymbols);
  await builder.addLinkageTable(ofType(ELF_SECTION_TYPE.dynamicSymbols));
  return builder.build(full === undefined ? ".dynsym" : ".symtab");
}

class SymbolTableBuilder {
  readonly #elf: ElfFile;
  #names: Uint8Array = new Uint8Array(0);
  #length = 0;
  #address = new Float64Array(256);
  #size = new Float64Array(256);
  #section = new Int32Array(256);
  #isGlobal = new Uint8Array(256);
  /** Offset of the name; below 0: the complement is an index of `#extraNames`. */
  #name = new Int32Array(256);
  readonly #extraNames: string[] = [];

  constructor(elf: ElfFile) {
    this.#elf = elf;
  }

  async addSection(section: ElfSection, maxSymbols: number): Promise<void> {
    const { source, sections } = this.#elf;
    const count = Math.floor(
      Math.min(section.size, source.sizeBytes - section.offset) / SYMBOL_BYTES,
    );
    if (section.size / SYMBOL_BYTES > maxSymbols) {
      throw new LimitError(
        `Cannot read ELF symbols at byte ${section.offset}: there are ${
          Math.floor(section.size / SYMBOL_BYTES)
        }, limit is ${maxSymbols}`,
        {
          limit: "maxSymbols",
          value: Math.floor(section.size / SYMBOL_BYTES),
          offset: section.offset,
        },
      );
    }
    const strings = sections[section.link];
    if (strings === undefined || count <= 0) return;
    this.#names = await source.read(
      strings.offset,
      Math.min(strings.size, MAX_STRING_TABLE_BYTES),
    );
    for (let first = 0; first < count; first += PIECE_SYMBOLS) {
      const bytes = await source.read(
        section.offset + first * SYMBOL_BYTES,
        Math.min(PIECE_SYMBOLS, count - first) * SYMBOL_BYTES,
      );
      this.#addSymbols(bytes);
    }
  }

  /** Names the entries of the procedure linkage table by its relocations. */
  async addLinkageTable(dynamicSymbols: ElfSection | undefined): Promise<void> {
    const { source, sections, machine } = this.#elf;
    const byName = (name: string) =>
      sections.find((section) => section.name === name);
    const relocations = byName(".rela.plt");
    const plain = byName(".plt");
    // Programs with indirect branch tracking call a second table without a head.
    const second = byName(".plt.sec");
    const table = second ?? plain;
    const strings = sections[dynamicSymbols?.link ?? -1];
    if (
      relocations === undefined || table === undefined ||
      dynamicSymbols === undefined || strings === undefined
    ) return;
    const entryBytes = 16;
    const headBytes = second !== undefined
      ? 0
      : machine === ELF_MACHINE.aarch64
      ? 32
      : entryBytes;
    const count = Math.min(
      Math.floor(relocations.size / RELOCATION_BYTES),
      Math.floor((table.size - headBytes) / entryBytes),
      MAX_PLT_ENTRIES,
    );
    if (count <= 0) return;
    const bytes = await source.read(
      relocations.offset,
      count * RELOCATION_BYTES,
    );
    const symbols = await source.read(
      dynamicSymbols.offset,
      Math.min(dynamicSymbols.size, MAX_PLT_ENTRIES * SYMBOL_BYTES),
    );
    const names = await source.read(
      strings.offset,
      Math.min(strings.size, MAX_STRING_TABLE_BYTES),
    );
    const view = viewOf(bytes);
    const symbolView = viewOf(symbols);
    const tableIndex = sections.indexOf(table);
    for (let index = 0; index < count; index++) {
      const at = index * RELOCATION_BYTES;
      if (at + RELOCATION_BYTES > bytes.length) break;
      const symbolAt = view.getUint32(at + 12, true) * SYMBOL_BYTES;
      if (symbolAt + SYMBOL_BYTES > symbols.length) continue;
      const name = elfStringAt(names, symbolView.getUint32(symbolAt, true));
      if (name === "") continue;
      this.#add(
        table.address + headBytes + index * entryBytes,
        entryBytes,
        tableIndex,
        0,
        ~(this.#extraNames.push(`${name}@plt`) - 1),
      );
    }
  }

  build(origin: ElfSymbolTable["origin"]): ElfSymbolTable {
    const order = sortOrder(this.#address.subarray(0, this.#length));
    const kept = new Int32Array(order.length);
    let count = 0;
    for (const index of order) {
      const last = count === 0 ? -1 : kept[count - 1]!;
      if (last < 0 || this.#address[last] !== this.#address[index]) {
        kept[count++] = index;
      } else if (this.#isBetter(index, last)) kept[count - 1] = index;
    }
    const starts = new Float64Array(count);
    const ends = new Float64Array(count);
    const sizes = new Float64Array(count);
    const names = new Int32Array(count);
    for (let at = 0; at < count; at++) {
      const index = kept[at]!;
      starts[at] = this.#address[index]!;
      sizes[at] = this.#size[index]!;
      ends[at] = sizes[at] === 0
        ? this.#sectionEnd(this.#section[index]!)
        : starts[at]! + sizes[at]!;
      names[at] = this.#name[index]!;
    }
    return new SortedSymbols(
      origin,
      starts,
      ends,
      sizes,
      (at) => this.#nameOf(names[at]!),
    );
  }

  #addSymbols(bytes: Uint8Array): void {
    const view = viewOf(bytes);
    for (let at = 0; at + SYMBOL_BYTES <= bytes.length; at += SYMBOL_BYTES) {
      const info = bytes[at + 4]!;
      const type = info & 15;
      if (type !== TYPE_FUNCTION && type !== TYPE_INDIRECT_FUNCTION) continue;
      const section = view.getUint16(at + 6, true);
      const low = view.getUint32(at + 8, true);
      const high = view.getUint32(at + 12, true);
      // Addresses beyond 2^53 are of the kernel, which is not read from files.
      if (section === 0 || (low === 0 && high === 0) || high >= 0x20_0000) {
        continue;
      }
      const sizeHigh = view.getUint32(at + 20, true);
      this.#add(
        high * 2 ** 32 + low,
        sizeHigh >= 0x20_0000
          ? 0
          : sizeHigh * 2 ** 32 + view.getUint32(at + 16, true),
        section,
        info >> 4 === BINDING_GLOBAL ? 1 : 0,
        view.getInt32(at, true),
      );
    }
  }

  #add(
    address: number,
    size: number,
    section: number,
    isGlobal: number,
    name: number,
  ): void {
    if (this.#length === this.#address.length) this.#grow();
    const index = this.#length++;
    this.#address[index] = address;
    this.#size[index] = size;
    this.#section[index] = section;
    this.#isGlobal[index] = isGlobal;
    this.#name[index] = name;
  }

  #grow(): void {
    const length = this.#length * 2;
    const grow = <T extends Float64Array | Int32Array | Uint8Array>(
      Column: new (length: number) => T,
      column: T,
    ): T => {
      const grown = new Column(length);
      grown.set(column);
      return grown;
    };
    this.#address = grow(Float64Array, this.#address);
    this.#size = grow(Float64Array, this.#size);
    this.#section = grow(Int32Array, this.#section);
    this.#isGlobal = grow(Uint8Array, this.#isGlobal);
    this.#name = grow(Int32Array, this.#name);
  }

  /** Of two at one address the global one, then the larger one, then by name. */
  #isBetter(index: number, other: number): boolean {
    if (this.#isGlobal[index] !== this.#isGlobal[other]) {
      return this.#isGlobal[index] === 1;
    }
    if (this.#size[index] !== this.#size[other]) {
      return this.#size[index]! > this.#size[other]!;
    }
    const [a, b] = [
      this.#nameOf(this.#name[index]!),
      this.#nameOf(this.#name[other]!),
    ];
    return a !== "" && (b === "" || a < b);
  }

  #nameOf(name: number): string {
    return name < 0
      ? this.#extraNames[~name] ?? ""
      : elfStringAt(this.#names, name);
  }

  #sectionEnd(index: number): number {
    const section = index < RESERVED_SECTIONS
      ? this.#elf.sections[index]
      : undefined;
    return section === undefined || section.address === 0
      ? Infinity
      : section.address + section.size;
  }
}

class SortedSymbols implements ElfSymbolTable {
  readonly origin: ElfSymbolTable["origin"];
  readonly #starts: Float64Array;
  readonly #ends: Float64Array;
  readonly #sizes: Float64Array;
  readonly #nameAt: (index: number) => string;

  constructor(
    origin: ElfSymbolTable["origin"],
    starts: Float64Array,
    ends: Float64Array,
    sizes: Float64Array,
    nameAt: (index: number) => string,
  ) {
    this.origin = origin;
    this.#starts = starts;
    this.#ends = ends;
    this.#sizes = sizes;
    this.#nameAt = nameAt;
  }

  get length(): number {
    return this.#starts.length;
  }

  find(address: number): ElfSymbol | undefined {
    const starts = this.#starts;
    let low = 0;
    let high = starts.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (starts[middle]! <= address) low = middle + 1;
      else high = middle;
    }
    if (low === 0 || address >= this.#ends[low - 1]!) return undefined;
    return this.#symbolAt(low - 1);
  }

  *symbols(): Generator<ElfSymbol, void, undefined> {
    for (let index = 0; index < this.length; index++) {
      yield this.#symbolAt(index);
    }
  }

  #symbolAt(index: number): ElfSymbol {
    return {
      name: this.#nameAt(index),
      address: this.#starts[index]!,
      size: this.#sizes[index]!,
    };
  }
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
