/** A function that was compiled at run time. */
export interface PerfMapSymbol {
  readonly name: string;
  /** First address in the memory of the process. */
  readonly address: number;
  /** Bytes. */
  readonly size: number;
}

const LINE_REGEXP =
  /^(?:0x)?([0-9a-fA-F]{1,14}) (?:0x)?([0-9a-fA-F]{1,12}) (.+)$/;

/**
 * Functions of a process that were compiled at run time, as it lists them in
 * `/tmp/perf-PID.map`. The file grows while the process runs; a later line says
 * what is there now.
 */
export class PerfMap {
  /** In order of their addresses; none overlaps another. */
  #symbols: PerfMapSymbol[] = [];
  #added: PerfMapSymbol[] = [];
  #rest = "";
  #badLines = 0;

  /** Lines that could not be read. */
  get badLines(): number {
    return this.#badLines;
  }

  /** Functions. */
  get length(): number {
    this.#settle();
    return this.#symbols.length;
  }

  /**
   * Takes more of the file.
   *
   * @param text What follows what was given before; lines may be cut.
   */
  push(text: string): void {
    const lines = (this.#rest + text).split("\n");
    this.#rest = lines.pop()!;
    for (const line of lines) this.#add(line);
  }

  /** Takes the last line, if it has no line break at its end. */
  finish(): void {
    this.#add(this.#rest);
    this.#rest = "";
  }

  /**
   * @param address An address in the memory of the process.
   * @returns The function that covers it, or `undefined`.
   */
  find(address: number): PerfMapSymbol | undefined {
    this.#settle();
    const symbols = this.#symbols;
    const found = symbols[firstBehind(symbols, address) - 1];
    return found !== undefined && address < found.address + found.size
      ? found
      : undefined;
  }

  #add(line: string): void {
    if (line.trim() === "") return;
    const match = LINE_REGEXP.exec(line.trimEnd());
    if (match === null) {
      this.#badLines++;
      return;
    }
    const [, start, size, name] = match;
    this.#added.push({
      address: parseInt(start!, 16),
      size: parseInt(size!, 16),
      name: name!,
    });
  }

  /** Brings in what was added; older functions lose what newer ones cover. */
  #settle(): void {
    if (this.#added.length === 0) return;
    if (this.#added.length * FEW < this.#symbols.length) {
      for (const symbol of this.#added) this.#insert(symbol);
      this.#added = [];
      return;
    }
    const all = [...this.#symbols, ...this.#added];
    this.#added = [];
    const order = all.map((_, index) => index)
      .sort((a, b) => all[a]!.address - all[b]!.address || a - b);
    const kept: { symbol: PerfMapSymbol; age: number }[] = [];
    for (const index of order) {
      const symbol = all[index]!;
      let isHidden = false;
      while (kept.length > 0) {
        const last = kept.at(-1)!;
        if (last.symbol.address + last.symbol.size <= symbol.address) break;
        if (last.age > index) {
          isHidden = true;
          break;
        }
        if (last.symbol.address < symbol.address) {
          // The older one keeps what lies before.
          last.symbol = {
            ...last.symbol,
            size: symbol.address - last.symbol.address,
          };
          break;
        }
        kept.pop();
      }
      if (!isHidden) kept.push({ symbol, age: index });
    }
    this.#symbols = kept.map(({ symbol }) => symbol);
  }

  /** Puts one in its place, where it hides what is there. */
  #insert(symbol: PerfMapSymbol): void {
    const symbols = this.#symbols;
    const end = symbol.address + symbol.size;
    let first = firstBehind(symbols, symbol.address);
    const before = symbols[first - 1];
    if (
      before !== undefined && before.address + before.size > symbol.address
    ) {
      if (before.address < symbol.address) {
        // The older one keeps what lies before.
        symbols[first - 1] = {
          ...before,
          size: symbol.address - before.address,
        };
      } else first--;
    }
    let last = first;
    while (last < symbols.length && symbols[last]!.address < end) last++;
    symbols.splice(first, last - first, symbol);
  }
}

/** So many times more known than new functions make it worth while to put in each by itself. */
const FEW = 8;

/** Index of the first function that begins behind an address. */
function firstBehind(
  symbols: readonly PerfMapSymbol[],
  address: number,
): number {
  let low = 0;
  let high = symbols.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (symbols[middle]!.address <= address) low = middle + 1;
    else high = middle;
  }
  return low;
}

/**
 * Reads a whole file of functions that were compiled at run time.
 *
 * @param text What `/tmp/perf-PID.map` holds.
 * @returns The functions.
 */
export function parsePerfMap(text: string): PerfMap {
  const map = new PerfMap();
  map.push(text);
  map.finish();
  return map;
}
