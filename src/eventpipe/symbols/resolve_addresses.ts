import { METHOD_SOURCE } from "./method_table.ts";
import type { SymbolCollector } from "./symbol_collector.ts";
import type { UniversalMapping } from "./universal_symbols.ts";

/**
 * Why an address has no method.
 *
 * `noMethods`: the trace names no method at all. `noRundown`: it names those
 * that were compiled while it ran, and this is none of them.
 * `rundownCut`: the list of methods at its end is not complete.
 * `native`: all managed methods are known and this is none of them.
 * `null`: the address is 0.
 */
export type UnresolvedReason =
  | "noMethods"
  | "noRundown"
  | "rundownCut"
  | "native"
  | "null";

/** What addresses of stacks mean. */
export interface ResolvedAddresses {
  /** By address: row in the table of methods, -1 where there is none. */
  readonly method: Int32Array;
  /** By address: index in the table of modules of the file it lies in, -1 where unknown. */
  readonly module: Int32Array;
  /** Why an address has no method. @param address Index of an address without method. */
  reasonOf(address: number): UnresolvedReason;
}

/** Most methods that are considered for one address. */
const MAX_CANDIDATES = 32;
/** Most pairs of address and method that are looked at; only made-up traces come near. */
const MAX_VISITS = 64 * 1024 * 1024;

/**
 * Finds the methods that the addresses of stacks lie in.
 *
 * Frames above the leaf are return addresses, so the byte before is looked up:
 * a call as the last instruction of a method would otherwise count for its
 * neighbour. Code that was loaded while the trace ran wins over the rundown; of
 * code that took turns at one place the one that was there wins.
 *
 * @param collector What was collected; the stream has been read to its end.
 * @returns Methods and modules by address.
 */
export function resolveAddresses(
  collector: SymbolCollector,
): ResolvedAddresses {
  const { addresses, methods, universal } = collector;
  const places = new SortedPlaces(collector);
  const candidates = places.candidates();
  const method = new Int32Array(addresses.length).fill(-1);
  const module = new Int32Array(addresses.length).fill(-1);
  for (const [address, rows] of candidates) {
    const best = chooseMethod(collector, address, rows);
    method[address] = best;
    if (methods.source(best) !== METHOD_SOURCE.symbol) {
      module[address] = methods.module(best);
    }
  }
  if (universal.mappings.length > 0) {
    const mappings = new SortedMappings(universal.mappings);
    for (let address = 0; address < addresses.length; address++) {
      if (module[address] !== -1) continue;
      const mapping = mappings.find(
        addresses.space(address),
        addresses.value(address),
      );
      if (mapping !== undefined) module[address] = mapping.module;
    }
  }
  return {
    method,
    module,
    reasonOf(address) {
      if (addresses.low(address) === 0 && addresses.high(address) === 0) {
        return "null";
      }
      if (collector.isRundownComplete) return "native";
      if (collector.rundownCount > 0) return "rundownCut";
      return collector.loadCount > 0 ? "noRundown" : "noMethods";
    },
  };
}

/** Addresses in order of process and value, as they are looked up. */
class SortedPlaces {
  readonly #collector: SymbolCollector;
  readonly #order: Int32Array;
  readonly #space: Int32Array;
  readonly #high: Uint32Array;
  readonly #low: Uint32Array;

  constructor(collector: SymbolCollector) {
    const { addresses } = collector;
    const count = addresses.length;
    const high = new Uint32Array(count);
    const low = new Uint32Array(count);
    for (let address = 0; address < count; address++) {
      high[address] = addresses.high(address);
      low[address] = addresses.low(address);
      if (addresses.isLeaf(address)) continue;
      if (low[address] === 0) high[address]! -= 1;
      low[address]! -= 1;
    }
    const order = Int32Array.from({ length: count }, (_, index) => index);
    order.sort((a, b) =>
      addresses.space(a) - addresses.space(b) ||
      high[a]! - high[b]! || low[a]! - low[b]! || a - b
    );
    this.#collector = collector;
    this.#order = order;
    this.#space = order.map((address) => addresses.space(address));
    this.#high = Uint32Array.from(order, (address) => high[address]!);
    this.#low = Uint32Array.from(order, (address) => low[address]!);
  }

  /** Methods whose range holds an address, by address. */
  candidates(): Map<number, number[]> {
    const { methods, universal } = this.#collector;
    const found = new Map<number, number[]>();
    let visits = 0;
    for (let row = 0; row < methods.length && visits < MAX_VISITS; row++) {
      if (methods.source(row) !== METHOD_SOURCE.symbol) {
        visits += this.#collect(row, methods.space(row), found);
        continue;
      }
      for (const space of universal.spacesOfSymbol(row)) {
        visits += this.#collect(row, space, found);
      }
    }
    return found;
  }

  #collect(row: number, space: number, found: Map<number, number[]>): number {
    const { methods } = this.#collector;
    const high = methods.startHigh(row);
    const low = methods.startLow(row);
    const size = methods.size(row);
    let at = this.#lowerBound(space, high, low);
    let visits = 1;
    for (; at < this.#order.length && this.#space[at] === space; at++) {
      const distance = (this.#high[at]! - high) * 2 ** 32 +
        (this.#low[at]! - low);
      if (distance >= size) break;
      visits++;
      const address = this.#order[at]!;
      const rows = found.get(address);
      if (rows === undefined) found.set(address, [row]);
      else if (rows.length < MAX_CANDIDATES) rows.push(row);
      else rows[MAX_CANDIDATES - 1] = row;
    }
    return visits;
  }

  /** First place that is not before an address. */
  #lowerBound(space: number, high: number, low: number): number {
    let from = 0;
    let to = this.#order.length;
    while (from < to) {
      const middle = (from + to) >>> 1;
      const isBefore = this.#space[middle] !== space
        ? this.#space[middle]! < space
        : this.#high[middle] !== high
        ? this.#high[middle]! < high
        : this.#low[middle]! < low;
      if (isBefore) from = middle + 1;
      else to = middle;
    }
    return from;
  }
}

/** Which source is believed first. */
const RANK: Readonly<Record<number, number>> = {
  [METHOD_SOURCE.load]: 4,
  [METHOD_SOURCE.unload]: 3,
  [METHOD_SOURCE.rundownEnd]: 2,
  [METHOD_SOURCE.rundownStart]: 1,
  [METHOD_SOURCE.symbol]: 0,
};

function chooseMethod(
  { addresses, methods }: SymbolCollector,
  address: number,
  rows: readonly number[],
): number {
  const retiredAt = addresses.retiredAt(address);
  if (retiredAt !== undefined) {
    // The place was used again later: what counts is what was there before.
    const older = rows.findLast((row) =>
      row < retiredAt && RANK[methods.source(row)]! >= 3
    );
    if (older !== undefined) return older;
  }
  let best = rows[0]!;
  for (const row of rows) {
    const rank = RANK[methods.source(row)]! - RANK[methods.source(best)]!;
    const isInner = methods.startHigh(row) * 2 ** 32 + methods.startLow(row) >=
      methods.startHigh(best) * 2 ** 32 + methods.startLow(best);
    if (rank > 0 || (rank === 0 && (isInner || methods.source(row) === 0))) {
      best = row;
    }
  }
  return best;
}

/** Mappings in order of process and address. */
class SortedMappings {
  readonly #mappings: readonly UniversalMapping[];

  constructor(mappings: readonly UniversalMapping[]) {
    this.#mappings = mappings.toSorted((a, b) =>
      a.space - b.space || (a.start < b.start ? -1 : a.start > b.start ? 1 : 0)
    );
  }

  find(space: number, address: bigint): UniversalMapping | undefined {
    const mappings = this.#mappings;
    let from = 0;
    let to = mappings.length;
    while (from < to) {
      const middle = (from + to) >>> 1;
      const mapping = mappings[middle]!;
      const isBefore = mapping.space < space ||
        (mapping.space === space && mapping.start <= address);
      if (isBefore) from = middle + 1;
      else to = middle;
    }
    const mapping = mappings[from - 1];
    return mapping !== undefined && mapping.space === space &&
        address < mapping.end
      ? mapping
      : undefined;
  }
}
