/** A file that is mapped into an {@linkcode AddressSpace}. */
export interface MappedRange {
  /** First address. */
  readonly start: number;
  /** First address behind it. */
  readonly end: number;
  /** Place in the file that lies at `start`. */
  readonly fileOffset: number;
  /** What is mapped; the same object for all ranges of one mapping. */
  readonly file: MappedFile;
}

/** A file, or memory without one. */
export interface MappedFile {
  /** Path, or what the kernel calls it. */
  readonly path: string;
  /** Build id in hexadecimal, empty where unknown. */
  readonly buildId: string;
}

let generations = 0;

/**
 * What is mapped where in a process. A newer mapping hides what it covers of
 * older ones.
 */
export class AddressSpace {
  /** In order of addresses; none overlaps another. */
  #ranges: readonly MappedRange[];
  #generation = ++generations;

  /** @param origin Whose mappings it begins with. */
  constructor(origin?: AddressSpace) {
    this.#ranges = origin === undefined ? [] : origin.#ranges;
  }

  /** A number that changes with every change, and that no other space has. */
  get generation(): number {
    return this.#generation;
  }

  /** What is mapped, in order of addresses. */
  get ranges(): readonly MappedRange[] {
    return this.#ranges;
  }

  /** Says that the code in it means something else now, though nothing was mapped. */
  invalidate(): void {
    this.#generation = ++generations;
  }

  /** Forgets everything, as another program begins to run. */
  clear(): void {
    this.#ranges = [];
    this.#generation = ++generations;
  }

  /** @param range What is mapped now. */
  map(range: MappedRange): void {
    if (range.end <= range.start) return;
    const ranges = this.#ranges;
    const before = firstEndingAfter(ranges, range.start);
    let after = before;
    while (after < ranges.length && ranges[after]!.start < range.end) after++;
    const parts: MappedRange[] = [];
    const left = ranges[before];
    if (before < after && left!.start < range.start) {
      parts.push({ ...left!, end: range.start });
    }
    parts.push(range);
    const right = ranges[after - 1];
    if (before < after && right!.end > range.end) {
      parts.push({
        ...right!,
        start: range.end,
        fileOffset: right!.fileOffset + range.end - right!.start,
      });
    }
    // Copied: the ranges may be shared with the space that this one began as.
    this.#ranges = [
      ...ranges.slice(0, before),
      ...parts,
      ...ranges.slice(after),
    ];
    this.#generation = ++generations;
  }

  /** @param address An address. @returns What is mapped there, or `undefined`. */
  find(address: number): MappedRange | undefined {
    const range = this.#ranges[firstEndingAfter(this.#ranges, address)];
    return range !== undefined && range.start <= address ? range : undefined;
  }
}

/** Index of the first range that ends behind an address. */
function firstEndingAfter(
  ranges: readonly MappedRange[],
  address: number,
): number {
  let low = 0;
  let high = ranges.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (ranges[middle]!.end <= address) low = middle + 1;
    else high = middle;
  }
  return low;
}
