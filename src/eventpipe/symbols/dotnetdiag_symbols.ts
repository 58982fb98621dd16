import { DEFAULT_LIMITS } from "../../base/limits.ts";
import { decodeUtf16le } from "../../codec/utf16.ts";
import type { EventCollector, EventHandler } from "../event_collector.ts";
import type { NettraceEvent, NettraceMetadata } from "../nettrace/types.ts";
import { PROVIDER_NAME } from "../provider_name_table.ts";
import { AddressTable } from "./address_table.ts";
import type { AddressIndex } from "./address_table.ts";
import { METHOD_SOURCE, MethodTable } from "./method_table.ts";
import type { MethodRow } from "./method_table.ts";
import { ModuleTable } from "./module_table.ts";

const METHOD_DC_END_VERBOSE = 144;
const DOMAIN_MODULE_DC_END = 152;
const METHOD_TEXT_OFFSET = 36;
const MODULE_PATH_OFFSET = 32;
const UNRESOLVED = "?!?";

/**
 * Names addresses as dotnetdiag does, from two events of the rundown, with its
 * quirks: they decide whether its output is met byte for byte.
 */
export class DotnetdiagSymbols implements EventCollector, AddressIndex {
  readonly #addresses = new AddressTable();
  readonly #methods = new MethodTable(DEFAULT_LIMITS.maxTableEntries);
  readonly #modules = new ModuleTable();
  readonly #paths = new Map<number, string>();
  readonly #row: MethodRow = {
    space: 0,
    startLow: 0,
    startHigh: 0,
    size: 0,
    module: 0,
    flags: 0,
    token: 0,
    source: METHOD_SOURCE.rundownEnd,
    text: new Uint8Array(0),
    textStart: 0,
    textEnd: 0,
  };

  handlerOf(metadata: NettraceMetadata): EventHandler | undefined {
    if (metadata.providerName !== PROVIDER_NAME.rundown) return undefined;
    switch (metadata.eventId) {
      case METHOD_DC_END_VERBOSE:
        return (event) => this.#addMethod(event);
      case DOMAIN_MODULE_DC_END:
        return (event) => this.#addModule(event);
      default:
        return undefined;
    }
  }

  intern(
    _space: number,
    _isLeaf: boolean,
    low: number,
    high: number,
  ): number {
    return this.#addresses.intern(0, false, low, high);
  }

  /**
   * Names all addresses that were interned; call it at the end of the stream.
   *
   * @returns Names by index of the address.
   */
  names(): readonly string[] {
    const methods = this.#methods;
    const starts = new BigUint64Array(methods.length);
    // Halves are written in place; engines run on little-endian machines only.
    const halves = new Uint32Array(starts.buffer);
    for (let row = 0; row < starts.length; row++) {
      halves[row * 2] = methods.startLow(row);
      halves[row * 2 + 1] = methods.startHigh(row);
    }
    starts.sort();
    let distinct = 0;
    for (let at = 0; at < halves.length; at += 2) {
      if (
        at === 0 || halves[at] !== halves[at - 2] ||
        halves[at + 1] !== halves[at - 1]
      ) distinct++;
    }
    const addresses = Array.from(
      { length: this.#addresses.length },
      (_, index) => this.#addresses.value(index),
    );
    const hits = addresses.map((address) => lastNotAbove(starts, address));
    const rows = this.#rowsOf(hits.map((hit) => starts[hit] ?? 0n));
    return hits.map((hit, index) => {
      // The list of starts keeps duplicates, and this one place is not believed.
      if (hit < 0 || hit === distinct) return UNRESOLVED;
      const row = rows.get(starts[hit]!)!;
      const end = BigInt.asUintN(
        64,
        this.#start(row) + BigInt.asUintN(64, BigInt(methods.size(row) | 0)),
      );
      return end <= addresses[index]! ? UNRESOLVED : this.#name(row);
    });
  }

  /** Last method of each start. */
  #rowsOf(starts: readonly bigint[]): Map<bigint, number> {
    const methods = this.#methods;
    const lows = new Set(starts.map((start) => Number(start & 0xffff_ffffn)));
    const rows = new Map<bigint, number>();
    for (let row = 0; row < methods.length; row++) {
      // A later method with the same start replaces the one before.
      if (lows.has(methods.startLow(row))) rows.set(this.#start(row), row);
    }
    return rows;
  }

  #start(row: number): bigint {
    return (BigInt(this.#methods.startHigh(row)) << 32n) |
      BigInt(this.#methods.startLow(row));
  }

  #name(row: number): string {
    const bytes = this.#methods.text(row);
    const texts: string[] = [];
    let at = 0;
    for (let index = 0; index < 3; index++) {
      const text = readText(bytes, at);
      texts.push(text);
      at += 2 * text.length + 2;
    }
    const [namespace, name, signature] = texts as [string, string, string];
    const open = Math.max(signature.indexOf("("), 0);
    const path = this.#paths.get(this.#methods.module(row));
    const module = path === undefined ? "?" : baseName(path);
    return `${module}!${namespace}.${name}${signature.slice(open)}`;
  }

  #addMethod(event: NettraceEvent): void {
    const { view, payloadStart, payloadLength } = event;
    if (payloadLength < METHOD_TEXT_OFFSET) return;
    const row = this.#row;
    row.module = this.#modules.indexOf(
      0,
      view.getUint32(payloadStart + 8, true),
      view.getUint32(payloadStart + 12, true),
    );
    row.startLow = view.getUint32(payloadStart + 16, true);
    row.startHigh = view.getUint32(payloadStart + 20, true);
    row.size = view.getUint32(payloadStart + 24, true);
    row.text = event.bytes;
    row.textStart = payloadStart + METHOD_TEXT_OFFSET;
    row.textEnd = payloadStart + payloadLength;
    this.#methods.add(row);
  }

  #addModule(event: NettraceEvent): void {
    const { view, payloadStart, payloadLength } = event;
    if (payloadLength < MODULE_PATH_OFFSET) return;
    const module = this.#modules.indexOf(
      0,
      view.getUint32(payloadStart, true),
      view.getUint32(payloadStart + 4, true),
    );
    this.#paths.set(module, readText(event.payload(), MODULE_PATH_OFFSET));
  }
}

/** UTF-16 that ends at the first unit whose lower byte is zero, whatever its upper byte. */
function readText(bytes: Uint8Array, start: number): string {
  let at = start;
  while (at + 1 < bytes.length && bytes[at] !== 0) at += 2;
  return decodeUtf16le(bytes.subarray(start, Math.min(at, bytes.length)));
}

/** Last part of a path without its last extension; `.` when there is none. */
function baseName(path: string): string {
  const trimmed = path.replace(/\/+$/, "");
  if (trimmed === "") return path === "" ? "." : "/";
  const name = trimmed.slice(trimmed.lastIndexOf("/") + 1);
  // The extension is taken from the whole path, slash at the end included.
  const dot = path.endsWith("/") ? -1 : name.lastIndexOf(".");
  return dot < 0 ? name : name.slice(0, dot);
}

/** Index of the last start that is not above an address, -1 when all are. */
function lastNotAbove(starts: BigUint64Array, address: bigint): number {
  let from = 0;
  let to = starts.length;
  while (from < to) {
    const middle = (from + to) >>> 1;
    if (starts[middle]! > address) to = middle;
    else from = middle + 1;
  }
  return from - 1;
}
